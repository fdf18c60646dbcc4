//! Whether ONNX Runtime answers to an exported file as fasgard does to the model file.
//!
//! Two questions, kept apart. **Does the file say the same network?** Both compute it with direct
//! convolutions, whose roundings are alike: that difference is bounded. **Does `predict` answer the
//! same?** It uses Winograd's algorithm, which rounds four to nine times as much: that difference is
//! reported, and so is every decision that it changes.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use fasgard_metrics::Threshold;
use fasgard_nn::{Compute, Scores};
use serde::Serialize;

use super::{Onnx, Runtime, samples};
use crate::{ModelError, ModelFile};

/// Largest difference of an output: absolute up to 1, relative above.
pub const TOLERANCE: f64 = 1e-4;
/// Images that go through together; the first one goes alone, so that two batches are tried.
const BATCH: usize = 8;

/// An exported file that could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The model file cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// ONNX Runtime refuses the file, or fails on it.
    #[error("ONNX Runtime does not run the exported file: {0}")]
    Runtime(String),
}

/// How an exported file compares with its model file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// Version of ONNX Runtime.
    pub onnxruntime: String,
    /// Inputs compared.
    pub samples: usize,
    /// Each output's difference.
    pub outputs: Vec<OutputCheck>,
    /// Inputs that ONNX Runtime accepts as live and `predict` does not, or the other way round; null
    /// without a threshold.
    pub flips: Option<usize>,
    /// The threshold of the decisions; null if the model file has none.
    pub threshold: Option<Threshold>,
    /// [`TOLERANCE`].
    pub tolerance: f64,
    /// Whether no difference is above the tolerance.
    pub good: bool,
}

/// The difference of one output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutputCheck {
    /// The output.
    pub name: String,
    /// Largest absolute difference; null if a value is no number.
    pub largest_difference: f64,
    /// The same, of values above 1 as a share of them: what the tolerance bounds.
    pub largest_relative_difference: f64,
    /// Largest absolute difference to what `predict` computes, with Winograd's algorithm; none of the
    /// face detector, which has no other way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_predict_difference: Option<f64>,
}

impl OutputCheck {
    /// Of what [`compare`] found.
    pub(super) fn new(name: &str, [absolute, relative]: [f64; 2], predict: Option<f64>) -> Self {
        Self {
            name: name.to_owned(),
            largest_difference: absolute,
            largest_relative_difference: relative,
            largest_predict_difference: predict,
        }
    }

    /// Whether it is within the tolerance. Not "is not above", which NaN would pass.
    pub(super) fn good(&self) -> bool {
        self.largest_relative_difference <= TOLERANCE
    }
}

/// Runs the self-test's input and `count` pictures drawn from `seed` through both. `path` is the model
/// file, for messages.
///
/// # Errors
/// The model file cannot be used, or ONNX Runtime does not run the exported file. Differences are no
/// error: [`Check::good`] says.
pub fn verify(
    file: &ModelFile,
    path: &Path,
    onnx: &Onnx,
    runtime: &Runtime,
    count: usize,
    seed: u64,
) -> Result<Check, CheckError> {
    let (config, preprocess) = (&file.card.model, &file.card.preprocess);
    let threshold = file.card.thresholds.first();
    let device = Device::flex();
    let mut detector = file.detector(path, &device)?;
    let fast = detector.prepare();
    detector.set_compute(Compute {
        winograd: false,
        ..Compute::default()
    });
    let direct = detector.prepare();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut network = runtime
        .network(&onnx.bytes, threads)
        .map_err(CheckError::Runtime)?;
    let inputs = samples(preprocess, count, seed);
    let size = preprocess.size as usize;
    let mut differences = vec![[[0.0; 2]; 2]; onnx.outputs.len()];
    let mut flips = 0;
    let (first, rest) = inputs.split_at(1);
    for batch in std::iter::once(first).chain(rest.chunks(BATCH)) {
        let shape = [batch.len(), size];
        let input = batch.concat();
        let theirs = network
            .run(&input, shape, &onnx.outputs)
            .map_err(CheckError::Runtime)?;
        let data = TensorData::new(input, [batch.len(), 3, size, size]);
        let images = Tensor::from_data(data, &device);
        let exact = direct.forward(images.clone()).scores(config);
        let scores = fast.forward(images).scores(config);
        let theirs = bounded(theirs);
        let ours = values(&exact).into_iter().zip(values(&scores));
        for ((difference, (exact, fast)), theirs) in differences.iter_mut().zip(ours).zip(&theirs) {
            compare(&mut difference[0], &exact, theirs);
            compare(&mut difference[1], &fast, theirs);
        }
        let decided = scores.scores.iter().zip(&theirs[0]);
        let differs = |t: &Threshold, a: f64, b: f64| t.accepts(a) != t.accepts(b);
        flips += decided
            .filter(|(a, b)| threshold.is_some_and(|t| differs(t, **a, **b)))
            .count();
    }
    let names = onnx.outputs.iter().zip(differences);
    let outputs: Vec<OutputCheck> = names
        .map(|(name, [direct, [fast, _]])| OutputCheck::new(name, direct, Some(fast)))
        .collect();
    Ok(Check {
        onnxruntime: runtime.version(),
        samples: inputs.len(),
        good: outputs.iter().all(OutputCheck::good),
        outputs,
        flips: threshold.map(|_| flips),
        threshold: threshold.cloned(),
        tolerance: TOLERANCE,
    })
}

/// fasgard's values in the order of the outputs.
fn values(scores: &Scores) -> Vec<Vec<f64>> {
    let mut values = vec![scores.scores.clone()];
    values.extend(scores.logits.clone());
    let maps = scores.maps.iter();
    values.extend(maps.map(|map| map.iter().map(|v| f64::from(*v)).collect()));
    values
}

/// The runtime's values; the score, which comes first, is bounded outside the graph.
fn bounded(values: Vec<Vec<f32>>) -> Vec<Vec<f64>> {
    let wide = values.into_iter();
    let mut wide: Vec<Vec<f64>> = wide
        .map(|v| v.into_iter().map(f64::from).collect())
        .collect();
    for score in wide.iter_mut().take(1).flatten() {
        // Not `min`, which would turn NaN into 1.
        if *score > 1.0 {
            *score = 1.0;
        }
    }
    wide
}

/// Moves the largest absolute and relative difference; NaN stays.
pub(super) fn compare(largest: &mut [f64; 2], ours: &[f64], theirs: &[f64]) {
    if ours.len() != theirs.len() {
        *largest = [f64::NAN; 2];
    }
    for (a, b) in ours.iter().zip(theirs) {
        let absolute = (a - b).abs();
        let relative = absolute / a.abs().max(1.0);
        for (largest, value) in largest.iter_mut().zip([absolute, relative]) {
            if value.is_nan() || value > *largest {
                *largest = value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_above_one_are_relative_and_nan_is_kept() {
        let mut largest = [0.0; 2];
        compare(&mut largest, &[0.5, 200.0], &[0.25, 201.0]);
        assert_eq!(largest, [1.0, 0.25]);
        compare(&mut largest, &[f64::NAN], &[0.0]);
        compare(&mut largest, &[0.0], &[0.5]);
        assert!(largest.iter().all(|v| v.is_nan()));
        let mut largest = [0.0; 2];
        compare(&mut largest, &[1.0, 2.0], &[1.0]);
        assert!(largest[0].is_nan());
    }

    #[test]
    fn only_the_score_is_bounded() {
        let wide = bounded(vec![vec![0.5, 1.5, f32::NAN], vec![1.5]]);
        assert_eq!(wide[0][..2], [0.5, 1.0]);
        assert!(wide[0][2].is_nan());
        assert_eq!(wide[1], [1.5]);
    }
}

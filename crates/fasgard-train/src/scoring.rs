//! Scores of samples: score rows and maps, in the order of the samples.

use burn::tensor::{Device, Tensor, TensorData};
use fasgard_data::{EvalLoader, LoaderError, ManifestRow, Sample, TargetSpec};
use fasgard_image::Preprocess;
use fasgard_metrics::{ScoreRow, Status};
use fasgard_nn::{Detector, InferenceDetector, ModelConfig, Prediction};

/// Batches decoded ahead of the model.
const AHEAD: usize = 2;

/// Scored samples.
#[derive(Debug, Default)]
pub struct Scored {
    /// One row per sample, in their order.
    pub rows: Vec<ScoreRow>,
    /// Samples that have maps, in order.
    pub map_samples: Vec<String>,
    /// Per scale, largest first: side and the maps of all `map_samples`, row by row.
    pub maps: Vec<(usize, Vec<f32>)>,
}

/// Scores `samples` with a detector that is not on an autodiff device. A sample that cannot be
/// loaded gets `error:KIND`; a score that is not finite gets `error:not-finite`. `progress` is
/// called with the number of samples done.
///
/// # Errors
/// A setting is out of range.
pub fn score_samples(
    detector: &Detector,
    model: &ModelConfig,
    preprocess: &Preprocess,
    samples: Vec<Sample>,
    batch_size: usize,
    device: &Device,
    progress: &mut dyn FnMut(usize),
) -> Result<Scored, LoaderError> {
    let loader = loader(samples, preprocess, batch_size)?;
    let forward = InferenceDetector::forward;
    Ok(run(detector, forward, model, &loader, device, progress))
}

/// [`score_samples`] with maps whatever the model: one that predicts none gives its class activation map
/// (see [`Detector::explain`]).
///
/// # Errors
/// A setting is out of range.
pub fn explain_samples(
    detector: &Detector,
    model: &ModelConfig,
    preprocess: &Preprocess,
    samples: Vec<Sample>,
    batch_size: usize,
    device: &Device,
    progress: &mut dyn FnMut(usize),
) -> Result<Scored, LoaderError> {
    let loader = loader(samples, preprocess, batch_size)?;
    let forward = InferenceDetector::explain;
    Ok(run(detector, forward, model, &loader, device, progress))
}

fn loader(
    samples: Vec<Sample>,
    preprocess: &Preprocess,
    batch_size: usize,
) -> Result<EvalLoader, LoaderError> {
    EvalLoader::new(
        samples,
        preprocess.clone(),
        TargetSpec::default(),
        batch_size,
    )
}

fn run(
    detector: &Detector,
    forward: impl Fn(&InferenceDetector, Tensor<4>) -> Prediction,
    model: &ModelConfig,
    loader: &EvalLoader,
    device: &Device,
    progress: &mut dyn FnMut(usize),
) -> Scored {
    let mut scored = Scored {
        maps: model
            .supervision
            .scales
            .iter()
            .map(|&side| (side, Vec::new()))
            .collect(),
        rows: loader.rows().iter().map(|s| unscored(&s.row)).collect(),
        map_samples: Vec::new(),
    };
    let detector = detector.prepare();
    let mut done = 0;
    for next in loader.prefetch(AHEAD) {
        for failure in &next.failures {
            scored.rows[failure.row].status = Status::Error(failure.error.kind().into());
        }
        let count = next.batch.len();
        done += count + next.failures.len();
        if count > 0 {
            let size = next.batch.size as usize;
            let data = TensorData::new(next.batch.images, [count, 3, size, size]);
            let prediction = forward(&detector, Tensor::from_data(data, device));
            if scored.maps.is_empty() {
                // A class activation map, whose side is the backbone's.
                let sides = prediction.maps.iter().map(|m| m.dims()[1]);
                scored.maps = sides.map(|side| (side, Vec::new())).collect();
            }
            let scores = prediction.scores(model);
            for (i, &row) in next.batch.rows.iter().enumerate() {
                let out = &mut scored.rows[row];
                let logit = scores.logits.as_ref().map(|l| l[i]);
                if scores.scores[i].is_finite() && logit.is_none_or(f64::is_finite) {
                    (out.score, out.logit, out.status) =
                        (Some(scores.scores[i]), logit, Status::Ok);
                    scored.map_samples.push(out.sample.clone());
                    for ((side, maps), batch) in scored.maps.iter_mut().zip(&scores.maps) {
                        let cells = *side * *side;
                        maps.extend_from_slice(&batch[i * cells..(i + 1) * cells]);
                    }
                }
            }
        }
        progress(done);
    }
    scored
}

/// The row of a sample without a finite score.
fn unscored(row: &ManifestRow) -> ScoreRow {
    ScoreRow {
        sample: row.sample.clone(),
        dataset: row.dataset.clone(),
        split: row.split,
        subject: row.subject.clone().unwrap_or_default(),
        video: row.video.clone().unwrap_or_default(),
        frame: row.frame.and_then(|f| f.try_into().ok()),
        label: row.label,
        species: row.species.clone(),
        attributes: row.attributes.clone(),
        score: None,
        logit: None,
        status: Status::Error("not-finite".into()),
    }
}

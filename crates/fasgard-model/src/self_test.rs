//! A fixed input and what the model answered to it when it was written.

use burn::tensor::{Device, Tensor, TensorData};
use fasgard_nn::{Detector, ModelConfig};
use serde::{Deserialize, Serialize};

/// Largest difference of a score on another machine: SIMD widths differ.
pub const SELF_TEST_TOLERANCE: f64 = 1e-3;

/// The model's answer to [`SelfTest::input`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// The score.
    pub score: f64,
    /// Mean of the map at each scale, largest first.
    pub map_means: Vec<f64>,
}

/// Nine decimals: far below the tolerance, and read back from JSON as the number that was written.
pub(crate) fn decimal(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

impl SelfTest {
    /// The fixed input, `[1, 3, size, size]`, from a closed formula: a smooth wave per channel, as
    /// after normalisation.
    pub fn input(size: usize, device: &Device) -> Tensor<4> {
        let values: Vec<f32> = (0..3 * size * size)
            .map(|i| {
                let (channel, y, x) = (i / (size * size), i / size % size, i % size);
                let phase = (x * (channel + 2) + 3 * y) as f64 / size as f64 * 6.25;
                phase.sin() as f32
            })
            .collect();
        Tensor::from_data(TensorData::new(values, [1, 3, size, size]), device)
    }

    /// Runs the model on the fixed input.
    pub fn run(detector: &Detector, config: &ModelConfig, size: usize, device: &Device) -> Self {
        let plain = device.clone().inner();
        let scores = detector
            .prepare()
            .forward(Self::input(size, &plain))
            .scores(config);
        let mean =
            |map: &Vec<f32>| map.iter().map(|&v| f64::from(v)).sum::<f64>() / map.len() as f64;
        Self {
            score: decimal(scores.scores.first().copied().unwrap_or(f64::NAN)),
            map_means: scores.maps.iter().map(mean).map(decimal).collect(),
        }
    }

    /// The largest difference to another answer; NaN if the answers have other shapes.
    pub fn difference(&self, other: &Self) -> f64 {
        if self.map_means.len() != other.map_means.len() {
            return f64::NAN;
        }
        self.map_means
            .iter()
            .zip(&other.map_means)
            .map(|(a, b)| (a - b).abs())
            .fold((self.score - other.score).abs(), |worst, d| {
                if d.is_nan() || d > worst { d } else { worst }
            })
    }
}

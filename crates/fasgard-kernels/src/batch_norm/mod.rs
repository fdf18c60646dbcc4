//! Batch normalisation over the channels of NHWC rows, with an optional fused residual and ReLU.
//!
//! Narrow networks have rows of 16 or 32 channels, too short to vectorise well, so the per-channel
//! vectors are repeated to at least [`WIDE`] lanes and several pixels are handled as one long row.

mod backward;
mod statistics;

use crate::Activation;
use crate::elementwise::filled_by_chunks;
use crate::isa::vectorized;
use crate::shape::{self, ShapeError};
pub use backward::{BatchNormBackward, BatchNormGrads};

const NAME: &str = "batch_norm";
/// Least length of a long row, elements.
const WIDE: usize = 128;
/// Channels up to which long rows are made whole vectors.
const NARROW: usize = 256;
/// Lanes of the widest vector.
const LANES: usize = 16;
/// Elements of one task: two passes over them stay in the second-level cache.
const CHUNK: usize = 32 * 1024;
/// Least long rows of one task, so that per-channel work at its end does not show.
const ROWS: usize = 32;

/// One normalisation layer: its channels and what follows it.
///
/// Tensors are dense `f32` `[N, H, W, C]` of any `N`, `H`, `W` (or any rows of `C`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNorm {
    channels: usize,
    epsilon: f64,
    activation: Activation,
}

/// Mean and variance of every channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Mean, `[C]`.
    pub mean: Vec<f32>,
    /// Biased variance (divided by `N * H * W`), `[C]`. PyTorch's running variance is fed
    /// `variance * count / (count - 1)`.
    pub variance: Vec<f32>,
}

impl BatchNorm {
    /// Normalises `channels` channels; `epsilon` is added to the variance.
    ///
    /// # Errors
    /// If there are no channels.
    pub fn new(channels: usize, epsilon: f64) -> Result<Self, ShapeError> {
        if channels == 0 {
            return Err(ShapeError::Empty {
                operation: NAME,
                shape: vec![channels],
                step: 1,
            });
        }
        shape::elements(NAME, &[channels])?;
        Ok(Self {
            channels,
            epsilon,
            activation: Activation::Identity,
        })
    }

    /// Whether negative results become zero, after the residual is added. NaN stays NaN.
    pub fn with_relu(self, relu: bool) -> Self {
        self.with_activation(relu.into())
    }

    /// What follows, after the residual is added.
    pub fn with_activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// Mean and variance of the channels of `x` `[N, H, W, C]`.
    ///
    /// # Errors
    /// If `x` is empty or no whole number of pixels.
    pub fn statistics(&self, x: &[f32]) -> Result<Statistics, ShapeError> {
        self.check_input(x)?;
        Ok(statistics::statistics(x, self.channels))
    }

    /// `(x - mean) / sqrt(variance + epsilon) * gamma + beta + residual`, through the activation if
    /// there is one. `gamma`, `beta`, `mean` and `variance` are `[C]`, `residual` is laid out as `x`.
    ///
    /// # Errors
    /// If `x` is empty or no whole number of pixels, or another buffer does not fit it.
    pub fn normalize(
        &self,
        x: &[f32],
        gamma: &[f32],
        beta: &[f32],
        (mean, variance): (&[f32], &[f32]),
        residual: Option<&[f32]>,
    ) -> Result<Vec<f32>, ShapeError> {
        self.check_input(x)?;
        self.check_channels("gamma", gamma)?;
        self.check_channels("beta", beta)?;
        self.check_channels("mean", mean)?;
        self.check_channels("variance", variance)?;
        if let Some(residual) = residual {
            shape::length(NAME, "residual", residual.len(), x.len())?;
        }
        let affine = Affine::new(gamma, beta, mean, variance, self.epsilon);
        let layout = Layout::new(self.channels);
        // SAFETY: long rows and the per-channel vectors cover the chunk, so that all is written.
        Ok(unsafe {
            filled_by_chunks(x.len(), layout.chunk, |start, out| {
                let range = start..start + out.len();
                // Without a residual, `x` stands in for it and is not used.
                let added = &residual.unwrap_or(x)[range.clone()];
                let x = &x[range];
                vectorized(
                    #[inline(always)]
                    || match (residual.is_some(), self.activation) {
                        (false, Activation::Identity) => {
                            affine.rows::<false, IDENTITY>(x, added, out);
                        }
                        (false, Activation::Relu) => affine.rows::<false, RELU>(x, added, out),
                        (false, Activation::Relu6) => affine.rows::<false, RELU6>(x, added, out),
                        (true, Activation::Identity) => {
                            affine.rows::<true, IDENTITY>(x, added, out);
                        }
                        (true, Activation::Relu) => affine.rows::<true, RELU>(x, added, out),
                        (true, Activation::Relu6) => affine.rows::<true, RELU6>(x, added, out),
                    },
                );
            })
        })
    }

    /// [`BatchNorm::normalize`] with the statistics of `x` itself, which are returned too.
    ///
    /// # Errors
    /// As [`BatchNorm::normalize`].
    pub fn train(
        &self,
        x: &[f32],
        gamma: &[f32],
        beta: &[f32],
        residual: Option<&[f32]>,
    ) -> Result<(Vec<f32>, Statistics), ShapeError> {
        let statistics = self.statistics(x)?;
        let used = (&statistics.mean[..], &statistics.variance[..]);
        let output = self.normalize(x, gamma, beta, used, residual)?;
        Ok((output, statistics))
    }

    fn check_input(&self, x: &[f32]) -> Result<(), ShapeError> {
        let pixels = x.len().div_ceil(self.channels).max(1);
        shape::length(NAME, "input", x.len(), pixels * self.channels)
    }

    fn check_channels(&self, what: &'static str, values: &[f32]) -> Result<(), ShapeError> {
        shape::length(NAME, what, values.len(), self.channels)
    }
}

/// How elements are grouped; depends on the channels alone.
#[derive(Debug, Clone, Copy)]
struct Layout {
    channels: usize,
    /// Pixels of a long row.
    repeats: usize,
    /// Elements of one task: whole long rows.
    chunk: usize,
}

impl Layout {
    fn new(channels: usize) -> Self {
        let mut repeats = WIDE.div_ceil(channels);
        if channels <= NARROW {
            while !(repeats * channels).is_multiple_of(LANES) {
                repeats += 1;
            }
        }
        let long = repeats * channels;
        Self {
            channels,
            repeats,
            chunk: (CHUNK / long).max(ROWS) * long,
        }
    }

    /// Elements of a long row.
    fn long(self) -> usize {
        self.repeats * self.channels
    }

    /// Per-channel values repeated to one long row.
    fn repeated(self, values: &[f32]) -> Vec<f32> {
        values.repeat(self.repeats)
    }

    /// Sum of the repeats of every channel.
    #[inline(always)]
    fn folded(self, long: &[f32]) -> Vec<f64> {
        let mut sums = vec![0.0f64; self.channels];
        for part in long.chunks_exact(self.channels) {
            for (sum, value) in sums.iter_mut().zip(part) {
                *sum += f64::from(*value);
            }
        }
        sums
    }
}

/// `1 / sqrt(variance + epsilon)`.
fn inverse_deviation(variance: &[f32], epsilon: f64) -> Vec<f32> {
    variance
        .iter()
        .map(|variance| (1.0 / (f64::from(*variance) + epsilon).sqrt()) as f32)
        .collect()
}

/// Activations as constants, for code without a branch in its inner loop.
const IDENTITY: usize = 0;
const RELU: usize = 1;
const RELU6: usize = 2;

/// `(x - mean) * scale + beta`, per channel of a long row.
struct Affine {
    mean: Vec<f32>,
    scale: Vec<f32>,
    beta: Vec<f32>,
}

impl Affine {
    fn new(gamma: &[f32], beta: &[f32], mean: &[f32], variance: &[f32], epsilon: f64) -> Self {
        let layout = Layout::new(gamma.len());
        let inverse = inverse_deviation(variance, epsilon);
        let scale: Vec<f32> = gamma.iter().zip(&inverse).map(|(g, inv)| g * inv).collect();
        Self {
            mean: layout.repeated(mean),
            scale: layout.repeated(&scale),
            beta: layout.repeated(beta),
        }
    }

    #[inline(always)]
    fn rows<const RESIDUAL: bool, const ACTIVATION: usize>(
        &self,
        x: &[f32],
        residual: &[f32],
        out: &mut [std::mem::MaybeUninit<f32>],
    ) {
        let long = self.mean.len();
        let inputs = x.chunks(long).zip(residual.chunks(long));
        for (out, (x, residual)) in out.chunks_mut(long).zip(inputs) {
            let parameters = self.mean.iter().zip(&self.scale).zip(&self.beta);
            let values = out.iter_mut().zip(x.iter().zip(residual));
            for ((out, (x, residual)), ((mean, scale), beta)) in values.zip(parameters) {
                let mut value = (*x - *mean) * *scale + *beta;
                if RESIDUAL {
                    value += *residual;
                }
                out.write(match ACTIVATION {
                    IDENTITY => value,
                    RELU => Activation::Relu.of(value),
                    _ => Activation::Relu6.of(value),
                });
            }
        }
    }
}

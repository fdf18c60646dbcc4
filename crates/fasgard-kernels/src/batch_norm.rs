//! Batch normalisation over the channels of NHWC rows, with an optional fused ReLU.
//!
//! Narrow networks have rows of 16 or 32 channels, too short to vectorise well, so the per-channel
//! vectors are repeated to at least [`WIDE`] lanes and several pixels are handled as one long row.

use crate::elementwise::{relu, relu_mask};
use crate::simd::vectorized;
use rayon::prelude::*;

/// Least length of a long row, elements.
const WIDE: usize = 128;
/// Elements of one task: fits the second-level cache together with a gradient and an output.
const CHUNK: usize = 16 * 1024;

/// Pixels in one long row.
fn repeats(channels: usize) -> usize {
    WIDE.div_ceil(channels)
}

/// Elements of one task: whole long rows.
fn chunk_len(channels: usize) -> usize {
    let long = repeats(channels) * channels;
    (CHUNK / long).max(1) * long
}

/// Per-channel values repeated to one long row.
fn repeated(values: &[f32]) -> Vec<f32> {
    values.repeat(repeats(values.len()))
}

/// Sum of the repeats of every channel.
fn folded(long: &[f32], channels: usize) -> Vec<f64> {
    let mut sums = vec![0.0f64; channels];
    for part in long.chunks_exact(channels) {
        sums.iter_mut()
            .zip(part)
            .for_each(|(sum, value)| *sum += f64::from(*value));
    }
    sums
}

/// `sums[c] += f(x[c])` over every long row of `x`.
#[inline(always)]
fn sum_rows(x: &[f32], centre: &[f32], sums: &mut [f32], f: impl Fn(f32) -> f32) {
    for row in x.chunks(sums.len()) {
        for ((sum, value), centre) in sums.iter_mut().zip(row).zip(centre) {
            *sum += f(*value - *centre);
        }
    }
}

/// Mean and biased variance of every channel.
///
/// Each chunk is centred on its own mean while it is in cache; the chunks are joined in `f64` and
/// in order (Chan, Golub and LeVeque 1983).
pub(crate) fn statistics(x: &[f32], channels: usize) -> (Vec<f32>, Vec<f32>) {
    let chunks: Vec<(f64, Vec<f64>, Vec<f64>)> = x
        .par_chunks(chunk_len(channels))
        .map(|x| {
            let count = (x.len() / channels) as f64;
            let long = repeats(channels) * channels;
            // Centring on the first pixel keeps the single-precision sum exact for offsets.
            let origin = repeated(&x[..channels]);
            let mut sums = vec![0.0f32; long];
            vectorized(
                #[inline(always)]
                || sum_rows(x, &origin, &mut sums, |value| value),
            );
            let mean: Vec<f64> = folded(&sums, channels)
                .iter()
                .zip(x)
                .map(|(sum, first)| f64::from(*first) + sum / count)
                .collect();
            let centre_short: Vec<f32> = mean.iter().map(|mean| *mean as f32).collect();
            let centre = repeated(&centre_short);
            sums.fill(0.0);
            vectorized(
                #[inline(always)]
                || sum_rows(x, &centre, &mut sums, |value| value * value),
            );
            // The squares are about the rounded mean: take the rounding back out.
            let squares = folded(&sums, channels)
                .iter()
                .zip(mean.iter().zip(&centre_short))
                .map(|(sum, (mean, centre))| sum - count * (mean - f64::from(*centre)).powi(2))
                .collect();
            (count, mean, squares)
        })
        .collect();

    let mut total = 0.0;
    let (mut mean, mut squares) = (vec![0.0f64; channels], vec![0.0f64; channels]);
    for (count, part_mean, part_squares) in &chunks {
        let joined = total + count;
        for c in 0..channels {
            let delta = part_mean[c] - mean[c];
            mean[c] += delta * count / joined;
            squares[c] += part_squares[c] + delta * delta * total * count / joined;
        }
        total = joined;
    }
    (
        mean.iter().map(|mean| *mean as f32).collect(),
        squares
            .iter()
            // `max` would turn NaN into 0.
            .map(|squares| {
                if *squares < 0.0 {
                    0.0
                } else {
                    (squares / total) as f32
                }
            })
            .collect(),
    )
}

/// `1 / sqrt(variance + epsilon)`.
fn inverse_deviation(variance: &[f32], epsilon: f64) -> Vec<f32> {
    variance
        .iter()
        .map(|variance| (1.0 / (f64::from(*variance) + epsilon).sqrt()) as f32)
        .collect()
}

/// `(x - mean) * scale + beta`, per channel.
pub(crate) struct Affine {
    channels: usize,
    mean: Vec<f32>,
    scale: Vec<f32>,
    beta: Vec<f32>,
}

impl Affine {
    /// From the parameters and statistics of a normalisation.
    pub(crate) fn new(
        gamma: &[f32],
        beta: &[f32],
        mean: &[f32],
        variance: &[f32],
        epsilon: f64,
    ) -> Self {
        let inverse = inverse_deviation(variance, epsilon);
        let scale: Vec<f32> = gamma
            .iter()
            .zip(&inverse)
            .map(|(gamma, inv)| gamma * inv)
            .collect();
        Self {
            channels: gamma.len(),
            mean: repeated(mean),
            scale: repeated(&scale),
            beta: repeated(beta),
        }
    }

    /// The normalised tensor, through a ReLU if asked.
    pub(crate) fn apply(&self, x: &[f32], with_relu: bool) -> Vec<f32> {
        let chunk = chunk_len(self.channels);
        let mut out = vec![0.0f32; x.len()];
        out.par_chunks_mut(chunk)
            .zip(x.par_chunks(chunk))
            .for_each(|(out, x)| {
                vectorized(
                    #[inline(always)]
                    || {
                        if with_relu {
                            self.rows(x, out, relu);
                        } else {
                            self.rows(
                                x,
                                out,
                                #[inline(always)]
                                |value| value,
                            );
                        }
                    },
                );
            });
        out
    }

    #[inline(always)]
    fn rows(&self, x: &[f32], out: &mut [f32], f: impl Fn(f32) -> f32) {
        let long = self.mean.len();
        for (out, x) in out.chunks_mut(long).zip(x.chunks(long)) {
            let parameters = self.mean.iter().zip(&self.scale).zip(&self.beta);
            for ((out, x), ((mean, scale), beta)) in out.iter_mut().zip(x).zip(parameters) {
                *out = f((*x - *mean) * *scale + *beta);
            }
        }
    }
}

/// Gradients of a normalisation with the batch's statistics.
pub(crate) struct Gradients {
    pub(crate) x: Vec<f32>,
    pub(crate) gamma: Vec<f32>,
    pub(crate) beta: Vec<f32>,
}

/// Gradients with respect to the input, `gamma` and `beta`; `output` where a ReLU was fused.
pub(crate) fn gradients(
    x: &[f32],
    gamma: &[f32],
    output: Option<&[f32]>,
    mean: &[f32],
    variance: &[f32],
    grad: &[f32],
    epsilon: f64,
) -> Gradients {
    let channels = gamma.len();
    let chunk = chunk_len(channels);
    let inverse = inverse_deviation(variance, epsilon);
    let long_mean = repeated(mean);
    // Without a ReLU the mask is taken from the gradient's own buffer and not used.
    let masked = output.is_some();
    let output = output.unwrap_or(grad);

    let parts: Vec<(Vec<f64>, Vec<f64>)> = x
        .par_chunks(chunk)
        .zip(output.par_chunks(chunk))
        .zip(grad.par_chunks(chunk))
        .map(|((x, output), grad)| {
            let long = long_mean.len();
            let (mut plain, mut weighted) = (vec![0.0f32; long], vec![0.0f32; long]);
            vectorized(
                #[inline(always)]
                || {
                    let rows = x
                        .chunks(long)
                        .zip(output.chunks(long))
                        .zip(grad.chunks(long));
                    for ((x, output), grad) in rows {
                        let sums = plain.iter_mut().zip(&mut weighted).zip(&long_mean);
                        let values = x.iter().zip(output).zip(grad);
                        for (((plain, weighted), mean), ((x, output), grad)) in sums.zip(values) {
                            let grad = if masked {
                                relu_mask(*output, *grad)
                            } else {
                                *grad
                            };
                            *plain += grad;
                            *weighted += grad * (*x - *mean);
                        }
                    }
                },
            );
            (folded(&plain, channels), folded(&weighted, channels))
        })
        .collect();
    let (mut plain, mut weighted) = (vec![0.0f64; channels], vec![0.0f64; channels]);
    for (part_plain, part_weighted) in &parts {
        plain
            .iter_mut()
            .zip(part_plain)
            .for_each(|(sum, part)| *sum += part);
        weighted
            .iter_mut()
            .zip(part_weighted)
            .for_each(|(sum, part)| *sum += part);
    }
    // From here on `weighted` is the sum of grad times the normalised input.
    weighted
        .iter_mut()
        .zip(&inverse)
        .for_each(|(sum, inv)| *sum *= f64::from(*inv));

    // dx = scale * (grad - mean(grad) - normal * mean(grad * normal)), normal = (x - mean) * inverse
    let count = (x.len() / channels) as f64;
    let per_channel =
        |f: &dyn Fn(usize) -> f32| repeated(&(0..channels).map(f).collect::<Vec<_>>());
    let scale = per_channel(&|c| gamma[c] * inverse[c]);
    let shift = per_channel(&|c| (plain[c] / count) as f32);
    let slope = per_channel(&|c| (weighted[c] / count * f64::from(inverse[c])) as f32);
    let mut out = vec![0.0f32; x.len()];
    out.par_chunks_mut(chunk)
        .zip(x.par_chunks(chunk))
        .zip(output.par_chunks(chunk))
        .zip(grad.par_chunks(chunk))
        .for_each(|(((out, x), output), grad)| {
            let long = long_mean.len();
            vectorized(
                #[inline(always)]
                || {
                    let inputs = x
                        .chunks(long)
                        .zip(output.chunks(long))
                        .zip(grad.chunks(long));
                    for (out, ((x, output), grad)) in out.chunks_mut(long).zip(inputs) {
                        let parameters = long_mean.iter().zip(&scale).zip(&shift).zip(&slope);
                        let values = x.iter().zip(output).zip(grad).zip(out);
                        for ((((x, output), grad), out), (((mean, scale), shift), slope)) in
                            values.zip(parameters)
                        {
                            let grad = if masked {
                                relu_mask(*output, *grad)
                            } else {
                                *grad
                            };
                            *out = *scale * (grad - *shift - (*x - *mean) * *slope);
                        }
                    }
                },
            );
        });
    Gradients {
        x: out,
        gamma: weighted.iter().map(|sum| *sum as f32).collect(),
        beta: plain.iter().map(|sum| *sum as f32).collect(),
    }
}

//! Gradients of a normalisation with the statistics of its batch.

use super::{Affine, BatchNorm, Layout, NAME, inverse_deviation};
use crate::Activation;
use crate::activation::clip_mask;
use crate::elementwise::filled_by_chunks;
use crate::isa::vectorized;
use crate::memory::{Output, Shared};
use crate::shape::{self, ShapeError};
use rayon::prelude::*;

/// What the gradients of [`BatchNorm::train`] are computed from.
#[derive(Debug, Clone, Copy)]
pub struct BatchNormBackward<'a> {
    /// Input of the forward pass, `[N, H, W, C]`.
    pub x: &'a [f32],
    /// As in the forward pass, `[C]`.
    pub gamma: &'a [f32],
    /// As in the forward pass, `[C]`.
    pub beta: &'a [f32],
    /// What the forward pass returned: mean, `[C]`.
    pub mean: &'a [f32],
    /// What the forward pass returned: biased variance, `[C]`.
    pub variance: &'a [f32],
    /// Gradient of the output, laid out as `x`.
    pub grad: &'a [f32],
    /// Output of a forward pass with a residual **and** an activation, laid out as `x`: where the
    /// activation cut cannot be told from `x` then. Not needed (and best left out) otherwise; ignored
    /// without an activation.
    pub output: Option<&'a [f32]>,
}

/// Gradients of a normalisation.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchNormGrads {
    /// Of the input, `[N, H, W, C]`.
    pub x: Vec<f32>,
    /// Of `gamma`, `[C]`.
    pub gamma: Vec<f32>,
    /// Of `beta`, `[C]`.
    pub beta: Vec<f32>,
    /// Of the residual, where the output was given and there is an activation. Without one it is the
    /// output gradient itself.
    pub residual: Option<Vec<f32>>,
}

impl BatchNorm {
    /// Gradients of [`BatchNorm::train`] with respect to the input, `gamma`, `beta` and residual.
    ///
    /// # Errors
    /// If the input is empty or no whole number of pixels, or another buffer does not fit it.
    pub fn backward(&self, from: &BatchNormBackward<'_>) -> Result<BatchNormGrads, ShapeError> {
        self.check_backward(from)?;
        let ceiling = self.activation.ceiling();
        let passes = self.passes(from, true);
        Ok(match (self.activation, from.output) {
            (Activation::Identity, _) => passes.run(Plain),
            (_, None) => passes.run(Recomputed { ceiling }),
            (_, Some(output)) => {
                let mut masked = Output::new(from.x.len());
                let mask = Stored {
                    output,
                    ceiling,
                    masked: masked.shared(),
                };
                let sums = passes.sums(mask);
                // SAFETY: the pass over all chunks wrote the masked gradient of each.
                let masked = unsafe { masked.written() };
                let x = passes.input(&sums, &masked, Plain);
                sums.grads(x, Some(masked))
            }
        })
    }

    /// Gradients of [`BatchNorm::normalize`] without a residual, whose statistics are given and
    /// constant, with respect to the input, `gamma` and `beta`. `from.output` is not used.
    ///
    /// # Errors
    /// As [`BatchNorm::backward`].
    pub fn backward_given(
        &self,
        from: &BatchNormBackward<'_>,
    ) -> Result<BatchNormGrads, ShapeError> {
        self.check_backward(from)?;
        let passes = self.passes(from, false);
        Ok(match self.activation {
            Activation::Identity => passes.run(Plain),
            activation => passes.run(Recomputed {
                ceiling: activation.ceiling(),
            }),
        })
    }

    fn check_backward(&self, from: &BatchNormBackward<'_>) -> Result<(), ShapeError> {
        self.check_input(from.x)?;
        self.check_channels("gamma", from.gamma)?;
        self.check_channels("beta", from.beta)?;
        self.check_channels("mean", from.mean)?;
        self.check_channels("variance", from.variance)?;
        let len = from.x.len();
        shape::length(NAME, "output gradient", from.grad.len(), len)?;
        match from.output {
            Some(output) => shape::length(NAME, "output", output.len(), len),
            None => Ok(()),
        }
    }

    fn passes<'a>(&self, from: &'a BatchNormBackward<'a>, of_batch: bool) -> Passes<'a> {
        Passes {
            from,
            of_batch,
            layout: Layout::new(self.channels),
            affine: Affine::new(
                from.gamma,
                from.beta,
                from.mean,
                from.variance,
                self.epsilon,
            ),
            inverse: inverse_deviation(from.variance, self.epsilon),
        }
    }
}

/// How the gradient behind the activation is found.
trait Mask: Copy + Sync {
    /// The gradient behind the activation, for a long row that begins at element `start`: calls
    /// `f(index in the row, its masked gradient)`.
    fn row(self, affine: &Affine, x: &[f32], grad: &[f32], start: usize, f: impl FnMut(usize, f32));
}

/// No activation.
#[derive(Clone, Copy)]
struct Plain;
impl Mask for Plain {
    #[inline(always)]
    fn row(self, _: &Affine, _: &[f32], grad: &[f32], _: usize, mut f: impl FnMut(usize, f32)) {
        for (i, grad) in grad.iter().enumerate() {
            f(i, *grad);
        }
    }
}

/// The output is computed again, by the operations of the forward pass and so to the same bits:
/// cheaper than reading it.
#[derive(Clone, Copy)]
struct Recomputed {
    ceiling: f32,
}
impl Mask for Recomputed {
    #[inline(always)]
    fn row(
        self,
        affine: &Affine,
        x: &[f32],
        grad: &[f32],
        _: usize,
        mut f: impl FnMut(usize, f32),
    ) {
        let len = grad.len();
        let (mean, scale, beta) = (
            &affine.mean[..len],
            &affine.scale[..len],
            &affine.beta[..len],
        );
        for i in 0..len {
            let output = (x[i] - mean[i]) * scale[i] + beta[i];
            f(i, clip_mask(output, self.ceiling, grad[i]));
        }
    }
}

/// The output is read, and the masked gradient kept.
#[derive(Clone, Copy)]
struct Stored<'a> {
    output: &'a [f32],
    ceiling: f32,
    masked: Shared<'a>,
}
impl Mask for Stored<'_> {
    #[inline(always)]
    fn row(self, _: &Affine, _: &[f32], grad: &[f32], start: usize, mut f: impl FnMut(usize, f32)) {
        let output = &self.output[start..][..grad.len()];
        // The pointer one past the row checks that it lies in the buffer.
        self.masked.at(start + grad.len());
        let masked = self.masked.at(start);
        for (i, (output, grad)) in output.iter().zip(grad).enumerate() {
            let value = clip_mask(*output, self.ceiling, *grad);
            // SAFETY: in range as checked above, and every row is handled by one task.
            unsafe { masked.add(i).write(value) };
            f(i, value);
        }
    }
}

/// Sums over all pixels, per channel.
struct Sums {
    /// Of the gradient.
    plain: Vec<f64>,
    /// Of the gradient times the normalised input.
    weighted: Vec<f64>,
}

impl Sums {
    fn grads(&self, x: Vec<f32>, residual: Option<Vec<f32>>) -> BatchNormGrads {
        BatchNormGrads {
            x,
            gamma: self.weighted.iter().map(|sum| *sum as f32).collect(),
            beta: self.plain.iter().map(|sum| *sum as f32).collect(),
            residual,
        }
    }
}

struct Passes<'a> {
    from: &'a BatchNormBackward<'a>,
    /// Whether the statistics are those of the input itself, so that they have gradients too.
    of_batch: bool,
    layout: Layout,
    affine: Affine,
    inverse: Vec<f32>,
}

impl Passes<'_> {
    fn run(&self, mask: impl Mask) -> BatchNormGrads {
        let sums = self.sums(mask);
        let x = self.input(&sums, self.from.grad, mask);
        sums.grads(x, None)
    }

    /// First pass.
    fn sums(&self, mask: impl Mask) -> Sums {
        let Layout {
            channels, chunk, ..
        } = self.layout;
        let long = self.layout.long();
        let parts: Vec<Sums> = self
            .from
            .x
            .par_chunks(chunk)
            .zip(self.from.grad.par_chunks(chunk))
            .enumerate()
            .map(|(index, (x, grad))| {
                let (mut plain, mut weighted) = (vec![0.0f32; long], vec![0.0f32; long]);
                vectorized(
                    #[inline(always)]
                    || {
                        let rows = x.chunks(long).zip(grad.chunks(long)).enumerate();
                        for (row, (x, grad)) in rows {
                            let (x, mean) = (&x[..grad.len()], &self.affine.mean[..grad.len()]);
                            let plain = &mut plain[..grad.len()];
                            let weighted = &mut weighted[..grad.len()];
                            mask.row(
                                &self.affine,
                                x,
                                grad,
                                index * chunk + row * long,
                                #[inline(always)]
                                |i, grad| {
                                    plain[i] += grad;
                                    weighted[i] += grad * (x[i] - mean[i]);
                                },
                            );
                        }
                        Sums {
                            plain: self.layout.folded(&plain),
                            weighted: self.layout.folded(&weighted),
                        }
                    },
                )
            })
            .collect();
        let mut total = Sums {
            plain: vec![0.0; channels],
            weighted: vec![0.0; channels],
        };
        for part in &parts {
            let plain = total.plain.iter_mut().zip(&part.plain);
            plain.for_each(|(sum, part)| *sum += part);
            let weighted = total.weighted.iter_mut().zip(&part.weighted);
            weighted.for_each(|(sum, part)| *sum += part);
        }
        // So far the input was centred only.
        let scaled = total.weighted.iter_mut().zip(&self.inverse);
        scaled.for_each(|(sum, inverse)| *sum *= f64::from(*inverse));
        total
    }

    /// Second pass, from the gradient `grad`:
    /// `dx = scale * (grad - mean(grad) - normal * mean(grad * normal))` with
    /// `normal = (x - mean) * inverse`.
    fn input(&self, sums: &Sums, grad: &[f32], mask: impl Mask) -> Vec<f32> {
        let x = self.from.x;
        let long = self.layout.long();
        let count = match self.of_batch {
            true => (x.len() / self.layout.channels) as f64,
            // Constant statistics: nothing flows through the means.
            false => f64::INFINITY,
        };
        let shift: Vec<f32> = sums.plain.iter().map(|sum| (sum / count) as f32).collect();
        let slope: Vec<f32> = sums
            .weighted
            .iter()
            .zip(&self.inverse)
            .map(|(sum, inverse)| (sum / count * f64::from(*inverse)) as f32)
            .collect();
        let (shift, slope) = (self.layout.repeated(&shift), self.layout.repeated(&slope));
        // SAFETY: long rows cover the chunk, and every mask calls back for each element of a row.
        unsafe {
            filled_by_chunks(x.len(), self.layout.chunk, |start, out| {
                let range = start..start + out.len();
                let (x, grad) = (&x[range.clone()], &grad[range]);
                vectorized(
                    #[inline(always)]
                    || {
                        let inputs = x.chunks(long).zip(grad.chunks(long));
                        for (row, (out, (x, grad))) in out.chunks_mut(long).zip(inputs).enumerate()
                        {
                            let len = grad.len();
                            let (out, x) = (&mut out[..len], &x[..len]);
                            let (mean, scale) =
                                (&self.affine.mean[..len], &self.affine.scale[..len]);
                            let (shift, slope) = (&shift[..len], &slope[..len]);
                            mask.row(
                                &self.affine,
                                x,
                                grad,
                                start + row * long,
                                #[inline(always)]
                                |i, grad| {
                                    let normal = (x[i] - mean[i]) * slope[i];
                                    out[i].write(scale[i] * (grad - shift[i] - normal));
                                },
                            );
                        }
                    },
                );
            })
        }
    }
}

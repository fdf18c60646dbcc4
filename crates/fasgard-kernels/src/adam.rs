//! Adam and AdamW, one pass over each parameter.
//!
//! Operation by operation the arithmetic of burn 0.22's `Adam` and `AdamW` (without AMSGrad), which
//! differ from each other in where the bias correction and epsilon enter; nothing is contracted or
//! reordered, so that every instruction set gives the same bits.

use crate::elementwise::CHUNK;
use crate::isa::vectorized;
use crate::shape::{self, ShapeError};
use rayon::prelude::*;

/// How parameters are drawn towards zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WeightDecay {
    /// `penalty * parameter` is added to the gradient (Adam with L2 regularisation). With a penalty
    /// of zero, plain Adam.
    Gradient(f32),
    /// The parameter is scaled by `1 - learning rate * decay` apart from the gradient (AdamW,
    /// Loshchilov and Hutter 2019).
    Decoupled(f32),
}

/// Settings of Adam (Kingma and Ba 2015).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    /// Decay of the mean gradient, in `0..1`.
    pub beta_1: f32,
    /// Decay of the mean squared gradient, in `0..1`.
    pub beta_2: f32,
    /// Added to the root of the (bias-corrected) mean square.
    pub epsilon: f32,
    /// Weight decay; its kind also chooses between Adam and AdamW.
    pub weight_decay: WeightDecay,
}

/// One parameter and its state, all of one length.
#[derive(Debug)]
pub struct AdamSlices<'a> {
    /// The parameter, updated in place.
    pub parameter: &'a mut [f32],
    /// Its gradient.
    pub grad: &'a [f32],
    /// Mean gradient, updated in place; zeros before the first step.
    pub moment_1: &'a mut [f32],
    /// Mean squared gradient, updated in place; zeros before the first step.
    pub moment_2: &'a mut [f32],
}

/// One step of [`Adam`], to be applied to every parameter of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    pub(crate) adam: Adam,
    pub(crate) learning_rate: f64,
    pub(crate) grad_scale: f32,
    /// `1 - beta^time` of either moment.
    pub(crate) corrections: [f32; 2],
}

impl Adam {
    /// Step number `time`, counted from 1 (0 is taken as 1).
    pub fn step(&self, time: u32, learning_rate: f64) -> AdamStep {
        let time = i32::try_from(time.max(1)).unwrap_or(i32::MAX);
        AdamStep {
            adam: *self,
            learning_rate,
            grad_scale: 1.0,
            corrections: [1.0 - self.beta_1.powi(time), 1.0 - self.beta_2.powi(time)],
        }
    }
}

impl AdamStep {
    /// Multiplies every gradient by `scale` first: the factor of gradient clipping, or one over a
    /// loss scale.
    pub fn with_grad_scale(mut self, scale: f32) -> Self {
        self.grad_scale = scale;
        self
    }

    /// Updates one parameter and its moments.
    ///
    /// # Errors
    /// If the lengths differ; nothing is changed then.
    pub fn apply(&self, slices: AdamSlices<'_>) -> Result<(), ShapeError> {
        let AdamSlices {
            parameter,
            grad,
            moment_1,
            moment_2,
        } = slices;
        let check = |what, found| shape::length("adam", what, found, parameter.len());
        check("gradient", grad.len())?;
        check("first moment", moment_1.len())?;
        check("second moment", moment_2.len())?;
        parameter
            .par_chunks_mut(CHUNK)
            .zip(grad.par_chunks(CHUNK))
            .zip(moment_1.par_chunks_mut(CHUNK))
            .zip(moment_2.par_chunks_mut(CHUNK))
            .for_each(|(((parameter, grad), moment_1), moment_2)| {
                let chunk = AdamSlices {
                    parameter,
                    grad,
                    moment_1,
                    moment_2,
                };
                vectorized(
                    #[inline(always)]
                    || match self.adam.weight_decay {
                        WeightDecay::Gradient(0.0) => self.coupled::<false>(0.0, chunk),
                        WeightDecay::Gradient(penalty) => self.coupled::<true>(penalty, chunk),
                        WeightDecay::Decoupled(decay) => self.decoupled(decay, chunk),
                    },
                );
            });
        Ok(())
    }

    #[inline(always)]
    fn coupled<const DECAY: bool>(&self, penalty: f32, chunk: AdamSlices<'_>) {
        let root = self.corrections[1].sqrt();
        let factor = root / self.corrections[0];
        let epsilon = self.adam.epsilon * root;
        let rate = self.learning_rate as f32;
        let scale = self.grad_scale;
        self.pass(
            chunk,
            #[inline(always)]
            |p, grad| {
                if DECAY {
                    p * penalty + grad * scale
                } else {
                    grad * scale
                }
            },
            #[inline(always)]
            |p, m, v| p - m * factor / (v.sqrt() + epsilon) * rate,
        );
    }

    #[inline(always)]
    fn decoupled(&self, decay: f32, chunk: AdamSlices<'_>) {
        let kept = (1.0 - self.learning_rate * f64::from(decay)) as f32;
        let [correction_1, correction_2] = self.corrections;
        let epsilon = self.adam.epsilon;
        let rate = self.learning_rate as f32;
        let scale = self.grad_scale;
        self.pass(
            chunk,
            #[inline(always)]
            |_, grad| grad * scale,
            #[inline(always)]
            |p, m, v| p * kept - m / correction_1 / ((v / correction_2).sqrt() + epsilon) * rate,
        );
    }

    #[inline(always)]
    fn pass(
        &self,
        chunk: AdamSlices<'_>,
        grad_of: impl Fn(f32, f32) -> f32,
        update: impl Fn(f32, f32, f32) -> f32,
    ) {
        let Adam { beta_1, beta_2, .. } = self.adam;
        let (share_1, share_2) = (1.0 - beta_1, 1.0 - beta_2);
        let parameters = chunk.parameter.iter_mut().zip(chunk.grad);
        let moments = chunk.moment_1.iter_mut().zip(chunk.moment_2);
        for ((p, grad), (m, v)) in parameters.zip(moments) {
            let grad = grad_of(*p, *grad);
            *m = *m * beta_1 + grad * share_1;
            *v = *v * beta_2 + grad * grad * share_2;
            *p = update(*p, *m, *v);
        }
    }
}

/// Sum of the squares, in `f64`; the same bits for any number of threads. For the norm of a
/// gradient, whose squares may not fit an `f32`.
pub fn sum_of_squares(values: &[f32]) -> f64 {
    const LANES: usize = 16;
    let parts: Vec<f64> = values
        .par_chunks(CHUNK)
        .map(|chunk| {
            vectorized(
                #[inline(always)]
                || {
                    let mut sums = [0.0f64; LANES];
                    let (whole, rest) = chunk.as_chunks::<LANES>();
                    for values in whole {
                        for (sum, value) in sums.iter_mut().zip(values) {
                            *sum += f64::from(*value) * f64::from(*value);
                        }
                    }
                    for (sum, value) in sums.iter_mut().zip(rest) {
                        *sum += f64::from(*value) * f64::from(*value);
                    }
                    sums.iter().sum()
                },
            )
        })
        .collect();
    parts.iter().sum()
}

//! The residual join and its gradient.

use crate::simd::vectorized;
use rayon::prelude::*;

/// Elements one task handles.
pub(crate) const CHUNK: usize = 32 * 1024;

/// `relu`, keeping NaN.
#[inline(always)]
pub(crate) fn relu(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}

/// Gradient through a ReLU with this output; a NaN output lets it pass, as in PyTorch.
#[inline(always)]
pub(crate) fn relu_mask(output: f32, grad: f32) -> f32 {
    if output <= 0.0 { 0.0 } else { grad }
}

/// `out[i] = f(a[i], b[i])`, in parallel.
#[inline(always)]
fn zip(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32 + Sync) -> Vec<f32> {
    let mut out = vec![0.0f32; a.len()];
    out.par_chunks_mut(CHUNK)
        .zip(a.par_chunks(CHUNK))
        .zip(b.par_chunks(CHUNK))
        .for_each(|((out, a), b)| {
            vectorized(
                #[inline(always)]
                || {
                    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
                        *out = f(*a, *b);
                    }
                },
            );
        });
    out
}

/// `relu(a + b)`.
pub(crate) fn add_relu(a: &[f32], b: &[f32]) -> Vec<f32> {
    zip(
        a,
        b,
        #[inline(always)]
        |a, b| relu(a + b),
    )
}

/// Output gradient where the output is positive (or NaN), zero elsewhere.
pub(crate) fn relu_grad(output: &[f32], grad: &[f32]) -> Vec<f32> {
    zip(output, grad, relu_mask)
}

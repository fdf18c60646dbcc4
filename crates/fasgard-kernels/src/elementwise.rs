//! The residual join and its gradient, on slices.

use crate::activation::{Activation, clip_mask};
use crate::isa::vectorized;
use crate::shape::{self, ShapeError};
use rayon::prelude::*;
use std::mem::MaybeUninit;

/// Elements one task handles.
pub(crate) const CHUNK: usize = 32 * 1024;

/// A vector of `len` elements whose chunks are filled in parallel: `fill` gets the position of a
/// chunk's first element, and the chunk.
///
/// # Safety
/// `fill` writes every element of every chunk.
pub(crate) unsafe fn filled_by_chunks(
    len: usize,
    chunk: usize,
    fill: impl Fn(usize, &mut [MaybeUninit<f32>]) + Sync,
) -> Vec<f32> {
    let mut values = Vec::with_capacity(len);
    values.spare_capacity_mut()[..len]
        .par_chunks_mut(chunk)
        .enumerate()
        .for_each(|(index, out)| fill(index * chunk, out));
    // SAFETY: the capacity is at least `len`, and the caller vouches for the elements.
    unsafe { values.set_len(len) };
    values
}

/// `out[i] = f(a[i], b[i])`, in parallel, for slices of one length.
#[inline(always)]
fn zip(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32 + Sync) -> Vec<f32> {
    // SAFETY: both inputs cover the chunk, so that the loop writes all of it.
    unsafe {
        filled_by_chunks(a.len(), CHUNK, |start, out| {
            let (a, b) = (&a[start..][..out.len()], &b[start..][..out.len()]);
            vectorized(
                #[inline(always)]
                || {
                    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
                        out.write(f(*a, *b));
                    }
                },
            );
        })
    }
}

/// `relu(a + b)`, the join of a residual branch. NaN stays NaN.
///
/// # Errors
/// If the lengths differ.
pub fn add_relu(a: &[f32], b: &[f32]) -> Result<Vec<f32>, ShapeError> {
    shape::length("add_relu", "second term", b.len(), a.len())?;
    Ok(zip(
        a,
        b,
        #[inline(always)]
        |a, b| Activation::Relu.of(a + b),
    ))
}

/// Gradient of either term of [`add_relu`] (or of any ReLU) from its output and output gradient:
/// the gradient where the output is positive or NaN, zero elsewhere.
///
/// # Errors
/// If the lengths differ.
pub fn relu_grad(output: &[f32], grad: &[f32]) -> Result<Vec<f32>, ShapeError> {
    shape::length("relu_grad", "output gradient", grad.len(), output.len())?;
    Ok(zip(
        output,
        grad,
        #[inline(always)]
        |output, grad| clip_mask(output, Activation::Relu.ceiling(), grad),
    ))
}

/// The chunk with every element set to `value`.
#[inline(always)]
pub(crate) fn initialised(out: &mut [MaybeUninit<f32>], value: f32) -> &mut [f32] {
    out.fill(MaybeUninit::new(value));
    // SAFETY: every element has just been written, and the layouts are the same.
    unsafe { &mut *(std::ptr::from_mut(out) as *mut [f32]) }
}

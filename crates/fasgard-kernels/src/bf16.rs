//! Products of `bf16`: the upper half of an `f32`, eight bits of fraction.
//!
//! Two of them share a 32-bit lane: neighbours along what is summed over, the first in the low half.
//! Buffers of pairs are `f32` buffers whose bits are never read as numbers, so that the drivers of
//! the `f32` kernels move them; only the multiplication differs (`Isa::dot_bf16`).

use crate::isa::{InstructionSet, vectorized_for};
use rayon::prelude::*;

/// Element type of the factors of a convolution. Sums are always `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Precision {
    /// Single precision.
    #[default]
    F32,
    /// Factors of 1x1 and of strided convolutions rounded to `bf16` (ties to even) and multiplied in
    /// pairs. Other convolutions stay in single precision: Winograd's algorithm is faster there.
    Bf16,
}

/// The nearest `bf16`, ties to even; NaN stays NaN.
#[inline(always)]
fn rounded(value: f32) -> u32 {
    let bits = value.to_bits();
    let nearest = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    if value.is_nan() {
        bits >> 16 | 0x40
    } else {
        nearest
    }
}

/// Two numbers in one lane.
#[inline(always)]
pub(crate) fn pair(first: f32, second: f32) -> f32 {
    f32::from_bits(rounded(first) | rounded(second) << 16)
}

/// Rows of `channels` as rows of `channels / 2` pairs (rounded up, the odd one out beside a zero).
pub(crate) fn pair_channels(values: &[f32], channels: usize, set: InstructionSet) -> Vec<f32> {
    const ROWS: usize = 256;
    let half = channels.div_ceil(2);
    let mut pairs = vec![0.0f32; values.len() / channels * half];
    pairs
        .par_chunks_mut(ROWS * half)
        .zip(values.par_chunks(ROWS * channels))
        .for_each(|(pairs, values)| {
            vectorized_for(
                set,
                #[inline(always)]
                || {
                    if channels.is_multiple_of(2) {
                        for (to, from) in pairs.iter_mut().zip(values.chunks_exact(2)) {
                            *to = pair(from[0], from[1]);
                        }
                        return;
                    }
                    let rows = pairs
                        .chunks_exact_mut(half)
                        .zip(values.chunks_exact(channels));
                    for (to, from) in rows {
                        for (to, from) in to.iter_mut().zip(from.chunks(2)) {
                            *to = pair(from[0], from.get(1).copied().unwrap_or(0.0));
                        }
                    }
                },
            );
        });
    pairs
}

/// Groups of `rows` rows of `width` lanes as groups of `rows / 2` rows (rounded up) of pairs.
pub(crate) fn pair_rows(values: &[f32], rows: usize, width: usize) -> Vec<f32> {
    let half = rows.div_ceil(2);
    if rows == 0 {
        return Vec::new();
    }
    let mut pairs = vec![0.0f32; values.len() / rows * half];
    pairs
        .par_chunks_mut(half * width)
        .zip(values.par_chunks(rows * width))
        .for_each(|(to, from)| pair_panel(from, to, width));
    pairs
}

/// One group of [`pair_rows`].
#[inline(always)]
pub(crate) fn pair_panel(from: &[f32], to: &mut [f32], width: usize) {
    for (to, from) in to.chunks_exact_mut(width).zip(from.chunks(2 * width)) {
        let (first, second) = from.split_at(width);
        if second.is_empty() {
            for (to, first) in to.iter_mut().zip(first) {
                *to = pair(*first, 0.0);
            }
        } else {
            for ((to, first), second) in to.iter_mut().zip(first).zip(second) {
                *to = pair(*first, *second);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_to_nearest_ties_to_even_and_keeps_nan() {
        let back = |value: f32| f32::from_bits(rounded(value) << 16);
        assert_eq!(back(1.0), 1.0);
        // 1 + 2^-8 lies midway between 1 and 1 + 2^-7, 1 + 3 * 2^-8 midway to 1 + 2^-6.
        assert_eq!(back(1.0 + 1.0 / 256.0), 1.0);
        assert_eq!(back(1.0 + 3.0 / 256.0), 1.0 + 4.0 / 256.0);
        assert_eq!(back(-1.0 - 1.1 / 256.0), -1.0 - 2.0 / 256.0);
        assert!(back(f32::NAN).is_nan());
        assert!(back(f32::from_bits(0x7f80_0001)).is_nan());
        assert_eq!(back(f32::INFINITY), f32::INFINITY);
        assert_eq!(back(f32::MAX), f32::INFINITY);
    }

    #[test]
    fn odd_counts_are_filled_with_zero() {
        let one = pair(1.0, 0.0).to_bits();
        let both = pair(1.0, 2.0).to_bits();
        let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        assert_eq!(
            bits(pair_channels(
                &[1.0, 2.0, 1.0, 1.0, 2.0, 1.0],
                3,
                InstructionSet::Scalar
            )),
            [both, one, both, one]
        );
        assert_eq!(
            bits(pair_rows(&[1.0, 1.0, 2.0, 2.0, 1.0, 1.0], 3, 2)),
            [both, both, one, one]
        );
    }
}

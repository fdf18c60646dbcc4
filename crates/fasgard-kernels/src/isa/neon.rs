//! NEON, part of every 64-bit ARM processor: 4 lanes, 32 registers.

use super::{Isa, Kernel};
use std::arch::aarch64::*;

#[derive(Clone, Copy)]
pub(super) struct Neon(());

impl Neon {
    pub(super) fn new() -> Self {
        Self(())
    }
}

// Every block below rests on NEON being part of the base of `aarch64` targets.
impl Isa for Neon {
    type V = float32x4_t;
    const LANES: usize = 4;
    const ROWS: usize = 12;

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        // SAFETY: NEON is always there.
        unsafe { vdupq_n_f32(value) }
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: NEON is always there.
        unsafe { vaddq_f32(a, b) }
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: NEON is always there.
        unsafe { vsubq_f32(a, b) }
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: NEON is always there.
        unsafe { vmulq_f32(a, b) }
    }
    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: NEON is always there.
        unsafe { vfmaq_f32(c, a, b) }
    }
    #[inline(always)]
    fn relu(self, a: Self::V) -> Self::V {
        // `fmax` propagates NaN.
        // SAFETY: NEON is always there.
        unsafe { vmaxq_f32(a, vdupq_n_f32(0.0)) }
    }
    #[inline(always)]
    fn at_most(self, a: Self::V, ceiling: Self::V) -> Self::V {
        // `fmin` propagates NaN.
        // SAFETY: NEON is always there.
        unsafe { vminq_f32(a, ceiling) }
    }
    #[inline(always)]
    fn dot_bf16(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // A bf16 is the high half of an f32: the low one is shifted up, the high one masked.
        // SAFETY: NEON is always there.
        unsafe {
            let (a, b) = (vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b));
            let mask = vdupq_n_u32(0xffff_0000);
            let (low_a, low_b) = (vshlq_n_u32::<16>(a), vshlq_n_u32::<16>(b));
            let (high_a, high_b) = (vandq_u32(a, mask), vandq_u32(b, mask));
            let c = vfmaq_f32(
                c,
                vreinterpretq_f32_u32(low_a),
                vreinterpretq_f32_u32(low_b),
            );
            vfmaq_f32(
                c,
                vreinterpretq_f32_u32(high_a),
                vreinterpretq_f32_u32(high_b),
            )
        }
    }
    #[inline(always)]
    unsafe fn load(self, at: *const f32) -> Self::V {
        // SAFETY: the caller vouches for the memory.
        unsafe { vld1q_f32(at) }
    }
    #[inline(always)]
    unsafe fn store(self, at: *mut f32, value: Self::V) {
        // SAFETY: the caller vouches for the memory.
        unsafe { vst1q_f32(at, value) }
    }
    #[inline]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }
}

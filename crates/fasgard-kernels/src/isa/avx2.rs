//! AVX2 with FMA: 8 lanes, 16 registers.

use super::{Isa, Kernel};
use std::arch::x86_64::*;

/// Proof that the processor has AVX2 and FMA: made by [`Avx2::detect`] alone.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

/// A vector at any address. The intrinsics for such loads and stores go through library functions
/// whose checks, in builds with debug assertions, send every vector through the stack.
#[repr(C, packed)]
struct Unaligned(__m256);

// Every block below rests on the same argument, named PROOF: a value of this type exists only where
// detection found the instructions.
impl Isa for Avx2 {
    type V = __m256;
    const LANES: usize = 8;
    const ROWS: usize = 6;

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        // SAFETY: PROOF.
        unsafe { _mm256_set1_ps(value) }
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: PROOF.
        unsafe { _mm256_add_ps(a, b) }
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: PROOF.
        unsafe { _mm256_sub_ps(a, b) }
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: PROOF.
        unsafe { _mm256_mul_ps(a, b) }
    }
    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: PROOF.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    fn relu(self, a: Self::V) -> Self::V {
        // The instruction returns its second operand if either is NaN.
        // SAFETY: PROOF.
        unsafe { _mm256_max_ps(_mm256_setzero_ps(), a) }
    }
    #[inline(always)]
    fn at_most(self, a: Self::V, ceiling: Self::V) -> Self::V {
        // The instruction returns its second operand if either is NaN.
        // SAFETY: PROOF.
        unsafe { _mm256_min_ps(ceiling, a) }
    }
    #[inline(always)]
    fn dot_bf16(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // A bf16 is the high half of an f32: the low one is shifted up, the high one masked.
        // SAFETY: PROOF.
        unsafe {
            let (a, b) = (_mm256_castps_si256(a), _mm256_castps_si256(b));
            let low = |v| _mm256_castsi256_ps(_mm256_slli_epi32::<16>(v));
            let mask = _mm256_set1_epi32(-0x1_0000);
            let high = |v| _mm256_castsi256_ps(_mm256_and_si256(v, mask));
            let c = _mm256_fmadd_ps(low(a), low(b), c);
            _mm256_fmadd_ps(high(a), high(b), c)
        }
    }
    #[inline(always)]
    unsafe fn load(self, at: *const f32) -> Self::V {
        // SAFETY: PROOF, and the caller vouches for the memory; the load may be unaligned.
        unsafe { (*at.cast::<Unaligned>()).0 }
    }
    #[inline(always)]
    unsafe fn store(self, at: *mut f32, value: Self::V) {
        // SAFETY: PROOF, and the caller vouches for the memory; the store may be unaligned.
        unsafe { (*at.cast::<Unaligned>()).0 = value }
    }
    #[inline]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx2,fma")]
        fn compiled<K: Kernel>(isa: Avx2, kernel: K) -> K::Output {
            kernel.run(isa)
        }
        // SAFETY: PROOF.
        unsafe { compiled(self, kernel) }
    }
}

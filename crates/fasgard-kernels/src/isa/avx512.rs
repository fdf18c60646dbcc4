//! AVX-512 F: 16 lanes, 32 registers.

use super::{Isa, Kernel};
use std::arch::x86_64::*;

/// Proof that the processor has AVX-512 F: made by [`Avx512::detect`] alone.
#[derive(Clone, Copy)]
pub(super) struct Avx512(());

impl Avx512 {
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

/// A vector at any address. The intrinsics for such loads and stores go through library functions
/// whose checks, in builds with debug assertions, send every vector through the stack.
#[repr(C, packed)]
struct Unaligned(__m512);

// Every block below rests on the same argument, named PROOF: a value of this type exists only where
// detection found the instructions.
impl Isa for Avx512 {
    type V = __m512;
    const LANES: usize = 16;
    const ROWS: usize = 14;

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        // SAFETY: PROOF.
        unsafe { _mm512_set1_ps(value) }
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: PROOF.
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: PROOF.
        unsafe { _mm512_sub_ps(a, b) }
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: PROOF.
        unsafe { _mm512_mul_ps(a, b) }
    }
    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: PROOF.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    fn relu(self, a: Self::V) -> Self::V {
        // The instruction returns its second operand if either is NaN.
        // SAFETY: PROOF.
        unsafe { _mm512_max_ps(_mm512_setzero_ps(), a) }
    }
    #[inline(always)]
    fn at_most(self, a: Self::V, ceiling: Self::V) -> Self::V {
        // The instruction returns its second operand if either is NaN.
        // SAFETY: PROOF.
        unsafe { _mm512_min_ps(ceiling, a) }
    }
    #[inline(always)]
    fn dot_bf16(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // A bf16 is the high half of an f32: the low one is shifted up, the high one masked.
        // SAFETY: PROOF.
        unsafe {
            let (a, b) = (_mm512_castps_si512(a), _mm512_castps_si512(b));
            let low = |v| _mm512_castsi512_ps(_mm512_slli_epi32::<16>(v));
            let mask = _mm512_set1_epi32(-0x1_0000);
            let high = |v| _mm512_castsi512_ps(_mm512_and_si512(v, mask));
            let c = _mm512_fmadd_ps(low(a), low(b), c);
            _mm512_fmadd_ps(high(a), high(b), c)
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
        #[target_feature(enable = "avx512f,avx2,fma")]
        fn compiled<K: Kernel>(isa: Avx512, kernel: K) -> K::Output {
            kernel.run(isa)
        }
        // SAFETY: PROOF.
        unsafe { compiled(self, kernel) }
    }
}

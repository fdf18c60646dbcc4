//! AVX-512 with the `bf16` dot product: [`Avx512`] with one instruction more.

use super::avx512::Avx512;
use super::{Isa, Kernel};
use std::arch::x86_64::*;

/// Proof that the processor has AVX-512 F and BF16: made by [`Avx512Bf16::detect`] alone.
#[derive(Clone, Copy)]
pub(super) struct Avx512Bf16(Avx512);

impl Avx512Bf16 {
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        let base = Avx512::detect()?;
        is_x86_feature_detected!("avx512bf16").then_some(Self(base))
    }
}

impl Isa for Avx512Bf16 {
    type V = __m512;
    const LANES: usize = Avx512::LANES;
    const ROWS: usize = Avx512::ROWS;

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        self.0.splat(value)
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        self.0.add(a, b)
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        self.0.sub(a, b)
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        self.0.mul(a, b)
    }
    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        self.0.mul_add(a, b, c)
    }
    #[inline(always)]
    fn relu(self, a: Self::V) -> Self::V {
        self.0.relu(a)
    }
    #[inline(always)]
    fn at_most(self, a: Self::V, ceiling: Self::V) -> Self::V {
        self.0.at_most(a, ceiling)
    }
    #[inline(always)]
    fn dot_bf16(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: a value of this type proves the instruction; the vectors' bits are reinterpreted
        // between types of the same size without padding.
        unsafe {
            let a: __m512bh = std::mem::transmute::<__m512, __m512bh>(a);
            let b: __m512bh = std::mem::transmute::<__m512, __m512bh>(b);
            _mm512_dpbf16_ps(c, a, b)
        }
    }
    #[inline(always)]
    unsafe fn load(self, at: *const f32) -> Self::V {
        // SAFETY: passed on.
        unsafe { self.0.load(at) }
    }
    #[inline(always)]
    unsafe fn store(self, at: *mut f32, value: Self::V) {
        // SAFETY: passed on.
        unsafe { self.0.store(at, value) }
    }
    #[inline]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx512f,avx512bf16,avx2,fma")]
        fn compiled<K: Kernel>(isa: Avx512Bf16, kernel: K) -> K::Output {
            kernel.run(isa)
        }
        // SAFETY: a value of this type proves the instructions.
        unsafe { compiled(self, kernel) }
    }
}

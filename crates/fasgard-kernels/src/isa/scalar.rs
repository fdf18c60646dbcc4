//! Portable Rust over four lanes, which compilers turn into the baseline's vectors.

use super::{Isa, Kernel};

#[derive(Clone, Copy)]
pub(super) struct Scalar;

#[inline(always)]
fn map(a: [f32; 4], b: [f32; 4], f: impl Fn(f32, f32) -> f32) -> [f32; 4] {
    [f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])]
}

impl Isa for Scalar {
    type V = [f32; 4];
    const LANES: usize = 4;
    const ROWS: usize = 6;

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        [value; 4]
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        map(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        map(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        map(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // Rounded twice: without the instruction, a fused one would be a library call.
        map(map(a, b, |a, b| a * b), c, |ab, c| ab + c)
    }
    #[inline(always)]
    fn relu(self, a: Self::V) -> Self::V {
        a.map(|a| if a < 0.0 { 0.0 } else { a })
    }
    #[inline(always)]
    fn at_most(self, a: Self::V, ceiling: Self::V) -> Self::V {
        map(
            a,
            ceiling,
            |a, ceiling| if a > ceiling { ceiling } else { a },
        )
    }
    #[inline(always)]
    fn dot_bf16(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        let high = |v: f32| f32::from_bits(v.to_bits() & 0xffff_0000);
        let low = |v: f32| f32::from_bits(v.to_bits() << 16);
        let c = self.mul_add(a.map(low), b.map(low), c);
        self.mul_add(a.map(high), b.map(high), c)
    }
    #[inline(always)]
    unsafe fn load(self, at: *const f32) -> Self::V {
        // SAFETY: the caller vouches for four readable floats; arrays are aligned as elements.
        unsafe { at.cast::<[f32; 4]>().read() }
    }
    #[inline(always)]
    unsafe fn store(self, at: *mut f32, value: Self::V) {
        // SAFETY: the caller vouches for four writable floats; arrays are aligned as elements.
        unsafe { at.cast::<[f32; 4]>().write(value) }
    }
    #[inline]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }
}

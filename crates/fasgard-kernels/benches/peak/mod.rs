//! What the processor's multiply-adds reach: independent chains of them, without memory.
#![allow(unsafe_code)]

use fasgard_kernels::InstructionSet;
use rayon::prelude::*;
use std::hint::black_box;
use std::time::Instant;

/// Independent sums: latency times throughput of the fused instructions known is at most 10.
const CHAINS: usize = 12;
const STEPS: usize = 4_000_000;

/// Defines a loop of multiply-adds compiled for some features.
macro_rules! chains {
    ($name:ident, $($features:literal)?, $splat:path, $mul_add:path, $lanes:expr) => {
        /// Runs the chains; returns the floating point operations.
        $(#[target_feature(enable = $features)])?
        fn $name() -> f64 {
            let (factor, term) = ($splat(black_box(0.999)), $splat(black_box(0.001)));
            let mut sums = [$splat(black_box(1.0)); CHAINS];
            for _ in 0..STEPS {
                for sum in &mut sums {
                    *sum = $mul_add(*sum, factor, term);
                }
            }
            black_box(sums);
            (2 * CHAINS * STEPS * $lanes) as f64
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{CHAINS, STEPS, black_box};
    use std::arch::x86_64::*;
    chains!(avx2, "avx2,fma", _mm256_set1_ps, _mm256_fmadd_ps, 8);
    chains!(avx512, "avx512f", _mm512_set1_ps, _mm512_fmadd_ps, 16);

    pub(super) fn run_avx2() -> f64 {
        // SAFETY: the caller found the instructions.
        unsafe { avx2() }
    }
    pub(super) fn run_avx512() -> f64 {
        // SAFETY: the caller found the instructions.
        unsafe { avx512() }
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use super::{CHAINS, STEPS, black_box};
    use std::arch::aarch64::*;
    /// `a * b + c`, with the operands in the order of the other sets.
    #[target_feature(enable = "neon")]
    fn mul_add(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        vfmaq_f32(c, a, b)
    }
    chains!(neon, "neon", vdupq_n_f32, mul_add, 4);

    pub(super) fn run_neon() -> f64 {
        // SAFETY: every 64-bit ARM processor has the instructions.
        unsafe { neon() }
    }
}

fn splat(value: f32) -> [f32; 4] {
    [value; 4]
}
fn mul_add(a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
    std::array::from_fn(|i| a[i] * b[i] + c[i])
}
chains!(scalar, , splat, mul_add, 4);

/// Operations per nanosecond of the detected instruction set, on all threads at once; the best of
/// some runs, as something else may be running too.
pub(crate) fn gflops(threads: usize) -> f64 {
    let run: fn() -> f64 = match InstructionSet::detected() {
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => x86::run_avx2,
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => x86::run_avx512,
        #[cfg(target_arch = "aarch64")]
        InstructionSet::Neon => arm::run_neon,
        _ => scalar,
    };
    (0..40)
        .map(|_| {
            let start = Instant::now();
            let operations: f64 = (0..threads)
                .into_par_iter()
                .with_max_len(1)
                .map(|_| run())
                .sum();
            operations / start.elapsed().as_secs_f64() / 1e9
        })
        .fold(0.0, f64::max)
}

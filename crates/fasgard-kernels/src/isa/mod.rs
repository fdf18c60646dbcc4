//! Instruction sets: one generic source, compiled for each, chosen at run time.
//!
//! Kernels are written once over the trait [`Isa`]. A value of an instruction set's type is the
//! proof that the processor has it: it is only made by [`dispatch`], after detection.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512_bf16;
mod check;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;

use crate::Activation;
use std::sync::OnceLock;

/// Vectors side by side in a register tile, and so in a panel of packed weights.
pub(crate) const TILE_VECTORS: usize = 2;
/// Most lanes of a panel, over all instruction sets: two vectors of AVX-512.
pub(crate) const MAX_PANEL: usize = 32;

/// Vector instructions of a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstructionSet {
    /// Portable Rust over four lanes, on every processor.
    Scalar,
    /// x86-64 with AVX2 and FMA: 8 lanes, tiles of 6 x 16.
    Avx2,
    /// x86-64 with AVX-512 F: 16 lanes, tiles of 14 x 32.
    Avx512,
    /// The same with the dot product of pairs of `bf16`.
    Avx512Bf16,
    /// 64-bit ARM: 4 lanes, tiles of 12 x 8.
    Neon,
}

impl InstructionSet {
    /// Every instruction set, narrowest first.
    pub const ALL: [Self; 5] = [
        Self::Scalar,
        Self::Neon,
        Self::Avx2,
        Self::Avx512,
        Self::Avx512Bf16,
    ];

    /// Whether this processor (and this build) has it.
    pub fn available(self) -> bool {
        match self {
            Self::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::Avx2::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::Avx512::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16 => avx512_bf16::Avx512Bf16::detect().is_some(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => true,
            _ => false,
        }
    }

    /// This set where it is available, else the portable one.
    pub(crate) fn or_portable(self) -> Self {
        if self.available() { self } else { Self::Scalar }
    }

    /// The name accepted by `FASGARD_ISA`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Avx512Bf16 => "avx512bf16",
            Self::Neon => "neon",
        }
    }

    /// The widest available set that gives the right answer to a small convolution, or the one named
    /// by the environment variable `FASGARD_ISA` if it is among them. Chosen once per process.
    pub fn detected() -> Self {
        static CHOICE: OnceLock<InstructionSet> = OnceLock::new();
        *CHOICE.get_or_init(|| {
            let wanted = std::env::var("FASGARD_ISA").ok();
            let available = || {
                Self::ALL
                    .into_iter()
                    .rev()
                    .filter(|set| check::passes(*set))
            };
            available()
                .find(|set| wanted.as_deref() == Some(set.name()))
                .or_else(|| available().next())
                .unwrap_or(Self::Scalar)
        })
    }

    /// Lanes of a panel of packed weights: two vectors.
    pub(crate) fn panel(self) -> usize {
        dispatch(self, Panel)
    }

    /// Rows of a full register tile.
    pub(crate) fn rows(self) -> usize {
        dispatch(self, Rows)
    }
}

struct Panel;
impl Kernel for Panel {
    type Output = usize;
    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> usize {
        TILE_VECTORS * I::LANES
    }
}

struct Rows;
impl Kernel for Rows {
    type Output = usize;
    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> usize {
        I::ROWS
    }
}

/// What a kernel may use of an instruction set. All methods are `#[inline(always)]`: they only make
/// sense inside [`Kernel::run`].
pub(crate) trait Isa: Copy + Send + Sync {
    /// A vector of [`Isa::LANES`] `f32`.
    type V: Copy;
    /// Lanes of a vector.
    const LANES: usize;
    /// Rows of a full register tile: with two vectors a row, as many as leave the registers for two
    /// weights and one broadcast.
    const ROWS: usize;

    fn splat(self, value: f32) -> Self::V;
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, rounded once where the set has a fused instruction.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `a < 0 ? 0 : a`, so that NaN stays NaN.
    fn relu(self, a: Self::V) -> Self::V;
    /// `a > ceiling ? ceiling : a`, so that NaN in `a` stays NaN. `ceiling` is a number.
    fn at_most(self, a: Self::V, ceiling: Self::V) -> Self::V;
    /// Adds to every lane of `c` the products of two pairs of `bf16`, one pair a 32-bit lane.
    fn dot_bf16(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// # Safety
    /// `LANES` floats can be read at `at`, aligned as `f32`.
    unsafe fn load(self, at: *const f32) -> Self::V;
    /// # Safety
    /// `LANES` floats can be written at `at`, aligned as `f32`.
    unsafe fn store(self, at: *mut f32, value: Self::V);
    /// Runs a kernel compiled for this set, as a function of its own.
    fn call<K: Kernel>(self, kernel: K) -> K::Output;
}

/// A vector through an activation.
#[inline(always)]
pub(crate) fn activate<I: Isa>(isa: I, activation: Activation, value: I::V) -> I::V {
    match activation {
        Activation::Identity => value,
        Activation::Relu => isa.relu(value),
        Activation::Relu6 => isa.at_most(isa.relu(value), isa.splat(activation.ceiling())),
    }
}

/// The first lanes from a slice of at most a vector, the others zero.
#[inline(always)]
pub(crate) fn load_part<I: Isa>(isa: I, from: &[f32]) -> I::V {
    // SAFETY: a whole vector by the slice's length, or `edge`, which is as long as any.
    unsafe {
        if from.len() == I::LANES {
            isa.load(from.as_ptr())
        } else {
            let mut edge = [0.0f32; MAX_PANEL];
            edge[..from.len()].copy_from_slice(from);
            isa.load(edge.as_ptr())
        }
    }
}

/// Code compiled once for every instruction set.
pub(crate) trait Kernel {
    type Output;
    /// Must be `#[inline(always)]`, as must be what it calls.
    fn run<I: Isa>(self, isa: I) -> Self::Output;
}

/// Runs `kernel` compiled for `set`, or for the portable one where `set` is not available.
pub(crate) fn dispatch<K: Kernel>(set: InstructionSet, kernel: K) -> K::Output {
    match set {
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => match avx2::Avx2::detect() {
            Some(isa) => isa.call(kernel),
            None => scalar::Scalar.call(kernel),
        },
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => match avx512::Avx512::detect() {
            Some(isa) => isa.call(kernel),
            None => scalar::Scalar.call(kernel),
        },
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512Bf16 => match avx512_bf16::Avx512Bf16::detect() {
            Some(isa) => isa.call(kernel),
            None => scalar::Scalar.call(kernel),
        },
        #[cfg(target_arch = "aarch64")]
        InstructionSet::Neon => neon::Neon::new().call(kernel),
        _ => scalar::Scalar.call(kernel),
    }
}

/// Runs a closure compiled for the detected set, for loops the compiler vectorises by itself. The
/// closure and what it calls must be `#[inline(always)]`.
#[inline(always)]
pub(crate) fn vectorized<R>(body: impl FnOnce() -> R) -> R {
    vectorized_for(InstructionSet::detected(), body)
}

/// [`vectorized`] for a given set.
#[inline(always)]
pub(crate) fn vectorized_for<R>(set: InstructionSet, body: impl FnOnce() -> R) -> R {
    struct Plain<F>(F);
    impl<R, F: FnOnce() -> R> Kernel for Plain<F> {
        type Output = R;
        #[inline(always)]
        fn run<I: Isa>(self, _: I) -> R {
            (self.0)()
        }
    }
    dispatch(set, Plain(body))
}

//! Fast CPU kernels in NHWC, forward and backward: convolution (direct, depthwise, Winograd), batch
//! normalisation, pooling, resizing, Adam.
//!
//! On slices: [`Conv`], [`Depthwise`], [`BatchNorm`], [`MaxPool`], [`AvgPool`], [`Resize`] and
//! [`Adam`] check shapes once and then run on `&[f32]`, on rayon's current pool. With the feature
//! `burn` (on by default) the module `tensor` offers the same as differentiable operations on tensors.
//!
//! Kernels are written once and compiled for every [`InstructionSet`]; the widest that the processor
//! has is chosen at run time.
//!
//! **Determinism.** Work and sums are split by fixed chunks that depend on the shape alone: on one
//! machine the results have the same bits for any number of threads.
//!
//! **NaN stays visible.** `relu(NaN)` is NaN and a maximum over a window holding NaN is NaN, so a
//! diverged network cannot look healthy.
//!
//! `unsafe` is confined to this crate, and every block carries its argument.
#![allow(unsafe_code)]
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
#![allow(
    clippy::needless_range_loop,
    reason = "constant bounds over several arrays at once"
)]

mod activation;
mod adam;
mod batch_norm;
mod bf16;
mod conv;
mod depthwise;
pub mod elementwise;
mod isa;
mod memory;
mod pool;
mod pooling;
mod resize;
mod shape;
mod tile;
mod window;
mod winograd;

pub use activation::Activation;
pub use adam::{Adam, AdamSlices, AdamStep, WeightDecay, sum_of_squares};
pub use batch_norm::{BatchNorm, BatchNormBackward, BatchNormGrads, Statistics};
pub use bf16::Precision;
pub use conv::{Conv, ConvOptions, Epilogue, Packed};
pub use depthwise::Depthwise;
pub use isa::InstructionSet;
pub use pool::{AvgPool, MaxPool};
pub use pooling::Pooling;
pub use resize::Resize;
pub use shape::ShapeError;

#[cfg(feature = "burn")]
pub mod tensor;

//! Fast CPU kernels in NHWC, as an extension of the burn tensor framework.
//!
//! Every operation takes and returns tensors that are logically `[N, H, W, C]` (images, rows,
//! columns, channels) and is differentiable once through burn's autodiff with a hand-written
//! backward pass. On burn's CPU backend (`Flex`) `f32` tensors go through SIMD kernels written in
//! safe Rust (AVX2 + FMA or NEON are chosen at run time); other element types, and any other
//! backend, go through [`mod@reference`], which composes burn's own operations.
//!
//! Convolutions are direct: the source rows of a block are copied once into a zero-bordered
//! scratch, where the `kernel * channels` values under one kernel row lie side by side, and tiles
//! of 6 pixels by two vectors of output channels are accumulated in registers.
//!
//! **Determinism.** Work is split by fixed blocks of rows and images and partial sums are combined
//! in a fixed order: on one machine the results have the same bits for any number of threads.
//!
//! **NaN stays visible.** `relu(NaN)` is NaN and a maximum over a window holding NaN is NaN, so a
//! diverged network cannot look healthy.

mod autodiff;
mod batch_norm;
mod conv;
mod elementwise;
mod extension;
mod flex;
mod ops;
mod pool;
pub mod reference;
mod simd;

pub use extension::KernelBackend;
pub use ops::{
    BatchNormOutput, add_relu, avg_pool2d, batch_norm_infer, batch_norm_train, conv2d, max_pool2d,
};

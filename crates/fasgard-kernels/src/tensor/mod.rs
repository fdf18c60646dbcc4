//! The operations on tensors of the burn framework, differentiable once through its autodiff with a
//! hand-written backward pass.
//!
//! On burn's CPU backend (`Flex`) dense `f32` tensors are read in place by the kernels of this
//! crate; other element types, and any other backend, go through [`mod@reference`], which composes
//! burn's own operations.

mod autodiff;
mod extension;
mod flex;
mod ops;
mod prepared;
pub mod reference;

pub use extension::KernelBackend;
pub use ops::{
    BatchNormOutput, adam_step, add_relu, avg_pool2d, batch_norm_infer, batch_norm_join,
    batch_norm_train, conv2d, depthwise_conv2d, max_pool2d, resize, squared_norm,
};
pub use prepared::PreparedConv;

//! Layers, one a file. Every convolution of every model goes through [`Conv`].

mod batch_norm;
mod conv;
mod conv_bn;
mod linear;
mod prelu;
mod resize;

pub use batch_norm::BatchNorm;
pub use conv::{Conv, ConvInit, ConvShape};
pub use conv_bn::ConvBn;
pub use linear::Linear;
pub use prelu::Prelu;
pub use resize::resize_bilinear;

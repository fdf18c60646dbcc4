//! What a convolution is asked for.

use crate::bf16::Precision;

/// How a convolution slides and is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConvOptions {
    /// Input pixels between two output pixels, in both directions.
    pub stride: usize,
    /// Zero pixels added on every side.
    pub padding: usize,
    /// Zero pixels added at the bottom and at the right beyond that. With a stride of 2, a kernel of
    /// `k`, padding `k / 2 - 1` and 1 here, it is TensorFlow's `SAME` padding of an even side.
    pub extra: usize,
    /// Whether Winograd's algorithm may be used where it is faster.
    pub winograd: bool,
    /// Element type of the products of 1x1 and of strided convolutions.
    pub precision: Precision,
}

impl ConvOptions {
    /// Full precision, Winograd's algorithm where it is faster.
    pub fn new(stride: usize, padding: usize) -> Self {
        Self {
            stride,
            padding,
            extra: 0,
            winograd: true,
            precision: Precision::F32,
        }
    }

    /// The same with more zero pixels at the bottom and at the right.
    pub fn with_extra(mut self, extra: usize) -> Self {
        self.extra = extra;
        self
    }
}

//! TensorFlow Lite files: a bounded reader and an executor for convolutional networks in `f32`.
//!
//! It knows the operators of the two face networks (`CONV_2D`, `DEPTHWISE_CONV_2D`, `PRELU`, `RELU`,
//! `ADD`, `MAX_POOL_2D`, `PAD`, `RESHAPE`, `CONCATENATION`, `DEQUANTIZE` of 16-bit weights) and refuses
//! others by number. A file is untrusted: any bytes give a network or a [`TfliteError`].

mod flat;
mod fuse;
mod graph;
mod layer;
mod operator;
mod plan;
mod run;
mod step;

use fasgard_kernels::ShapeError;

pub use layer::{Activation, Convolution, Layer, LayerKind, Layers, Padding};
pub use plan::Network;

/// Why a file is not a network that can be run, or an input does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TfliteError {
    /// Not a TensorFlow Lite file.
    #[error("not a TensorFlow Lite file: expected the identifier TFL3 at byte 4")]
    NotTflite,
    /// An offset or length that leaves the file.
    #[error("damaged: what byte {at} refers to lies outside the file of {len} bytes")]
    OutOfBounds {
        /// Where it was read.
        at: usize,
        /// Length of the file.
        len: usize,
    },
    /// A size above a limit.
    #[error("{what} has {found} elements, at most {limit} are read")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Elements found.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// An operator or option that is not implemented.
    #[error("operator {index} of the graph: {what} is not supported")]
    Unsupported {
        /// Its place in the graph.
        index: usize,
        /// What is not supported.
        what: String,
    },
    /// An inconsistent graph.
    #[error("operator {index} of the graph: {what}")]
    Graph {
        /// Its place in the graph.
        index: usize,
        /// What is wrong.
        what: String,
    },
    /// Inputs or outputs of the graph that are not tensors with a fixed shape.
    #[error("the graph's {what}")]
    Ends {
        /// What is wrong.
        what: &'static str,
    },
    /// Shapes that do not fit.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// An input of the wrong length.
    #[error("the input has {found} values, expected {expected}")]
    Input {
        /// Values found.
        found: usize,
        /// Values expected.
        expected: usize,
    },
}

//! Shapes that do not fit together.

use thiserror::Error;

/// Why an operation cannot run on tensors of these shapes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShapeError {
    /// Channel counts or kernel sides that do not fit.
    #[error(
        "{operation}: weights {weight:?} do not fit input [N, H, W, C] {input:?}: expected \
         {expected}"
    )]
    Weights {
        /// The operation.
        operation: &'static str,
        /// Input shape.
        input: Vec<usize>,
        /// Weight shape.
        weight: Vec<usize>,
        /// What would fit.
        expected: &'static str,
    },
    /// A size of zero.
    #[error("{operation}: shape {shape:?} (with stride or kernel {step}) must not hold a zero")]
    Empty {
        /// The operation.
        operation: &'static str,
        /// The shape.
        shape: Vec<usize>,
        /// Stride or kernel.
        step: usize,
    },
    /// A kernel larger than the padded input.
    #[error("{operation}: kernel {kernel} is larger than input {rows}x{cols} padded by {padding}")]
    Kernel {
        /// The operation.
        operation: &'static str,
        /// Kernel side.
        kernel: usize,
        /// Input rows.
        rows: usize,
        /// Input columns.
        cols: usize,
        /// Padding on every side.
        padding: usize,
    },
    /// More elements than memory can address.
    #[error("{operation}: shape {shape:?} has more elements than memory can address")]
    Overflow {
        /// The operation.
        operation: &'static str,
        /// The shape.
        shape: Vec<usize>,
    },
    /// Weights packed for another convolution.
    #[error("{operation}: weights were packed for {found}, expected {expected}")]
    Packed {
        /// The operation.
        operation: &'static str,
        /// What they were packed for.
        found: String,
        /// What is asked of them.
        expected: String,
    },
    /// Tensors of different shapes where they must be the same.
    #[error("{operation}: {what} has shape {found:?}, expected {expected:?}")]
    Different {
        /// The operation.
        operation: &'static str,
        /// Which tensor.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape expected.
        expected: Vec<usize>,
    },
    /// A buffer of the wrong length.
    #[error("{operation}: {what} has {found} elements, expected {expected}")]
    Length {
        /// The operation.
        operation: &'static str,
        /// Which buffer.
        what: &'static str,
        /// Elements found.
        found: usize,
        /// Elements expected.
        expected: usize,
    },
}

/// Elements of a shape, each of at most 16 bytes in any buffer made of it.
pub(crate) fn elements(operation: &'static str, shape: &[usize]) -> Result<usize, ShapeError> {
    shape
        .iter()
        .try_fold(1usize, |product, size| product.checked_mul(*size))
        .filter(|elements| *elements <= isize::MAX as usize / 16)
        .ok_or_else(|| ShapeError::Overflow {
            operation,
            shape: shape.to_vec(),
        })
}

/// Checks a buffer's length.
pub(crate) fn length(
    operation: &'static str,
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), ShapeError> {
    if found == expected {
        Ok(())
    } else {
        Err(ShapeError::Length {
            operation,
            what,
            found,
            expected,
        })
    }
}

/// Checks that a tensor has the shape of another.
#[cfg(feature = "burn")]
pub(crate) fn same(
    operation: &'static str,
    what: &'static str,
    found: &[usize],
    expected: &[usize],
) -> Result<(), ShapeError> {
    if found == expected {
        Ok(())
    } else {
        Err(ShapeError::Different {
            operation,
            what,
            found: found.to_vec(),
            expected: expected.to_vec(),
        })
    }
}

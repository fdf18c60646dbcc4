//! The window that slides over a map, of convolutions and pools.

use crate::shape::{self, ShapeError};

/// Input and output rows and columns of a window sliding over `x` `[N, H, W, C]`, padded on every side
/// and by `extra` at the bottom and at the right.
pub(crate) fn window(
    operation: &'static str,
    x: [usize; 4],
    kernel: usize,
    stride: usize,
    [padding, extra]: [usize; 2],
) -> Result<([usize; 2], [usize; 2]), ShapeError> {
    let [images, height, width, channels] = x;
    let empty = x.contains(&0) || kernel == 0 || stride == 0;
    if empty {
        return Err(ShapeError::Empty {
            operation,
            shape: x.to_vec(),
            step: stride.min(kernel),
        });
    }
    shape::elements(operation, &x)?;
    let overflow = || ShapeError::Overflow {
        operation,
        shape: x.to_vec(),
    };
    let padded = |size: usize| {
        let double = padding.checked_mul(2)?;
        size.checked_add(double)?.checked_add(extra)
    };
    let wide = [
        padded(height).ok_or_else(overflow)?,
        padded(width).ok_or_else(overflow)?,
    ];
    shape::elements(operation, &[images, wide[0], wide[1], channels])?;
    if wide.iter().any(|size| *size < kernel) {
        return Err(ShapeError::Kernel {
            operation,
            kernel,
            rows: height,
            cols: width,
            padding,
        });
    }
    Ok((
        [height, width],
        wide.map(|size| (size - kernel) / stride + 1),
    ))
}

//! Bilinear resizing composed from burn's operations.

use super::{TO_NCHW, TO_NHWC};
use crate::Resize;
use crate::tensor::ops::fits;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata, ops};
use burn::tensor::{Shape, TensorData};

/// Bilinear resize of rows and columns to `size`, half-pixel centres, no antialiasing.
pub fn resize<B: Backend>(x: FloatTensor<B>, size: [usize; 2]) -> FloatTensor<B> {
    let mode = ops::InterpolateMode::Bilinear;
    let options = ops::InterpolateOptions::new(mode).with_align_corners(false);
    let x = B::float_permute(x, &TO_NCHW);
    B::float_permute(B::interpolate(x, size, options), &TO_NHWC)
}

/// Gradient of [`resize`] for `input` rows and columns.
///
/// Two matrix products, as resizing is linear in rows and in columns: burn's graphics card backends
/// have no backward pass of bilinear interpolation.
pub fn resize_grad<B: Backend>(grad: FloatTensor<B>, input: [usize; 2]) -> FloatTensor<B> {
    let [n, rows, cols, channels] = grad.shape().dims::<4>();
    let [height, width] = input;
    let resize = fits(Resize::new([n, height, width, channels], [rows, cols]));
    let (device, dtype) = (grad.device(), grad.dtype());
    let [of_rows, of_cols] = resize.grad_matrices();
    let matrix = |values: Vec<f32>, shape: [usize; 3]| {
        B::float_from_data(TensorData::new(values, shape).convert_dtype(dtype), &device)
    };
    let grad = B::float_reshape(grad, Shape::from([n, rows, cols * channels]));
    let grad = B::float_matmul(matrix(of_rows, [1, height, rows]), grad);
    let grad = B::float_reshape(grad, Shape::from([n * height, cols, channels]));
    let grad = B::float_matmul(matrix(of_cols, [1, width, cols]), grad);
    B::float_reshape(grad, Shape::from([n, height, width, channels]))
}

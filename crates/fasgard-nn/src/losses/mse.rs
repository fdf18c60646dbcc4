//! Mean squared error.

use burn::tensor::Tensor;

/// Mean of `(prediction - truth)²` over all elements.
pub fn mse<const D: usize>(prediction: Tensor<D>, truth: Tensor<D>) -> Tensor<1> {
    let error = prediction - truth;
    (error.clone() * error).mean()
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    #[test]
    fn hand_computed() {
        let device = Device::flex();
        let a = Tensor::<1>::from_data(TensorData::from([1.0f32, 2.0, 3.0]), &device);
        let b = Tensor::<1>::from_data(TensorData::from([1.0f32, 0.0, 0.0]), &device);
        assert!((mse(a, b).into_scalar::<f32>() - 13.0 / 3.0).abs() < 1e-6);
    }
}

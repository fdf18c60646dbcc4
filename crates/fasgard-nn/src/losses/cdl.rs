//! Contrastive depth loss (arXiv 2003.08061, as in CDCN).

use burn::tensor::{Tensor, TensorData};
use fasgard_kernels::{ConvOptions, tensor::conv2d};

/// Side of the smallest map that the loss is defined on.
pub const SMALLEST_CONTRAST: usize = 3;

/// The eight neighbours of a 3x3 kernel's centre, row by row.
const NEIGHBOURS: [usize; 8] = [0, 1, 2, 3, 5, 6, 7, 8];

/// The mean squared difference between the contrasts of both maps, where a contrast is a
/// neighbour's depth minus the centre's, for the 8 neighbours of every inner position.
///
/// `prediction` and `truth` are `[N, s, s, 1]` with s at least 3: the kernels have no padding, so
/// the contrasts are `[N, s - 2, s - 2, 8]`. A contrast is linear, so that of the difference is
/// taken once.
pub fn contrastive_depth(prediction: Tensor<4>, truth: Tensor<4>) -> Tensor<1> {
    let error = prediction - truth;
    let mut kernels = vec![0.0f32; 8 * 9];
    for (kernel, neighbour) in NEIGHBOURS.into_iter().enumerate() {
        kernels[kernel * 9 + neighbour] = 1.0;
        kernels[kernel * 9 + 4] = -1.0;
    }
    let kernels = Tensor::from_data(TensorData::new(kernels, [8, 1, 3, 3]), &error.device());
    let contrast = conv2d(error, kernels, ConvOptions::new(1, 0));
    (contrast.clone() * contrast).mean()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn map(values: &[f32], side: usize) -> Tensor<4> {
        Tensor::from_data(
            TensorData::new(values.to_vec(), [1, side, side, 1]),
            &Device::flex(),
        )
    }

    /// Error 1..9 around 5: neighbours differ from the centre by -4..4 without 0: 2 (1+4+9+16) / 8.
    #[test]
    fn hand_computed() {
        let error: Vec<f32> = (1..=9).map(|v| v as f32).collect();
        let loss = contrastive_depth(map(&error, 3), map(&[0.0; 9], 3)).into_scalar::<f32>();
        assert!((loss - 7.5).abs() < 1e-5, "{loss}");
    }

    #[test]
    fn a_constant_offset_costs_nothing() {
        let truth: Vec<f32> = (0..16).map(|v| (v % 5) as f32).collect();
        let moved: Vec<f32> = truth.iter().map(|v| v + 0.5).collect();
        let loss = contrastive_depth(map(&moved, 4), map(&truth, 4)).into_scalar::<f32>();
        assert!(loss.abs() < 1e-10, "{loss}");
    }
}

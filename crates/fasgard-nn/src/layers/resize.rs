//! Resizing of feature maps.

use burn::tensor::Tensor;
use fasgard_kernels::tensor::{avg_pool2d, resize};

/// Resizes `[N, H, W, C]` to `[N, side, side, C]` bilinearly with half-pixel centres and without
/// antialiasing: PyTorch's `Upsample(mode="bilinear")` with `align_corners=False`, as CDCN uses it.
pub fn resize_bilinear(x: Tensor<4>, side: usize) -> Tensor<4> {
    let [_, height, width, _] = x.dims();
    if [height, width] == [side, side] {
        return x;
    }
    if height == 2 * side && width == 2 * side {
        // Halving samples midway between pixels: exactly the mean of 2x2.
        return avg_pool2d(x, 2);
    }
    resize(x, [side, side])
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn ramp(side: usize) -> Tensor<4> {
        let values: Vec<f32> = (0..side * side).map(|v| (v * v % 31) as f32).collect();
        Tensor::from_data(TensorData::new(values, [1, side, side, 1]), &Device::flex())
    }

    /// 128 to 32 is the mean of the 2x2 pixels at rows and columns 4i+1, 4i+2; 64 to 32 the plain
    /// 2x2 mean (exact arithmetic of half-pixel sampling).
    #[test]
    fn shrinking_samples_at_half_pixels() {
        for (from, to, first) in [(8usize, 2usize, 1usize), (4, 2, 0)] {
            let data = ramp(from).into_data().try_to_vec::<f32>().unwrap();
            let got = resize_bilinear(ramp(from), to)
                .into_data()
                .try_to_vec::<f32>()
                .unwrap();
            let step = from / to;
            for i in 0..to {
                for j in 0..to {
                    let (r, c) = (i * step + first, j * step + first);
                    let mean = (data[r * from + c]
                        + data[r * from + c + 1]
                        + data[(r + 1) * from + c]
                        + data[(r + 1) * from + c + 1])
                        / 4.0;
                    assert!((got[i * to + j] - mean).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn growing_interpolates_between_centres() {
        let x = Tensor::<4>::from_data(
            TensorData::new(vec![0.0f32, 1.0, 0.0, 1.0], [1, 2, 2, 1]),
            &Device::flex(),
        );
        let got = resize_bilinear(x, 4)
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        for (a, b) in got[..4].iter().zip([0.0, 0.25, 0.75, 1.0]) {
            assert!((a - b).abs() < 1e-6, "{got:?}");
        }
    }
}

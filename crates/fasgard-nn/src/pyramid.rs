//! The one idea: a map of where the face is live, at several scales.

use burn::tensor::Tensor;
use fasgard_kernels::tensor::avg_pool2d;

use crate::ConfigError;

/// The scales of a supervision, largest first: `[8, 4, 2, 1]` is a map of 8x8 and its average
/// pools of 4x4, 2x2 and 1x1. One scale is a pyramid of one level: there is no second code path.
///
/// Used for features, predictions, targets, losses and heat maps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pyramid {
    scales: Vec<usize>,
}

impl Pyramid {
    /// Refuses an empty list, a scale of zero, scales that do not strictly decrease, and a scale
    /// that does not divide the largest (average pools with fixed kernels must tile the map).
    pub fn new(scales: &[usize]) -> Result<Self, ConfigError> {
        let error = |expected: String| ConfigError {
            key: "model.supervision.scales",
            expected,
            found: format!("{scales:?}"),
        };
        let Some(&largest) = scales.first() else {
            return Err(error(
                "at least one scale, such as [8] or [8, 4, 2, 1]".into(),
            ));
        };
        if scales.contains(&0) || largest > 1024 {
            return Err(error("scales from 1 to 1024".into()));
        }
        if scales.windows(2).any(|pair| pair[1] >= pair[0]) {
            return Err(error("scales that strictly decrease, largest first".into()));
        }
        if let Some(scale) = scales.iter().find(|&&s| largest % s != 0) {
            return Err(error(format!(
                "scales that divide the largest, {largest} (scale {scale} does not)"
            )));
        }
        Ok(Self {
            scales: scales.to_vec(),
        })
    }

    /// The scales, largest first.
    pub fn scales(&self) -> &[usize] {
        &self.scales
    }

    /// The finest scale.
    pub fn largest(&self) -> usize {
        self.scales.first().copied().unwrap_or_default()
    }

    /// Number of cells over all scales (85 for `[8, 4, 2, 1]`).
    pub fn cells(&self) -> usize {
        self.scales.iter().map(|s| s * s).sum()
    }

    /// Average-pools `x` (`[N, S, S, C]`, S a multiple of every scale) to each scale:
    /// `[N, s, s, C]`, largest first.
    ///
    /// Every level is pooled from `x` itself with a fixed kernel of `S / s`, not from the level
    /// above: rounding does not add up and the exported graph needs no adaptive pooling.
    pub fn pool(&self, x: &Tensor<4>) -> Vec<Tensor<4>> {
        self.scales.iter().map(|&s| pool_to(x.clone(), s)).collect()
    }
}

/// Average-pools `[N, S, S, C]` to `[N, side, side, C]` with a fixed kernel of `S / side`.
pub(crate) fn pool_to(x: Tensor<4>, side: usize) -> Tensor<4> {
    let kernel = x.dims()[1] / side;
    if kernel == 1 {
        x
    } else {
        avg_pool2d(x, kernel)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hand_computed_pools() {
        let device = Device::flex();
        let map: Vec<f32> = (0..16).map(|v| v as f32).collect();
        let x = Tensor::<4>::from_data(TensorData::new(map, [1, 4, 4, 1]), &device);
        let levels = Pyramid::new(&[4, 2, 1]).unwrap().pool(&x);
        let values = |i: usize| levels[i].clone().into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(values(0), (0..16).map(|v| v as f32).collect::<Vec<_>>());
        assert_eq!(values(1), [2.5, 4.5, 10.5, 12.5]);
        assert_eq!(values(2), [7.5]);
    }

    #[test]
    fn refusals_name_what_is_wrong() {
        for (scales, text) in [
            (&[][..], "at least one"),
            (&[8, 0], "from 1"),
            (&[4, 8], "strictly decrease"),
            (&[8, 8], "strictly decrease"),
            (&[8, 3], "scale 3 does not"),
        ] {
            let message = Pyramid::new(scales).unwrap_err().to_string();
            assert!(message.contains(text), "{message}");
        }
    }

    #[test]
    fn cells_of_the_article() {
        assert_eq!(Pyramid::new(&[8, 4, 2, 1]).unwrap().cells(), 85);
    }

    proptest! {
        /// Average pooling keeps the mean when scales divide: the reason why the depth score over
        /// all scales equals the mean of the finest map.
        #[test]
        fn pooling_keeps_the_mean(values in proptest::collection::vec(-1.0f32..1.0, 64)) {
            let device = Device::flex();
            let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / 64.0;
            let x = Tensor::<4>::from_data(TensorData::new(values, [1, 8, 8, 1]), &device);
            for level in Pyramid::new(&[8, 4, 2, 1]).unwrap().pool(&x) {
                let got = f64::from(level.mean().into_scalar::<f32>());
                prop_assert!((got - mean).abs() < 1e-5, "{got} {mean}");
            }
        }
    }
}

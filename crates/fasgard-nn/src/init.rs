//! Seeded initialisation. Nothing is drawn from the tensor backend's generator, so that the same
//! seed gives the same weights on every device and for any thread count.

use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Draws initial weights from one stream, in the order in which layers are built.
pub struct Init {
    /// None: every weight is zero.
    rng: Option<ChaCha8Rng>,
    device: Device,
}

impl Init {
    /// Weights for `device` drawn from `rng`.
    pub fn new(rng: ChaCha8Rng, device: &Device) -> Self {
        Self {
            rng: Some(rng),
            device: device.clone(),
        }
    }

    /// Zeros for `device`, where other weights take their place at once: drawing them would take most
    /// of the time in which a model file is opened.
    pub fn zeros(device: &Device) -> Self {
        Self {
            rng: None,
            device: device.clone(),
        }
    }

    /// The device that weights are put on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Uniform in `[-bound, bound]`.
    pub fn uniform<const D: usize>(&mut self, shape: [usize; D], bound: f64) -> Tensor<D> {
        self.fill(shape, |rng| (rng.random::<f64>() * 2.0 - 1.0) * bound)
    }

    /// Normal with mean zero and the given standard deviation (Box-Muller).
    pub fn normal<const D: usize>(&mut self, shape: [usize; D], std: f64) -> Tensor<D> {
        self.fill(shape, |rng| {
            // 1 - u lies in (0, 1], so the logarithm is finite.
            let (u, v) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
            (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos() * std
        })
    }

    /// The same value everywhere.
    pub fn constant<const D: usize>(&self, shape: [usize; D], value: f32) -> Tensor<D> {
        Tensor::full(shape, value, &self.device)
    }

    fn fill<const D: usize>(
        &mut self,
        shape: [usize; D],
        mut draw: impl FnMut(&mut ChaCha8Rng) -> f64,
    ) -> Tensor<D> {
        let Some(rng) = &mut self.rng else {
            return Tensor::zeros(shape, &self.device);
        };
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|_| draw(rng) as f32)
            .collect();
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }
}

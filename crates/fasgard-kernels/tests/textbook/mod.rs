//! Batch normalisation by the textbook, in `f64`.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use crate::naive::values;
use fasgard_kernels::{BatchNorm, BatchNormBackward, BatchNormGrads};

pub const EPSILON: f64 = 1e-5;

pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// Mean and biased variance of every channel.
pub fn statistics(x: &[f64], channels: usize) -> (Vec<f64>, Vec<f64>) {
    let count = (x.len() / channels) as f64;
    let of = |c: usize| x.iter().skip(c).step_by(channels);
    let mean: Vec<f64> = (0..channels).map(|c| of(c).sum::<f64>() / count).collect();
    let variance = (0..channels)
        .map(|c| of(c).map(|x| (x - mean[c]).powi(2)).sum::<f64>() / count)
        .collect();
    (mean, variance)
}

/// Before a ReLU.
pub fn normalized(x: &[f64], gamma: &[f64], beta: &[f64], residual: Option<&[f64]>) -> Vec<f64> {
    let channels = gamma.len();
    let (mean, variance) = statistics(x, channels);
    x.iter()
        .enumerate()
        .map(|(i, x)| {
            let c = i % channels;
            let normal = (x - mean[c]) / (variance[c] + EPSILON).sqrt();
            normal * gamma[c] + beta[c] + residual.map_or(0.0, |residual| residual[i])
        })
        .collect()
}

/// Values for one normalisation, and the code under test run on them.
pub struct Case {
    pub x: Vec<f32>,
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
    pub residual: Vec<f32>,
    pub grad: Vec<f32>,
}

impl Case {
    pub fn new(pixels: usize, channels: usize) -> Self {
        let offsets = values(channels, 9);
        let x = values(pixels * channels, 1)
            .iter()
            .enumerate()
            .map(|(i, x)| x * 2.0 + 5.0 * offsets[i % channels])
            .collect();
        Self {
            x,
            gamma: values(channels, 2).iter().map(|g| g + 1.5).collect(),
            beta: values(channels, 3),
            residual: values(pixels * channels, 4),
            grad: values(pixels * channels, 5),
        }
    }

    pub fn run(&self, relu: bool, residual: bool) -> (Vec<f32>, BatchNormGrads) {
        let norm = BatchNorm::new(self.gamma.len(), EPSILON)
            .unwrap()
            .with_relu(relu);
        let residual = residual.then_some(&self.residual[..]);
        let (y, statistics) = norm
            .train(&self.x, &self.gamma, &self.beta, residual)
            .unwrap();
        let grads = norm
            .backward(&BatchNormBackward {
                x: &self.x,
                gamma: &self.gamma,
                beta: &self.beta,
                mean: &statistics.mean,
                variance: &statistics.variance,
                grad: &self.grad,
                output: residual.map(|_| &y[..]),
            })
            .unwrap();
        (y, grads)
    }

    /// The largest of `gamma / deviation * value`: what the normalised `x` and its gradient are
    /// differences of.
    pub fn largest_term(&self, values: &[f32]) -> f64 {
        let channels = self.gamma.len();
        let (_, variance) = statistics(&wide(&self.x), channels);
        let terms = values.iter().enumerate().map(|(i, value)| {
            let c = i % channels;
            (f64::from(self.gamma[c]) * f64::from(*value)).abs() / (variance[c] + EPSILON).sqrt()
        });
        terms.fold(1e-3, f64::max)
    }

    /// The gradients by the textbook, with the ReLU cut where the output `y` of the tested code is.
    pub fn gradients(&self, y: &[f32], relu: bool) -> [Vec<f64>; 4] {
        let channels = self.gamma.len();
        let x = wide(&self.x);
        let (mean, variance) = statistics(&x, channels);
        let count = (x.len() / channels) as f64;
        let cut = |(g, y): (&f32, &f32)| {
            if relu && *y <= 0.0 {
                0.0
            } else {
                f64::from(*g)
            }
        };
        let grad: Vec<f64> = self.grad.iter().zip(y).map(cut).collect();
        let normal =
            |i: usize| (x[i] - mean[i % channels]) / (variance[i % channels] + EPSILON).sqrt();
        let (mut gamma, mut beta) = (vec![0.0; channels], vec![0.0; channels]);
        for (i, grad) in grad.iter().enumerate() {
            gamma[i % channels] += grad * normal(i);
            beta[i % channels] += grad;
        }
        let dx = (0..x.len())
            .map(|i| {
                let c = i % channels;
                let scale = f64::from(self.gamma[c]) / (variance[c] + EPSILON).sqrt();
                scale * (grad[i] - beta[c] / count - normal(i) * gamma[c] / count)
            })
            .collect();
        [dx, gamma, beta, grad]
    }
}

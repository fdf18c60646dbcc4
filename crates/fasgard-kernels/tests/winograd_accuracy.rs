//! What Winograd's algorithm costs in accuracy on layers of real size, against sums in `f64`.
//!
//! `cargo test -p fasgard-kernels --test winograd_accuracy -- --nocapture` prints the figures.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod naive;

use fasgard_kernels::{Conv, Epilogue};
use naive::values;

/// Most that RMS error may be, relative to the RMS of the result.
const BOUND: f64 = 1e-5;
/// Elements of a result that are compared.
const SAMPLES: usize = 2000;
/// A prime, so that samples fall on all channels and places of a tile.
const STRIDE: usize = 1_000_003;

struct Layer {
    x: [usize; 4],
    outputs: usize,
}

/// The sums of a 3x3 convolution of stride 1 and padding 1, one at a time.
impl Layer {
    /// Elements `[image, row, col, channel]` of a map with `channels`, shifted; `None` outside.
    fn at(&self, [image, row, col]: [usize; 3], tap: usize, channels: usize) -> Option<usize> {
        let [_, height, width, _] = self.x;
        let (row, col) = (row + tap / 3, col + tap % 3);
        let inside = (1..=height).contains(&row) && (1..=width).contains(&col);
        inside.then(|| ((image * height + row - 1) * width + col - 1) * channels)
    }

    fn place(&self, pixel: usize) -> [usize; 3] {
        let [_, height, width, _] = self.x;
        [
            pixel / (height * width),
            pixel / width % height,
            pixel % width,
        ]
    }

    fn forward(&self, x: &[f32], weight: &[f32], index: usize) -> f64 {
        let (inputs, output) = (self.x[3], index % self.outputs);
        let place = self.place(index / self.outputs);
        let mut sum = 0.0;
        for tap in 0..9 {
            let Some(from) = self.at(place, tap, inputs) else {
                continue;
            };
            for i in 0..inputs {
                let weight = weight[(output * inputs + i) * 9 + tap];
                sum += f64::from(x[from + i]) * f64::from(weight);
            }
        }
        sum
    }

    fn input_grad(&self, weight: &[f32], grad: &[f32], index: usize) -> f64 {
        let (inputs, input) = (self.x[3], index % self.x[3]);
        let place = self.place(index / inputs);
        let mut sum = 0.0;
        for tap in 0..9 {
            let Some(from) = self.at(place, tap, self.outputs) else {
                continue;
            };
            for o in 0..self.outputs {
                let weight = weight[(o * inputs + input) * 9 + 8 - tap];
                sum += f64::from(grad[from + o]) * f64::from(weight);
            }
        }
        sum
    }

    fn weight_grad(&self, x: &[f32], grad: &[f32], index: usize) -> f64 {
        let (inputs, tap) = (self.x[3], index % 9);
        let (output, input) = (index / 9 / inputs, index / 9 % inputs);
        let pixels = self.x[0] * self.x[1] * self.x[2];
        (0..pixels)
            .filter_map(|pixel| {
                let from = self.at(self.place(pixel), tap, inputs)?;
                let grad = grad[pixel * self.outputs + output];
                Some(f64::from(x[from + input]) * f64::from(grad))
            })
            .sum()
    }
}

/// About normal values: sums of four even ones.
fn normal(count: usize, seed: u64, deviation: f32) -> Vec<f32> {
    let even = values(4 * count, seed);
    // Four even values in -1..1 have variance 4/3.
    let scale = deviation * (3.0f32 / 4.0).sqrt();
    even.chunks_exact(4)
        .map(|four| four.iter().sum::<f32>() * scale)
        .collect()
}

/// RMS error of some elements over their RMS.
fn error(actual: &[f32], exact: impl Fn(usize) -> f64) -> f64 {
    let (mut square, mut wrong) = (0.0, 0.0);
    for sample in 0..SAMPLES {
        let index = sample * STRIDE % actual.len();
        let value = exact(index);
        square += value * value;
        wrong += (f64::from(actual[index]) - value).powi(2);
    }
    (wrong / square).sqrt()
}

#[test]
fn errors_are_bounded_on_real_layers() {
    println!(
        "{:<24}{:>28}{:>28}{:>28}",
        "", "forward", "input gradient", "weight gradient"
    );
    for (x, outputs) in [
        ([1, 64, 64, 64], 64),
        ([1, 32, 32, 128], 128),
        ([4, 16, 16, 256], 256),
        ([16, 8, 8, 512], 512),
        ([1, 64, 64, 128], 196),
    ] {
        let layer = Layer { x, outputs };
        let weight_shape = [outputs, x[3], 3, 3];
        // Behind a ReLU, and weights that keep the variance through one.
        let deviation = (2.0 / (9.0 * x[3] as f32)).sqrt();
        let map: Vec<f32> = normal(x.iter().product(), 1, 1.0)
            .iter()
            .map(|x| x.max(0.0))
            .collect();
        let weight = normal(weight_shape.iter().product(), 2, deviation);
        let conv = Conv::new(x, weight_shape, 1, 1).unwrap();
        let grad = normal(conv.output_shape().iter().product(), 3, 1.0);
        let errors = [true, false].map(|winograd| {
            let conv = conv.with_winograd(winograd);
            let y = conv.forward(&map, &weight, Epilogue::default()).unwrap();
            let dx = conv.input_grad(&weight, &grad).unwrap();
            let dw = conv.weight_grad(&map, &grad).unwrap();
            [
                error(&y, |index| layer.forward(&map, &weight, index)),
                error(&dx, |index| layer.input_grad(&weight, &grad, index)),
                error(&dw, |index| layer.weight_grad(&map, &grad, index)),
            ]
        });
        let [fast, direct] = errors;
        let cell = |pass: usize| format!("{:.2e} (direct {:.2e})", fast[pass], direct[pass]);
        println!(
            "{:<24}{:>28}{:>28}{:>28}",
            format!("{x:?} {outputs}"),
            cell(0),
            cell(1),
            cell(2)
        );
        for pass in 0..3 {
            assert!(
                fast[pass] <= BOUND,
                "{x:?} {outputs}, pass {pass}: {}",
                fast[pass]
            );
            assert!(
                direct[pass] <= BOUND / 4.0,
                "{x:?} {outputs}, pass {pass}: {}",
                direct[pass]
            );
        }
        // These are large enough to be transformed; without the transform they are exacter.
        for pass in 0..3 {
            assert!(
                direct[pass] < fast[pass],
                "{x:?} {outputs}, pass {pass}: {errors:?}"
            );
        }
    }
}

//! The definition of a convolution and its gradients, in `f64`, without any cleverness.
#![allow(dead_code, unreachable_pub)]

use proptest::test_runner::Config;

/// As many random cases, or what `PROPTEST_CASES` says: an emulator has time for fewer.
pub fn cases(count: u32) -> Config {
    let set = std::env::var_os("PROPTEST_CASES").is_some();
    Config {
        cases: if set { Config::default().cases } else { count },
        ..Config::default()
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// `[N, H, W, Ci]`.
    pub x: [usize; 4],
    /// `[Co, Ci, k, k]`.
    pub weight: [usize; 4],
    pub stride: usize,
    pub padding: usize,
}

/// Values in about -1..1 from a fixed integer hash.
pub fn values(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

/// What rounding errors are measured by: the largest of `values`, or a quarter of the largest sum of the
/// magnitudes of the products that they are sums of. Rounding grows with the products, not with what is left
/// of them where they cancel, as in a small shape by chance.
pub fn scale(values: &[f64], magnitudes: &[f64]) -> f64 {
    let largest = |values: &[f64]| values.iter().fold(1e-3f64, |most, v| most.max(v.abs()));
    largest(values).max(largest(magnitudes) / 4.0)
}

/// Every element without its sign.
pub fn magnitudes(values: &[f32]) -> Vec<f32> {
    values.iter().map(|value| value.abs()).collect()
}

impl Shape {
    pub fn output(&self) -> [usize; 4] {
        let out = |size: usize| (size + 2 * self.padding - self.weight[2]) / self.stride + 1;
        [self.x[0], out(self.x[1]), out(self.x[2]), self.weight[0]]
    }

    /// Calls `f(input pixel, output pixel, kernel element)` for every pair that meets.
    fn pairs(&self, mut f: impl FnMut(usize, usize, usize)) {
        let ([images, height, width, _], [_, rows, cols, _]) = (self.x, self.output());
        let k = self.weight[2];
        for image in 0..images {
            for row in 0..rows {
                for col in 0..cols {
                    for tap in 0..k * k {
                        let y = (row * self.stride + tap / k).wrapping_sub(self.padding);
                        let x = (col * self.stride + tap % k).wrapping_sub(self.padding);
                        if y < height && x < width {
                            f(
                                (image * height + y) * width + x,
                                (image * rows + row) * cols + col,
                                tap,
                            );
                        }
                    }
                }
            }
        }
    }
}

pub fn forward(shape: &Shape, x: &[f32], weight: &[f32]) -> Vec<f64> {
    let [outputs, inputs, k, _] = shape.weight;
    let mut out = vec![0.0; shape.output().iter().product()];
    shape.pairs(|from, to, tap| {
        for o in 0..outputs {
            for i in 0..inputs {
                out[to * outputs + o] += f64::from(x[from * inputs + i])
                    * f64::from(weight[(o * inputs + i) * k * k + tap]);
            }
        }
    });
    out
}

pub fn input_grad(shape: &Shape, weight: &[f32], grad: &[f32]) -> Vec<f64> {
    let [outputs, inputs, k, _] = shape.weight;
    let mut out = vec![0.0; shape.x.iter().product()];
    shape.pairs(|from, to, tap| {
        for o in 0..outputs {
            for i in 0..inputs {
                out[from * inputs + i] += f64::from(grad[to * outputs + o])
                    * f64::from(weight[(o * inputs + i) * k * k + tap]);
            }
        }
    });
    out
}

pub fn weight_grad(shape: &Shape, x: &[f32], grad: &[f32]) -> Vec<f64> {
    let [outputs, inputs, k, _] = shape.weight;
    let mut out = vec![0.0; shape.weight.iter().product()];
    shape.pairs(|from, to, tap| {
        for o in 0..outputs {
            for i in 0..inputs {
                out[(o * inputs + i) * k * k + tap] +=
                    f64::from(x[from * inputs + i]) * f64::from(grad[to * outputs + o]);
            }
        }
    });
    out
}

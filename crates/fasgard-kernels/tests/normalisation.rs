//! Batch normalisation and the residual join against naive `f64`, finite differences included.
#![allow(clippy::unwrap_used, missing_docs)]

mod naive;

use fasgard_kernels::{
    BatchNorm, BatchNormBackward, BatchNormGrads, Pooling, ShapeError, elementwise,
};
use naive::values;
use proptest::prelude::*;

/// So that the figures are of the kernels, not of fresh pages.
#[global_allocator]
static ALLOCATOR: Pooling<std::alloc::System> = Pooling::new(std::alloc::System);

const EPSILON: f64 = 1e-5;

#[track_caller]
fn assert_close(name: &str, actual: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{name}");
    let scale = expected
        .iter()
        .fold(1e-3f64, |scale, value| scale.max(value.abs()));
    for (index, (a, e)) in actual.iter().zip(expected).enumerate() {
        let error = (f64::from(*a) - e).abs();
        assert!(
            error <= tolerance * scale,
            "{name}[{index}]: {a}, not {e}, scale {scale}"
        );
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// Mean and biased variance of every channel.
fn statistics(x: &[f64], channels: usize) -> (Vec<f64>, Vec<f64>) {
    let count = (x.len() / channels) as f64;
    let of = |c: usize| x.iter().skip(c).step_by(channels);
    let mean: Vec<f64> = (0..channels).map(|c| of(c).sum::<f64>() / count).collect();
    let variance = (0..channels)
        .map(|c| of(c).map(|x| (x - mean[c]).powi(2)).sum::<f64>() / count)
        .collect();
    (mean, variance)
}

/// Before a ReLU.
fn normalized(x: &[f64], gamma: &[f64], beta: &[f64], residual: Option<&[f64]>) -> Vec<f64> {
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

struct Case {
    x: Vec<f32>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
    residual: Vec<f32>,
    grad: Vec<f32>,
}

impl Case {
    fn new(pixels: usize, channels: usize) -> Self {
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

    fn run(&self, relu: bool, residual: bool) -> (Vec<f32>, BatchNormGrads) {
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

    /// The gradients by the textbook, with the ReLU cut where the output `y` of the tested code is.
    fn gradients(&self, y: &[f32], relu: bool) -> [Vec<f64>; 4] {
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

fn check(pixels: usize, channels: usize) {
    let case = Case::new(pixels, channels);
    for (relu, residual) in [(false, false), (true, false), (false, true), (true, true)] {
        let name = format!("{pixels}x{channels} relu {relu} residual {residual}");
        let (y, grads) = case.run(relu, residual);
        let wide_residual = wide(&case.residual);
        let mut expected = normalized(
            &wide(&case.x),
            &wide(&case.gamma),
            &wide(&case.beta),
            residual.then_some(&wide_residual[..]),
        );
        if relu {
            expected.iter_mut().for_each(|y| *y = y.max(0.0));
        }
        assert_close(&name, &y, &expected, 4e-6);
        let [dx, gamma, beta, masked] = case.gradients(&y, relu);
        // One or two pixels normalise to nearly nothing or to a sign: compare absolutely then.
        let tolerance = if pixels < 8 { 1e-3 } else { 1e-5 };
        assert_close(&format!("{name} dx"), &grads.x, &dx, tolerance);
        assert_close(&format!("{name} dgamma"), &grads.gamma, &gamma, tolerance);
        assert_close(&format!("{name} dbeta"), &grads.beta, &beta, tolerance);
        assert_eq!(grads.residual.is_some(), relu && residual, "{name}");
        if let Some(of_residual) = grads.residual {
            assert_eq!(wide(&of_residual), masked, "{name}");
        }
    }
}

#[test]
fn channels_of_networks() {
    for (pixels, channels) in [
        (3000, 16),
        (1024, 64),
        (513, 128),
        (64, 2048),
        (333, 196),
        (100, 257),
        (40, 1000),
        (1, 33),
    ] {
        check(pixels, channels);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_shape(pixels in 2usize..600, channels in 1usize..68) {
        check(pixels, channels);
    }
}

#[test]
fn given_statistics_are_used() {
    let (x, gamma, beta) = (values(60, 1), [1.5, -0.5, 2.0], [0.1, 0.2, -0.3]);
    let (mean, variance) = ([0.3, -0.1, 0.0], [0.5, 2.0, 1.0]);
    let norm = BatchNorm::new(3, 1e-3).unwrap();
    let y = norm
        .normalize(&x, &gamma, &beta, (&mean, &variance), None)
        .unwrap();
    for (i, y) in y.iter().enumerate() {
        let (x, c) = (f64::from(x[i]), i % 3);
        let [gamma, beta, mean, variance] =
            [gamma[c], beta[c], mean[c], variance[c]].map(f64::from);
        let expected = (x - mean) / (variance + 1e-3).sqrt() * gamma + beta;
        assert!((f64::from(*y) - expected).abs() < 1e-6);
    }
}

/// Moves every input a little; the sum of outputs times `grad` must follow the gradients.
#[test]
fn gradients_follow_finite_differences() {
    let case = Case::new(12, 5);
    for relu in [false, true] {
        let (y, grads) = case.run(relu, true);
        let grad = wide(&case.grad);
        let loss = |x: &[f64], gamma: &[f64], beta: &[f64], residual: &[f64]| -> f64 {
            let outputs = normalized(x, gamma, beta, Some(residual));
            let cut = outputs.iter().map(|y| if relu { y.max(0.0) } else { *y });
            cut.zip(&grad).map(|(y, grad)| y * grad).sum()
        };
        let at = [&case.x, &case.gamma, &case.beta, &case.residual].map(|v| wide(v));
        let of_residual = grads.residual.unwrap_or_else(|| case.grad.clone());
        for (which, actual) in [&grads.x, &grads.gamma, &grads.beta, &of_residual]
            .iter()
            .enumerate()
        {
            for index in 0..actual.len() {
                let moved = |by: f64| {
                    let mut at = at.clone();
                    at[which][index] += by;
                    loss(&at[0], &at[1], &at[2], &at[3])
                };
                let expected = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                let error = (f64::from(actual[index]) - expected).abs();
                assert!(
                    error < 2e-5,
                    "{relu} {which} {index}: {} {expected}",
                    actual[index]
                );
            }
        }
        assert!(y.iter().all(|y| !relu || *y >= 0.0));
    }
}

#[test]
fn large_offsets_do_not_cancel() {
    let x: Vec<f32> = values(40_000, 1)
        .iter()
        .map(|x| 1000.0 + 0.01 * x)
        .collect();
    let found = BatchNorm::new(4, EPSILON).unwrap().statistics(&x).unwrap();
    let (mean, variance) = statistics(&wide(&x), 4);
    assert_close("mean", &found.mean, &mean, 1e-7);
    for (found, expected) in found.variance.iter().zip(variance) {
        let error = (f64::from(*found) - expected).abs();
        assert!(error < 1e-4 * expected, "{found} {expected}");
    }
    let constant = BatchNorm::new(4, EPSILON)
        .unwrap()
        .statistics(&[7.3; 400])
        .unwrap();
    assert_eq!(constant.variance, [0.0; 4]);
}

#[test]
fn nan_stays_visible() {
    let mut case = Case::new(50, 19);
    case.x[19 * 7 + 4] = f32::NAN;
    let (y, grads) = case.run(true, false);
    assert!((0..50).all(|pixel| y[pixel * 19 + 4].is_nan()));
    assert!(grads.x[4].is_nan() && grads.gamma[4].is_nan());
    assert!(
        grads
            .gamma
            .iter()
            .enumerate()
            .all(|(c, g)| c == 4 || g.is_finite())
    );

    let mut case = Case::new(50, 19);
    case.residual[19 * 7 + 4] = f32::NAN;
    let (y, _) = case.run(true, true);
    for (index, y) in y.iter().enumerate() {
        assert_eq!(y.is_nan(), index == 19 * 7 + 4);
    }
}

#[test]
fn threads_do_not_change_bits() {
    let case = Case::new(3001, 72);
    for residual in [false, true] {
        let results = [1, 2, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| case.run(true, residual))
        });
        assert_eq!(results[0], results[1]);
        assert_eq!(results[0], results[2]);
    }
}

#[test]
fn bad_shapes_are_errors() {
    assert!(matches!(
        BatchNorm::new(0, EPSILON),
        Err(ShapeError::Empty { .. })
    ));
    let norm = BatchNorm::new(4, EPSILON).unwrap().with_relu(true);
    let (x, four, three) = ([0.5; 12], [1.0; 4], [1.0; 3]);
    for bad in [&x[..11], &[]] {
        assert!(matches!(
            norm.statistics(bad),
            Err(ShapeError::Length { .. })
        ));
    }
    let length = |result: Result<Vec<f32>, ShapeError>| {
        assert!(matches!(result, Err(ShapeError::Length { .. })));
    };
    length(norm.normalize(&x, &three, &four, (&four, &four), None));
    length(norm.normalize(&x, &four, &three, (&four, &four), None));
    length(norm.normalize(&x, &four, &four, (&three, &four), None));
    length(norm.normalize(&x, &four, &four, (&four, &three), None));
    length(norm.normalize(&x, &four, &four, (&four, &four), Some(&x[..8])));
    let good = BatchNormBackward {
        x: &x,
        gamma: &four,
        beta: &four,
        mean: &four,
        variance: &four,
        grad: &x,
        output: Some(&x),
    };
    assert!(norm.backward(&good).is_ok());
    for bad in [
        BatchNormBackward { x: &x[..8], ..good },
        BatchNormBackward {
            gamma: &three,
            ..good
        },
        BatchNormBackward {
            beta: &three,
            ..good
        },
        BatchNormBackward {
            mean: &three,
            ..good
        },
        BatchNormBackward {
            variance: &three,
            ..good
        },
        BatchNormBackward {
            grad: &x[..8],
            ..good
        },
        BatchNormBackward {
            output: Some(&x[..8]),
            ..good
        },
    ] {
        assert!(matches!(
            norm.backward(&bad),
            Err(ShapeError::Length { .. })
        ));
    }
}

#[test]
fn residual_join() {
    for len in [0, 1, 67, 70_001] {
        let (mut a, b, grad) = (values(len, 1), values(len, 2), values(len, 3));
        if let Some(last) = a.last_mut() {
            *last = f32::NAN;
        }
        let y = elementwise::add_relu(&a, &b).unwrap();
        let dx = elementwise::relu_grad(&y, &grad).unwrap();
        assert_eq!((y.len(), dx.len()), (len, len));
        for i in 0..len {
            let sum = a[i] + b[i];
            let expected = if sum < 0.0 { 0.0 } else { sum };
            assert_eq!(y[i].to_bits(), expected.to_bits());
            assert_eq!(dx[i], if expected <= 0.0 { 0.0 } else { grad[i] });
        }
    }
    assert!(elementwise::add_relu(&[1.0], &[]).is_err());
    assert!(elementwise::relu_grad(&[1.0], &[]).is_err());
}

/// Least time of some calls, seconds.
fn best(mut f: impl FnMut()) -> f64 {
    let runs = (0..15).map(|_| {
        let start = std::time::Instant::now();
        f();
        start.elapsed().as_secs_f64()
    });
    runs.fold(f64::INFINITY, f64::min)
}

/// `cargo test --release --test normalisation -- --ignored --nocapture`
#[test]
#[ignore = "prints figures, checks nothing"]
fn throughput() {
    for channels in [16, 64, 67, 196, 256, 512, 2048] {
        // 16 MiB: beyond the second-level cache.
        let case = Case::new((4 << 20) / channels, channels);
        let norm = BatchNorm::new(channels, EPSILON).unwrap().with_relu(true);
        let bytes = 4.0 * case.x.len() as f64 * 1e-9;
        let (y, s) = norm.train(&case.x, &case.gamma, &case.beta, None).unwrap();
        let mut copy = vec![0.0f32; case.x.len()];
        let copied = best(|| {
            copy.copy_from_slice(&case.x);
            std::hint::black_box(&mut copy);
        });
        let statistics = best(|| drop(norm.statistics(&case.x).unwrap()));
        let apply = |residual| {
            let used = (&s.mean[..], &s.variance[..]);
            best(|| {
                drop(
                    norm.normalize(&case.x, &case.gamma, &case.beta, used, residual)
                        .unwrap(),
                );
            })
        };
        let (applied, joined) = (apply(None), apply(Some(&case.residual)));
        let backward = |output| {
            let from = BatchNormBackward {
                x: &case.x,
                gamma: &case.gamma,
                beta: &case.beta,
                mean: &s.mean,
                variance: &s.variance,
                grad: &case.grad,
                output,
            };
            best(|| drop(norm.backward(&from).unwrap()))
        };
        let (plain, with_output) = (backward(None), backward(Some(&y)));
        println!(
            "C {channels:4}: copy {:5.1} GB/s | statistics {:5.1} | apply {:5.1} | with residual \
             {:5.1} | backward {:5.1} | with residual {:5.1}",
            2.0 * bytes / copied,
            bytes / statistics,
            2.0 * bytes / applied,
            3.0 * bytes / joined,
            5.0 * bytes / plain,
            7.0 * bytes / with_output,
        );
    }
}

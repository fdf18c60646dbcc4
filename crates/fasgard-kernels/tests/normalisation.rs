//! Batch normalisation against naive `f64`, finite differences included.
#![allow(clippy::unwrap_used, missing_docs)]

mod naive;
mod textbook;

use fasgard_kernels::{BatchNorm, BatchNormBackward, Pooling, ShapeError};
use naive::values;
use proptest::prelude::*;
use textbook::{Case, EPSILON, normalized, statistics, wide};

/// So that the figures are of the kernels, not of fresh pages.
#[global_allocator]
static ALLOCATOR: Pooling<std::alloc::System> = Pooling::new(std::alloc::System);

#[track_caller]
fn assert_close(name: &str, actual: &[f32], expected: &[f64], tolerance: f64) {
    assert_close_beside(name, actual, expected, 1e-3, tolerance);
}

/// Within `tolerance` of the largest value, or of `terms`, whose sums the values are.
#[track_caller]
fn assert_close_beside(name: &str, actual: &[f32], expected: &[f64], terms: f64, tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{name}");
    let scale = expected
        .iter()
        .fold(terms, |scale, value| scale.max(value.abs()));
    for (index, (a, e)) in actual.iter().zip(expected).enumerate() {
        let error = (f64::from(*a) - e).abs();
        assert!(
            error <= tolerance * scale,
            "{name}[{index}]: {a}, not {e}, scale {scale}"
        );
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
        // With a few pixels, values and gradient are what is left of terms that cancel.
        let terms = |of: &[f32]| {
            if pixels < 8 {
                case.largest_term(of)
            } else {
                1e-3
            }
        };
        assert_close_beside(&name, &y, &expected, terms(&case.x), 4e-6);
        let [dx, gamma, beta, masked] = case.gradients(&y, relu);
        // One or two pixels normalise to nearly nothing or to a sign, by a deviation that may be small.
        let tolerance = if pixels < 8 { 1e-3 } else { 1e-5 };
        let name_of = |what| format!("{name} {what}");
        assert_close_beside(&name_of("dx"), &grads.x, &dx, terms(&case.grad), tolerance);
        // Terms of size one sum to about the root of their number, where their signs do not agree.
        let sum = 0.1 * (pixels as f64).sqrt();
        for (what, of, expected) in [
            ("dgamma", &grads.gamma, &gamma),
            ("dbeta", &grads.beta, &beta),
        ] {
            assert_close_beside(&name_of(what), of, expected, sum, tolerance);
        }
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

#[test]
fn few_pixels() {
    for pixels in 1..8 {
        for channels in 1..40 {
            check(pixels, channels);
        }
    }
}

proptest! {
    #![proptest_config(naive::cases(64))]

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

//! Pooling against naive loops, indices and gradients included.
#![allow(clippy::unwrap_used, missing_docs)]

mod naive;

use fasgard_kernels::{AvgPool, MaxPool, Pooling, ShapeError};
use naive::values;
use proptest::prelude::*;

/// So that the figures are of the kernels, not of fresh pages.
#[global_allocator]
static ALLOCATOR: Pooling<std::alloc::System> = Pooling::new(std::alloc::System);

#[derive(Debug, Clone, Copy)]
struct Window {
    x: [usize; 4],
    kernel: usize,
    stride: usize,
    padding: usize,
}

struct Expected {
    output: Vec<f32>,
    indices: Vec<usize>,
    /// The gradient, the magnitudes it is a sum of, and their number.
    grad: Vec<(f64, f64, f64)>,
}

impl Window {
    fn pool(&self) -> MaxPool {
        MaxPool::new(self.x, self.kernel, self.stride, self.padding).unwrap()
    }

    fn expected(&self, x: &[f32], grad: &[f32]) -> Expected {
        let [images, height, width, channels] = self.x;
        let [_, rows, cols, _] = self.pool().output_shape();
        let mut expected = Expected {
            output: Vec::new(),
            indices: Vec::new(),
            grad: vec![(0.0, 0.0, 0.0); x.len()],
        };
        assert_eq!(grad.len(), images * rows * cols * channels);
        for (out, out_grad) in grad.iter().enumerate() {
            let (c, col) = (out % channels, out / channels % cols);
            let (row, image) = (out / channels / cols % rows, out / channels / cols / rows);
            let mut best: Option<(f32, usize, usize)> = None;
            for tap in 0..self.kernel * self.kernel {
                let y = (row * self.stride + tap / self.kernel).wrapping_sub(self.padding);
                let at = (col * self.stride + tap % self.kernel).wrapping_sub(self.padding);
                if y < height && at < width {
                    let place = ((image * height + y) * width + at) * channels + c;
                    let value = x[place];
                    if best.is_none_or(|(b, ..)| value > b || value.is_nan()) {
                        best = Some((value, tap, place));
                    }
                }
            }
            let (value, tap, place) = best.unwrap();
            expected.output.push(value);
            expected.indices.push(tap);
            let (sum, magnitude, terms) = &mut expected.grad[place];
            *sum += f64::from(*out_grad);
            *magnitude += f64::from(out_grad.abs());
            *terms += 1.0;
        }
        expected
    }

    fn check(&self, x: &[f32]) {
        let pool = self.pool();
        let grad = values(pool.output_shape().iter().product(), 2);
        let expected = self.expected(x, &grad);
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        let output = pool.forward(x).unwrap();
        assert_eq!(bits(&output), bits(&expected.output), "{self:?}");
        let dx = pool.input_grad(x, &grad).unwrap();
        for (index, (dx, (expected, magnitude, terms))) in dx.iter().zip(&expected.grad).enumerate()
        {
            // Each addition rounds once, whatever the order.
            let bound = terms * magnitude * f64::from(f32::EPSILON / 2.0);
            assert!(
                (f64::from(*dx) - expected).abs() <= bound,
                "{self:?} {index}: {dx} {expected}"
            );
        }
        if self.kernel <= MaxPool::MAX_INDEXED_KERNEL {
            let (output, indices) = pool.forward_with_indices(x).unwrap();
            assert_eq!(bits(&output), bits(&expected.output), "{self:?}");
            let wide: Vec<usize> = indices.iter().map(|i| usize::from(*i)).collect();
            assert_eq!(wide, expected.indices, "{self:?}");
            assert_eq!(pool.input_grad_from_indices(&indices, &grad).unwrap(), dx);
        }
    }
}

/// Few distinct values, so that maxima tie; some infinities and NaN.
fn awkward(len: usize) -> Vec<f32> {
    let pick = |v: f32| match (v * 8.0).round() as i32 {
        8 => f32::NAN,
        -8 => f32::NEG_INFINITY,
        7 => f32::INFINITY,
        other => other as f32 / 2.0,
    };
    values(len, 7).into_iter().map(pick).collect()
}

#[test]
fn windows_of_networks() {
    for (x, kernel, stride, padding) in [
        ([2, 32, 32, 64], 3, 2, 1),
        ([1, 31, 29, 20], 3, 2, 1),
        ([1, 14, 14, 67], 2, 2, 0),
        ([1, 9, 9, 12], 3, 1, 1),
        // A gap between windows, and windows of 17.
        ([1, 11, 10, 5], 2, 3, 0),
        ([1, 20, 19, 3], 17, 2, 8),
        ([1, 1, 1, 4], 2, 1, 1),
        ([1, 16, 16, 9], 16, 16, 0),
        ([1, 5, 5, 4], 3, usize::MAX, 1),
    ] {
        if stride == usize::MAX {
            let wide = MaxPool::new(x, kernel, stride, padding).unwrap();
            let narrow = MaxPool::new(x, kernel, 50, padding).unwrap();
            let x = values(100, 1);
            assert_eq!(wide.forward(&x), narrow.forward(&x));
            assert_eq!(
                wide.input_grad(&x, &[1.0; 4]),
                narrow.input_grad(&x, &[1.0; 4])
            );
            continue;
        }
        let window = Window {
            x,
            kernel,
            stride,
            padding,
        };
        window.check(&values(x.iter().product(), 1));
        window.check(&awkward(x.iter().product()));
    }
}

proptest! {
    #![proptest_config(naive::cases(64))]

    #[test]
    fn any_window(
        images in 1usize..3,
        rows in 1usize..20,
        cols in 1usize..20,
        channels in 1usize..68,
        kernel in 1usize..6,
        stride in 1usize..4,
        padding in 0usize..3,
    ) {
        prop_assume!(padding <= kernel / 2 && rows.min(cols) + 2 * padding >= kernel);
        let window = Window { x: [images, rows, cols, channels], kernel, stride, padding };
        window.check(&values(images * rows * cols * channels, 1));
        window.check(&awkward(images * rows * cols * channels));
    }

    #[test]
    fn any_tile(
        images in 1usize..3,
        rows in 1usize..7,
        cols in 1usize..7,
        channels in 1usize..68,
        kernel in 1usize..6,
    ) {
        check_average([images, rows * kernel, cols * kernel, channels], kernel);
    }
}

fn check_average(shape: [usize; 4], kernel: usize) {
    let pool = AvgPool::new(shape, kernel).unwrap();
    let [images, height, width, channels] = shape;
    let (rows, cols) = (height / kernel, width / kernel);
    assert_eq!(pool.output_shape(), [images, rows, cols, channels]);
    let x = values(shape.iter().product(), 1);
    let grad = values(images * rows * cols * channels, 2);
    let mut expected = vec![0.0f64; grad.len()];
    let dx = pool.input_grad(&grad).unwrap();
    let share = 1.0 / (kernel * kernel) as f64;
    for (at, value) in x.iter().enumerate() {
        let (c, col) = (at % channels, at / channels % width / kernel);
        let line = at / channels / width;
        let row = line / height * rows + line % height / kernel;
        let to = (row * cols + col) * channels + c;
        expected[to] += f64::from(*value) * share;
        assert!((f64::from(dx[at]) - f64::from(grad[to]) * share).abs() < 1e-6);
    }
    let output = pool.forward(&x).unwrap();
    assert_eq!(output.len(), expected.len());
    for (actual, expected) in output.iter().zip(expected) {
        assert!(
            (f64::from(*actual) - expected).abs() < 2e-6,
            "{actual} {expected}"
        );
    }
}

#[test]
fn averages_of_whole_maps() {
    check_average([2, 8, 8, 600], 8);
    check_average([1, 7, 7, 2048], 7);
    check_average([3, 1, 1, 5], 1);
}

#[test]
fn nan_stays_visible_in_averages() {
    let mut x = values(16 * 5, 1);
    x[5 * 5 + 2] = f32::NAN;
    let y = AvgPool::new([1, 4, 4, 5], 2).unwrap().forward(&x).unwrap();
    for (index, value) in y.iter().enumerate() {
        assert_eq!(value.is_nan(), index == 2);
    }
}

#[test]
fn threads_do_not_change_bits() {
    let shape = [2, 60, 62, 24];
    let x = values(shape.iter().product(), 1);
    let (max, average) = (
        MaxPool::new(shape, 3, 2, 1).unwrap(),
        AvgPool::new(shape, 2).unwrap(),
    );
    let grad = values(2 * 30 * 31 * 24, 2);
    let results = [1, 2, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            (
                max.forward_with_indices(&x).unwrap(),
                max.input_grad(&x, &grad).unwrap(),
                average.forward(&x).unwrap(),
                average.input_grad(&grad).unwrap(),
            )
        })
    });
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

#[test]
fn bad_shapes_are_errors() {
    let x = [1, 4, 4, 2];
    let error = |x, kernel, stride, padding| MaxPool::new(x, kernel, stride, padding).unwrap_err();
    assert!(matches!(error(x, 0, 1, 0), ShapeError::Empty { .. }));
    assert!(matches!(error(x, 2, 0, 0), ShapeError::Empty { .. }));
    assert!(matches!(
        error([1, 4, 0, 2], 2, 1, 0),
        ShapeError::Empty { .. }
    ));
    assert!(matches!(error(x, 3, 1, 2), ShapeError::Weights { .. }));
    assert!(matches!(error(x, 7, 1, 1), ShapeError::Kernel { .. }));
    assert!(matches!(AvgPool::new(x, 0), Err(ShapeError::Empty { .. })));
    assert!(matches!(
        AvgPool::new([1, 4, 4, 0], 2),
        Err(ShapeError::Empty { .. })
    ));
    assert!(matches!(
        AvgPool::new(x, 3),
        Err(ShapeError::Weights { .. })
    ));
    let (max, average) = (
        MaxPool::new(x, 2, 2, 0).unwrap(),
        AvgPool::new(x, 2).unwrap(),
    );
    let (good, short, grad) = ([0.0; 32], [0.0; 31], [0.0; 8]);
    for result in [
        max.forward(&short),
        max.forward_with_indices(&short).map(|(values, _)| values),
        max.input_grad(&short, &grad),
        max.input_grad(&good, &grad[1..]),
        max.input_grad_from_indices(&[0; 7], &grad),
        max.input_grad_from_indices(&[0; 8], &grad[1..]),
        average.forward(&short),
        average.input_grad(&grad[1..]),
    ] {
        assert!(matches!(result, Err(ShapeError::Length { .. })));
    }
    let large = MaxPool::new([1, 17, 17, 1], 17, 1, 0).unwrap();
    assert!(large.forward_with_indices(&[0.0; 289]).is_err());
    assert!(large.input_grad_from_indices(&[0], &[0.0]).is_err());
}

/// Least time of some calls, milliseconds.
fn best(mut f: impl FnMut()) -> f64 {
    let runs = (0..15).map(|_| {
        let start = std::time::Instant::now();
        f();
        start.elapsed().as_secs_f64()
    });
    runs.fold(f64::INFINITY, f64::min) * 1e3
}

/// `cargo test --release --test pooling -- --ignored --nocapture`
#[test]
#[ignore = "prints figures, checks nothing"]
fn throughput() {
    for (shape, kernel, stride) in [
        ([4, 128, 128, 64], 3, 2),
        ([1, 256, 256, 128], 3, 2),
        ([4, 56, 56, 128], 2, 2),
    ] {
        let pool = MaxPool::new(shape, kernel, stride, (kernel - 1) / 2).unwrap();
        let x = values(shape.iter().product(), 1);
        let grad = values(pool.output_shape().iter().product(), 2);
        let (_, indices) = pool.forward_with_indices(&x).unwrap();
        let megabytes = (x.len() + grad.len()) as f64 * 4e-6;
        let forward = best(|| drop(pool.forward(&x).unwrap()));
        let indexed = best(|| drop(pool.forward_with_indices(&x).unwrap()));
        let dx = best(|| drop(pool.input_grad(&x, &grad).unwrap()));
        let from_indices = best(|| {
            drop(pool.input_grad_from_indices(&indices, &grad).unwrap());
        });
        println!(
            "{shape:?} k{kernel} s{stride}, {megabytes:.0} MB: forward {forward:.2} ms | with \
             indices {indexed:.2} | dx {dx:.2} | dx from indices {from_indices:.2}"
        );
    }
}

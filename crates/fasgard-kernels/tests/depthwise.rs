//! Every pass of the depthwise convolution, on every instruction set of this machine, against a
//! naive loop in `f64`.
#![allow(clippy::unwrap_used, missing_docs)]

mod naive;

use fasgard_kernels::{Activation, Depthwise, Epilogue, InstructionSet, Pooling, ShapeError};
use naive::{magnitudes, values};
use proptest::prelude::*;

/// So that the figures are of the kernels, not of fresh pages.
#[global_allocator]
static ALLOCATOR: Pooling<std::alloc::System> = Pooling::new(std::alloc::System);

#[derive(Debug, Clone, Copy)]
struct Shape {
    x: [usize; 4],
    kernel: usize,
    stride: usize,
    padding: usize,
}

impl Shape {
    fn conv(&self) -> Depthwise {
        let weight = [self.x[3], 1, self.kernel, self.kernel];
        Depthwise::new(self.x, weight, self.stride, self.padding).unwrap()
    }

    /// Calls `f(input element, output element, weight element)` for every product.
    fn products(&self, mut f: impl FnMut(usize, usize, usize)) {
        let [images, height, width, channels] = self.x;
        let [_, rows, cols, _] = self.conv().output_shape();
        let k = self.kernel;
        for image in 0..images {
            for row in 0..rows {
                for col in 0..cols {
                    for tap in 0..k * k {
                        let y = (row * self.stride + tap / k).wrapping_sub(self.padding);
                        let x = (col * self.stride + tap % k).wrapping_sub(self.padding);
                        if y < height && x < width {
                            for c in 0..channels {
                                let from = ((image * height + y) * width + x) * channels + c;
                                let to = ((image * rows + row) * cols + col) * channels + c;
                                f(from, to, c * k * k + tap);
                            }
                        }
                    }
                }
            }
        }
    }
}

#[track_caller]
fn assert_close(name: &str, actual: &[f32], expected: &[f64], scale: f64) {
    assert_eq!(actual.len(), expected.len(), "{name}");
    for (index, (a, e)) in actual.iter().zip(expected).enumerate() {
        let error = (f64::from(*a) - e).abs();
        assert!(error <= 2e-6 * scale, "{name}[{index}]: {a}, not {e}");
    }
}

fn check(shape: &Shape) {
    let conv = shape.conv();
    let x = values(shape.x.iter().product(), 1);
    let weight = values(conv.weight_shape().iter().product(), 2);
    let grad = values(conv.output_shape().iter().product(), 3);
    let bias = values(shape.x[3], 4);
    let residual = values(grad.len(), 5);
    let passes = |x: &[f32], weight: &[f32], grad: &[f32]| {
        let mut output = vec![0.0; grad.len()];
        let mut input_grad = vec![0.0; x.len()];
        let mut weight_grad = vec![0.0; weight.len()];
        shape.products(|from, to, tap| {
            output[to] += f64::from(x[from]) * f64::from(weight[tap]);
            input_grad[from] += f64::from(grad[to]) * f64::from(weight[tap]);
            weight_grad[tap] += f64::from(grad[to]) * f64::from(x[from]);
        });
        [output, input_grad, weight_grad]
    };
    let right = passes(&x, &weight, &grad);
    let sums = passes(&magnitudes(&x), &magnitudes(&weight), &magnitudes(&grad));
    let scales = [0, 1, 2].map(|pass| naive::scale(&right[pass], &sums[pass]));
    let [output, input_grad, weight_grad] = right;
    let finished: Vec<f64> = output
        .iter()
        .zip(&residual)
        .enumerate()
        .map(|(i, (y, r))| (y + f64::from(bias[i % bias.len()]) + f64::from(*r)).max(0.0))
        .collect();
    let epilogue = Epilogue {
        bias: Some(&bias),
        residual: Some(&residual),
        activation: Activation::Relu,
    };
    for set in InstructionSet::ALL.into_iter().filter(|s| s.available()) {
        let conv = conv.with_instructions(set);
        let name = |pass| format!("{pass} {shape:?} {}", set.name());
        let plain = conv.forward(&x, &weight, Epilogue::default()).unwrap();
        assert_close(&name("forward"), &plain, &output, scales[0]);
        let fused = conv.forward(&x, &weight, epilogue).unwrap();
        // Bias and residual are of size one.
        assert_close(&name("fused"), &fused, &finished, scales[0] + 2.0);
        let dx = conv.input_grad(&weight, &grad).unwrap();
        assert_close(&name("input gradient"), &dx, &input_grad, scales[1]);
        let dw = conv.weight_grad(&x, &grad).unwrap();
        assert_close(&name("weight gradient"), &dw, &weight_grad, scales[2]);
    }
}

#[test]
fn shapes_of_networks() {
    for (x, kernel, stride, padding) in [
        ([2, 28, 28, 32], 3, 1, 1),
        ([1, 28, 28, 96], 3, 2, 1),
        ([2, 14, 14, 240], 5, 1, 2),
        ([1, 15, 13, 196], 5, 2, 2),
        ([1, 7, 7, 576], 3, 1, 1),
        ([1, 7, 7, 204], 7, 1, 0),
        // A stride beyond the kernel leaves input pixels without gradient.
        ([1, 10, 11, 19], 2, 3, 0),
        // Padding beyond the kernel, and an input smaller than it.
        ([1, 3, 3, 12], 3, 1, 4),
        ([1, 1, 1, 17], 5, 1, 2),
        ([1, 5, 6, 9], 3, usize::MAX, 1),
    ] {
        // The naive loop multiplies by the stride: keep it small there.
        check(&Shape {
            x,
            kernel,
            stride: stride.min(100),
            padding,
        });
        if stride > 100 {
            let wide = Depthwise::new(x, [x[3], 1, kernel, kernel], stride, padding).unwrap();
            let narrow = Depthwise::new(x, [x[3], 1, kernel, kernel], 100, padding).unwrap();
            let (input, weight) = (values(270, 1), values(81, 2));
            assert_eq!(
                wide.forward(&input, &weight, Epilogue::default()),
                narrow.forward(&input, &weight, Epilogue::default())
            );
        }
    }
}

proptest! {
    #![proptest_config(naive::cases(64))]

    #[test]
    fn any_shape(
        images in 1usize..3,
        rows in 1usize..20,
        cols in 1usize..20,
        channels in 1usize..68,
        kernel in 1usize..6,
        stride in 1usize..4,
        padding in 0usize..4,
    ) {
        prop_assume!(rows.min(cols) + 2 * padding >= kernel);
        check(&Shape { x: [images, rows, cols, channels], kernel, stride, padding });
    }
}

#[test]
fn nan_stays_visible_and_local() {
    for channels in [3, 8, 13] {
        let shape = [1, 5, 5, channels];
        let conv = Depthwise::new(shape, [channels, 1, 3, 3], 1, 1).unwrap();
        let mut x = values(25 * channels, 1);
        x[12 * channels + channels - 1] = f32::NAN;
        let weight = values(9 * channels, 2);
        let epilogue = Epilogue {
            activation: Activation::Relu,
            ..Epilogue::default()
        };
        let y = conv.forward(&x, &weight, epilogue).unwrap();
        for (index, value) in y.iter().enumerate() {
            let (pixel, channel) = (index / channels, index % channels);
            let near = (1..4).contains(&(pixel / 5)) && (1..4).contains(&(pixel % 5));
            let expected = near && channel == channels - 1;
            assert_eq!(value.is_nan(), expected, "{channels} {pixel} {channel}");
        }
    }
}

#[test]
fn threads_do_not_change_bits() {
    let shape = [3, 33, 31, 72];
    let conv = Depthwise::new(shape, [72, 1, 5, 5], 2, 2).unwrap();
    let x = values(shape.iter().product(), 1);
    let weight = values(72 * 25, 2);
    let grad = values(conv.output_shape().iter().product(), 3);
    let results = [1, 2, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            (
                conv.forward(&x, &weight, Epilogue::default()).unwrap(),
                conv.input_grad(&weight, &grad).unwrap(),
                conv.weight_grad(&x, &grad).unwrap(),
            )
        })
    });
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

#[test]
fn bad_shapes_are_errors() {
    let x = [1, 4, 4, 8];
    for weight in [[7, 1, 3, 3], [8, 2, 3, 3], [8, 1, 3, 2]] {
        let error = Depthwise::new(x, weight, 1, 1).unwrap_err();
        assert!(matches!(error, ShapeError::Weights { .. }), "{error}");
    }
    let error =
        |x, k, stride, padding| Depthwise::new(x, [8, 1, k, k], stride, padding).unwrap_err();
    assert!(matches!(error(x, 3, 0, 1), ShapeError::Empty { .. }));
    assert!(matches!(error(x, 0, 1, 1), ShapeError::Empty { .. }));
    assert!(matches!(
        error([0, 4, 4, 8], 3, 1, 1),
        ShapeError::Empty { .. }
    ));
    assert!(matches!(error(x, 7, 1, 1), ShapeError::Kernel { .. }));
    assert!(matches!(
        error(x, 3, 1, usize::MAX / 2 + 1),
        ShapeError::Overflow { .. }
    ));
    let conv = Depthwise::new(x, [8, 1, 3, 3], 1, 1).unwrap();
    let (good, weight) = (vec![0.0; 128], vec![0.0; 72]);
    let short = &good[..127];
    let length = |result: Result<Vec<f32>, ShapeError>| {
        assert!(matches!(result.unwrap_err(), ShapeError::Length { .. }));
    };
    length(conv.forward(short, &weight, Epilogue::default()));
    length(conv.forward(&good, &weight[1..], Epilogue::default()));
    let bias = Epilogue {
        bias: Some(short),
        ..Epilogue::default()
    };
    length(conv.forward(&good, &weight, bias));
    let residual = Epilogue {
        residual: Some(short),
        ..Epilogue::default()
    };
    length(conv.forward(&good, &weight, residual));
    length(conv.input_grad(&weight, short));
    length(conv.weight_grad(&good, short));
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

/// `cargo test --release --test depthwise -- --ignored --nocapture`
#[test]
#[ignore = "prints figures, checks nothing"]
fn throughput() {
    for (side, channels, kernel, stride) in [
        (112, 32, 3, 1),
        (112, 64, 3, 2),
        (56, 128, 3, 1),
        (28, 240, 5, 1),
        (28, 256, 3, 2),
        (14, 512, 3, 1),
        (14, 672, 5, 2),
        (7, 960, 5, 1),
    ] {
        let shape = [4, side, side, channels];
        let weight_shape = [channels, 1, kernel, kernel];
        let conv = Depthwise::new(shape, weight_shape, stride, kernel / 2).unwrap();
        let x = values(shape.iter().product(), 1);
        let weight = values(channels * kernel * kernel, 2);
        let grad = values(conv.output_shape().iter().product(), 3);
        let mut copy = vec![0.0f32; x.len() + grad.len()];
        let copied = best(|| {
            copy[..x.len()].copy_from_slice(&x);
            std::hint::black_box(&mut copy);
        });
        let copied = (8 * x.len()) as f64 / copied * 1e-9;
        // Bytes that must move, and operations.
        let bytes = 4.0 * (x.len() + grad.len()) as f64 * 1e-9;
        let work = (2 * grad.len() * kernel * kernel) as f64 * 1e-9;
        let show = |seconds: f64| {
            format!(
                "{:5.1} GB/s {:5.1} GFLOP/s",
                bytes / seconds,
                work / seconds
            )
        };
        let forward = best(|| {
            drop(conv.forward(&x, &weight, Epilogue::default()).unwrap());
        });
        let dx = best(|| drop(conv.input_grad(&weight, &grad).unwrap()));
        let dw = best(|| drop(conv.weight_grad(&x, &grad).unwrap()));
        println!(
            "{shape:?} k{kernel} s{stride}: copy {copied:5.1} GB/s | forward {} | dx {} | dw {}",
            show(forward),
            show(dx),
            show(dw)
        );
    }
}

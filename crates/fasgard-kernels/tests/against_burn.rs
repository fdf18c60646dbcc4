//! Every operation and its gradients against burn's own operations on the same values.
#![allow(clippy::unwrap_used, missing_docs)]

use burn::tensor::module;
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, FloatDType, Tensor, TensorData, activation};
use fasgard_kernels::{
    add_relu, avg_pool2d, batch_norm_infer, batch_norm_train, conv2d, max_pool2d,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Values in about -1..1 without ties, from a fixed integer hash.
fn values(count: usize, seed: u64) -> Vec<f32> {
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

fn tensor<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let count = shape.iter().product();
    Tensor::from_data(TensorData::new(values(count, seed), shape), device)
}

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec::<f32>().unwrap()
}

/// Largest difference relative to the largest expected magnitude.
#[track_caller]
fn assert_close<const D: usize>(name: &str, actual: Tensor<D>, expected: Tensor<D>) {
    assert_eq!(actual.dims(), expected.dims(), "{name}");
    let (actual, expected) = (host(actual), host(expected));
    let scale = expected
        .iter()
        .fold(1e-3f32, |scale, value| scale.max(value.abs()));
    for (index, (a, e)) in actual.iter().zip(&expected).enumerate() {
        assert!(
            (a - e).abs() <= 1e-4 * scale,
            "{name}[{index}]: {a}, expected {e}, scale {scale}"
        );
    }
}

fn nchw(x: Tensor<4>) -> Tensor<4> {
    x.permute([0, 3, 1, 2])
}

fn nhwc(x: Tensor<4>) -> Tensor<4> {
    x.permute([0, 2, 3, 1])
}

fn burn_conv2d(x: Tensor<4>, weight: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1);
    nhwc(module::conv2d(nchw(x), weight, None, options))
}

/// Output and gradients of a function of several tensors, for a fixed output gradient.
fn run<const N: usize>(
    inputs: &[Tensor<4>; N],
    f: impl Fn([Tensor<4>; N]) -> Tensor<4>,
) -> (Tensor<4>, [Tensor<4>; N]) {
    let inputs = inputs.clone().map(|input| input.detach().require_grad());
    let output = f(inputs.clone());
    let weights = tensor(output.dims(), 99, &output.device());
    let grads = (output.clone() * weights).sum().backward();
    let device = Device::flex();
    let grads =
        inputs.map(|input| Tensor::from_data(input.grad(&grads).unwrap().into_data(), &device));
    (Tensor::from_data(output.into_data(), &device), grads)
}

#[track_caller]
fn compare<const N: usize>(
    name: &str,
    inputs: [Tensor<4>; N],
    ours: impl Fn([Tensor<4>; N]) -> Tensor<4>,
    theirs: impl Fn([Tensor<4>; N]) -> Tensor<4>,
) {
    let (output, grads) = run(&inputs, ours);
    let (expected, expected_grads) = run(&inputs, theirs);
    assert_close(&format!("{name} output"), output, expected);
    for (index, (grad, expected)) in grads.into_iter().zip(expected_grads).enumerate() {
        assert_close(&format!("{name} gradient {index}"), grad, expected);
    }
}

fn compare_conv(x: [usize; 4], weight: [usize; 4], stride: usize, padding: usize) {
    let device = Device::flex().autodiff();
    compare(
        &format!("conv {x:?} {weight:?} stride {stride} padding {padding}"),
        [tensor(x, 1, &device), tensor(weight, 2, &device)],
        |[x, w]| conv2d(x, w, stride, padding),
        |[x, w]| burn_conv2d(x, w, stride, padding),
    );
}

#[test]
fn convolutions_of_the_networks_match_burn() {
    compare_conv([2, 32, 32, 3], [16, 3, 7, 7], 2, 3);
    compare_conv([2, 40, 64, 16], [16, 16, 3, 3], 1, 1);
    compare_conv([1, 64, 64, 64], [64, 64, 3, 3], 1, 1);
    compare_conv([2, 16, 16, 32], [64, 32, 3, 3], 2, 1);
    compare_conv([2, 15, 15, 32], [64, 32, 1, 1], 2, 0);
    compare_conv([2, 9, 9, 64], [24, 64, 1, 1], 1, 0);
    compare_conv([1, 8, 8, 128], [128, 128, 3, 3], 1, 1);
    // A stride beyond the kernel leaves input pixels without gradient.
    compare_conv([1, 10, 11, 5], [7, 5, 2, 2], 3, 0);
    // A valid convolution.
    compare_conv([1, 9, 8, 4], [6, 4, 3, 3], 1, 0);
}

#[test]
fn permuted_inputs_are_read_in_their_logical_order() {
    let device = Device::flex();
    let x = tensor([2, 5, 7, 6], 3, &device).permute([0, 2, 3, 1]);
    let weight = tensor([3, 3, 4, 5], 4, &device).permute([2, 3, 0, 1]);
    assert_close(
        "permuted",
        conv2d(x.clone(), weight.clone(), 1, 1),
        burn_conv2d(x, weight, 1, 1),
    );
}

proptest! {
    // Fixed: a value within rounding of a ReLU's kink has two right gradients.
    #![proptest_config(ProptestConfig {
        cases: 96,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn convolutions_match_burn(
        n in 1usize..4, h in 7usize..20, w in 7usize..20, ci in 1usize..40, co in 1usize..40,
        kernel in prop::sample::select(vec![1usize, 2, 3, 5, 7]), stride in 1usize..4,
        pad in 0usize..4,
    ) {
        compare_conv([n, h, w, ci], [co, ci, kernel, kernel], stride, pad.min(kernel / 2));
    }

    #[test]
    fn normalisations_match_burn(
        // Few pixels make a tiny variance, which magnifies single-precision rounding.
        n in 1usize..4, h in 3usize..12, w in 3usize..12, c in 1usize..150, relu: bool,
    ) {
        compare_batch_norm([n, h, w, c], relu);
    }

    #[test]
    fn max_pools_match_burn(
        n in 1usize..3, h in 3usize..14, w in 3usize..14, c in 1usize..40,
        kernel in 1usize..4, stride in 1usize..4, pad in 0usize..2,
    ) {
        let pad = pad.min(kernel / 2);
        let device = Device::flex().autodiff();
        compare(
            "max pool",
            [tensor([n, h, w, c], 5, &device)],
            |[x]| max_pool2d(x, kernel, stride, pad),
            |[x]| nhwc(module::max_pool2d(nchw(x), MaxPoolOptions {
                stride: [stride; 2],
                padding: [(pad, pad); 2],
                ..MaxPoolOptions::new([kernel; 2])
            })),
        );
    }

    #[test]
    fn average_pools_match_burn(
        n in 1usize..3, h in 1usize..5, w in 1usize..5, c in 1usize..40, kernel in 1usize..5,
    ) {
        let device = Device::flex().autodiff();
        compare(
            "average pool",
            [tensor([n, h * kernel, w * kernel, c], 6, &device)],
            |[x]| avg_pool2d(x, kernel),
            |[x]| nhwc(module::avg_pool2d(nchw(x), AvgPoolOptions {
                stride: [kernel; 2],
                ..AvgPoolOptions::new([kernel; 2])
            })),
        );
    }

    #[test]
    fn residual_joins_match_burn(
        n in 1usize..3, h in 1usize..9, w in 1usize..9, c in 1usize..40,
    ) {
        let device = Device::flex().autodiff();
        compare(
            "add relu",
            [tensor([n, h, w, c], 7, &device), tensor([n, h, w, c], 8, &device)],
            |[a, b]| add_relu(a, b),
            |[a, b]| activation::relu(a + b),
        );
    }
}

/// The textbook formula through burn's autodiff.
fn burn_batch_norm(x: Tensor<4>, gamma: Tensor<4>, beta: Tensor<4>, relu: bool) -> Tensor<4> {
    let mean = x.clone().mean_dim(0).mean_dim(1).mean_dim(2);
    let centred = x - mean;
    let variance = (centred.clone() * centred.clone())
        .mean_dim(0)
        .mean_dim(1)
        .mean_dim(2);
    let y = centred / (variance + 1e-5).sqrt() * gamma + beta;
    if relu { activation::relu(y) } else { y }
}

fn compare_batch_norm(shape: [usize; 4], relu: bool) {
    let device = Device::flex().autodiff();
    let c = shape[3];
    // A mean far from zero, as a convolution's output may have.
    let x = tensor(shape, 9, &device) * 2.0 + 3.0;
    let parameters = [
        tensor([1, 1, 1, c], 10, &device) + 1.5,
        tensor([1, 1, 1, c], 11, &device),
    ];
    let [gamma, beta] = parameters;
    compare(
        &format!("batch norm {shape:?} relu {relu}"),
        [x, gamma, beta],
        |[x, gamma, beta]| {
            batch_norm_train(x, gamma.reshape([c]), beta.reshape([c]), 1e-5, relu).output
        },
        |[x, gamma, beta]| burn_batch_norm(x, gamma, beta, relu),
    );
}

#[test]
fn statistics_of_many_chunks_and_inference_agree() {
    let device = Device::flex();
    let x = tensor([4, 64, 65, 24], 12, &device) + 100.0;
    let (gamma, beta) = (tensor([24], 13, &device), tensor([24], 14, &device));
    let trained = batch_norm_train(x.clone(), gamma.clone(), beta.clone(), 1e-3, true);
    let all: Vec<f64> = host(x.clone()).into_iter().map(f64::from).collect();
    let count = all.len() / 24;
    for (c, (mean, variance)) in host(trained.mean.clone())
        .into_iter()
        .zip(host(trained.variance.clone()))
        .enumerate()
    {
        let channel = || all.iter().skip(c).step_by(24);
        let expected = channel().sum::<f64>() / count as f64;
        let spread = channel().map(|v| (v - expected).powi(2)).sum::<f64>() / count as f64;
        assert!(
            (f64::from(mean) - expected).abs() < 1e-5,
            "{mean} {expected}"
        );
        assert!(
            (f64::from(variance) - spread).abs() < 1e-5 * spread,
            "{variance} {spread}"
        );
    }
    let inferred = batch_norm_infer(x, gamma, beta, trained.mean, trained.variance, 1e-3, true);
    assert_eq!(host(inferred), host(trained.output));
}

#[test]
fn batch_norm_gradient_matches_finite_differences() {
    let device = Device::flex().autodiff();
    let shape = [2, 2, 3, 2];
    let loss = |x: Tensor<4>| {
        let (gamma, beta) = (
            tensor([2], 15, &x.device()) + 1.0,
            tensor([2], 16, &x.device()),
        );
        let y = batch_norm_train(x, gamma, beta, 1e-3, false).output;
        let weights = tensor(y.dims(), 17, &y.device());
        (y.clone() * y * weights).sum()
    };
    let base = values(24, 18);
    let x = Tensor::<4>::from_data(TensorData::new(base.clone(), shape), &device).require_grad();
    let grads = loss(x.clone()).backward();
    let grad = host(x.grad(&grads).unwrap());
    for index in 0..base.len() {
        let at = |delta: f32| {
            let mut moved = base.clone();
            moved[index] += delta;
            host(loss(Tensor::from_data(
                TensorData::new(moved, shape),
                &device,
            )))[0]
        };
        let numeric = (at(5e-3) - at(-5e-3)) / 1e-2;
        assert!(
            (numeric - grad[index]).abs() < 2e-2,
            "{index}: {numeric} {}",
            grad[index]
        );
    }
}

#[test]
fn ties_of_a_max_pool_go_to_the_first_position() {
    let device = Device::flex().autodiff();
    let x = Tensor::<4>::ones([1, 2, 2, 1], &device).require_grad();
    let grads = max_pool2d(x.clone(), 2, 2, 0).sum().backward();
    assert_eq!(host(x.grad(&grads).unwrap()), [1.0, 0.0, 0.0, 0.0]);
}

#[test]
fn nan_stays_visible() {
    let device = Device::flex();
    let poisoned = |shape: [usize; 4]| {
        let mut data = values(shape.iter().product(), 20);
        data[5] = f32::NAN;
        Tensor::<4>::from_data(TensorData::new(data, shape), &device)
    };
    let has_nan = |t: Tensor<4>| host(t).iter().any(|v| v.is_nan());
    let x = poisoned([1, 4, 4, 3]);
    let one = Tensor::<1>::ones([3], &device);
    assert!(has_nan(conv2d(
        x.clone(),
        tensor([4, 3, 3, 3], 1, &device),
        1,
        1
    )));
    assert!(has_nan(max_pool2d(x.clone(), 2, 2, 0)));
    assert!(has_nan(max_pool2d(x.clone(), 3, 2, 1)));
    assert!(has_nan(avg_pool2d(x.clone(), 2)));
    assert!(has_nan(add_relu(
        x.clone(),
        tensor([1, 4, 4, 3], 2, &device)
    )));
    let trained = batch_norm_train(x.clone(), one.clone(), one.clone(), 1e-5, true);
    assert!(has_nan(trained.output));
    assert!(host(trained.variance).iter().any(|v| v.is_nan()));
    let zero = Tensor::<1>::zeros([3], &device);
    assert!(has_nan(batch_norm_infer(
        x,
        one.clone(),
        zero.clone(),
        zero,
        one,
        1e-5,
        true
    )));
}

#[test]
fn untracked_images_get_no_gradient_and_inference_needs_no_graph() {
    let device = Device::flex().autodiff();
    let x = tensor([1, 6, 6, 3], 21, &device);
    let weight = tensor([4, 3, 3, 3], 22, &device).require_grad();
    let grads = conv2d(x.clone(), weight.clone(), 1, 1).sum().backward();
    assert!(x.grad(&grads).is_none());
    assert!(weight.grad(&grads).is_some());
}

#[test]
#[should_panic(expected = "does not fit weights")]
fn mismatched_channels_are_named() {
    let device = Device::flex();
    let _ = conv2d(
        tensor([1, 4, 4, 3], 1, &device),
        tensor([2, 4, 3, 3], 2, &device),
        1,
        1,
    );
}

/// Double precision takes the composed path, the one of backends without kernels.
#[test]
fn kernels_match_the_composed_path() {
    let device = Device::flex().autodiff();
    let wide = |x: Tensor<4>| x.cast(FloatDType::F64);
    let narrow = |x: Tensor<4>| x.cast(FloatDType::F32);
    let x = tensor([2, 8, 6, 5], 30, &device);
    for (stride, padding) in [(1, 1), (2, 1), (2, 0)] {
        compare(
            "composed conv",
            [x.clone(), tensor([7, 5, 3, 3], 31, &device)],
            |[x, w]| conv2d(x, w, stride, padding),
            |[x, w]| narrow(conv2d(wide(x), wide(w), stride, padding)),
        );
    }
    for relu in [false, true] {
        let norm = |x: Tensor<4>, gamma: Tensor<4>, beta: Tensor<4>| {
            let [gamma, beta] = [gamma, beta].map(|p| p.reshape([5]));
            batch_norm_train(x, gamma, beta, 1e-3, relu).output
        };
        let infer = |x: Tensor<4>, gamma: Tensor<4>, beta: Tensor<4>| {
            let [gamma, beta] = [gamma, beta].map(|p| p.reshape([5]));
            batch_norm_infer(x, gamma.clone(), beta.clone(), beta, gamma, 1e-3, relu)
        };
        let parameters = [
            x.clone(),
            tensor([1, 1, 1, 5], 32, &device) + 1.5,
            tensor([1, 1, 1, 5], 33, &device),
        ];
        compare(
            "composed batch norm",
            parameters.clone(),
            |[x, gamma, beta]| norm(x, gamma, beta),
            |[x, gamma, beta]| narrow(norm(wide(x), wide(gamma), wide(beta))),
        );
        let plain = parameters.map(Tensor::inner);
        let [x, gamma, beta] = plain.clone();
        let [x64, gamma64, beta64] = plain.map(wide);
        let expected = narrow(infer(x64, gamma64, beta64));
        assert_close("composed inference", infer(x, gamma, beta), expected);
    }
    compare(
        "composed max pool",
        [x.clone()],
        |[x]| max_pool2d(x, 3, 2, 1),
        |[x]| narrow(max_pool2d(wide(x), 3, 2, 1)),
    );
    compare(
        "composed average pool",
        [x.clone()],
        |[x]| avg_pool2d(x, 2),
        |[x]| narrow(avg_pool2d(wide(x), 2)),
    );
    compare(
        "composed add relu",
        [x.clone(), tensor([2, 8, 6, 5], 34, &device)],
        |[a, b]| add_relu(a, b),
        |[a, b]| narrow(add_relu(wide(a), wide(b))),
    );
}

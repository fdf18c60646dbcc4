//! Every operation and its gradients against burn's own operations on the same values.
#![allow(clippy::unwrap_used, missing_docs)]

mod tensors;

use burn::tensor::module;
use burn::tensor::ops::{
    AvgPoolOptions, ConvOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions,
};
use burn::tensor::{Device, Tensor, TensorData, activation};
use fasgard_kernels::ConvOptions as Options;
use fasgard_kernels::tensor::{
    PreparedConv, add_relu, avg_pool2d, batch_norm_infer, batch_norm_join, batch_norm_train,
    conv2d, depthwise_conv2d, max_pool2d, resize,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tensors::{assert_close, compare, host, tensor, values};

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

fn compare_conv(x: [usize; 4], weight: [usize; 4], stride: usize, padding: usize) {
    let device = Device::flex().autodiff();
    compare(
        &format!("conv {x:?} {weight:?} stride {stride} padding {padding}"),
        [tensor(x, 1, &device), tensor(weight, 2, &device)],
        |[x, w]| conv2d(x, w, Options::new(stride, padding)),
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
        conv2d(x.clone(), weight.clone(), Options::new(1, 1)),
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
    fn depthwise_convolutions_match_burn(
        n in 1usize..3, h in 5usize..12, w in 5usize..12, c in 1usize..40,
        kernel in prop::sample::select(vec![3usize, 5]), stride in 1usize..3,
    ) {
        let device = Device::flex().autodiff();
        let padding = kernel / 2;
        let options = || ConvOptions::new([stride; 2], [padding; 2], [1; 2], c);
        compare(
            "depthwise",
            [tensor([n, h, w, c], 9, &device), tensor([c, 1, kernel, kernel], 10, &device)],
            |[x, w]| depthwise_conv2d(x, w, Options::new(stride, padding)),
            |[x, w]| nhwc(module::conv2d(nchw(x), w, None, options())),
        );
    }

    #[test]
    fn resizes_match_burn(
        n in 1usize..3, h in 1usize..9, w in 1usize..9, c in 1usize..20,
        rows in 1usize..9, cols in 1usize..9,
    ) {
        let device = Device::flex().autodiff();
        let options = || InterpolateOptions::new(InterpolateMode::Bilinear)
            .with_align_corners(false)
            .with_output_size([rows, cols]);
        compare(
            "resize",
            [tensor([n, h, w, c], 11, &device)],
            |[x]| resize(x, [rows, cols]),
            |[x]| nhwc(module::interpolate(nchw(x), options())),
        );
    }

    #[test]
    fn normalised_joins_match_burn(
        n in 1usize..3, h in 3usize..9, w in 3usize..9, c in 1usize..40,
    ) {
        let device = Device::flex().autodiff();
        compare(
            "join",
            [
                tensor([n, h, w, c], 12, &device),
                tensor([1, 1, 1, c], 13, &device) + 1.5,
                tensor([1, 1, 1, c], 14, &device),
                tensor([n, h, w, c], 15, &device),
            ],
            |[x, gamma, beta, residual]| {
                let (gamma, beta) = (gamma.reshape([c]), beta.reshape([c]));
                batch_norm_join(x, gamma, beta, residual, 1e-5).output
            },
            |[x, gamma, beta, residual]| {
                activation::relu(burn_batch_norm(x, gamma, beta, false) + residual)
            },
        );
    }

    #[test]
    fn prepared_convolutions_match_burn(
        n in 1usize..3, h in 3usize..20, w in 3usize..20, ci in 1usize..40, co in 1usize..40,
        kernel in prop::sample::select(vec![1usize, 3]), stride in 1usize..3, relu: bool,
        joined: bool,
    ) {
        let device = Device::flex();
        let padding = kernel / 2;
        let (x, weight) = (
            tensor([n, h, w, ci], 16, &device),
            tensor([co, ci, kernel, kernel], 17, &device),
        );
        let bias: Tensor<1> = tensor([co], 18, &device);
        let options = Options::new(stride, padding);
        let prepared = PreparedConv::new(weight.clone(), bias.clone(), options);
        let y = burn_conv2d(x.clone(), weight, stride, padding) + bias.unsqueeze();
        let residual = joined.then(|| tensor(y.dims(), 19, &device));
        let y = match &residual {
            Some(residual) => y + residual.clone(),
            None => y,
        };
        let expected = if relu { activation::relu(y) } else { y };
        // Twice: the weights are packed by the first call.
        for _ in 0..2 {
            let y = prepared.forward(x.clone(), residual.clone(), relu);
            assert_close("prepared", y, expected.clone());
        }
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
        Options::new(1, 1)
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
    let grads = conv2d(x.clone(), weight.clone(), Options::new(1, 1))
        .sum()
        .backward();
    assert!(x.grad(&grads).is_none());
    assert!(weight.grad(&grads).is_some());
}

#[test]
#[should_panic(expected = "do not fit input [N, H, W, C] [1, 4, 4, 3]")]
fn mismatched_channels_are_named() {
    let device = Device::flex();
    let _ = conv2d(
        tensor([1, 4, 4, 3], 1, &device),
        tensor([2, 4, 3, 3], 2, &device),
        Options::new(1, 1),
    );
}

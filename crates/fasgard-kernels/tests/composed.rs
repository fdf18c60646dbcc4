//! The path of backends without kernels, composed from the framework's operations, against the
//! kernels; and what has no counterpart in the framework.
#![allow(clippy::unwrap_used, missing_docs)]

mod tensors;

use burn::tensor::{Device, FloatDType, Tensor};
use fasgard_kernels::tensor::{
    PreparedConv, adam_step, add_relu, avg_pool2d, batch_norm_infer, batch_norm_join,
    batch_norm_train, conv2d, depthwise_conv2d, max_pool2d, resize, squared_norm,
};
use fasgard_kernels::{Activation, Adam, ConvOptions as Options, WeightDecay};
use tensors::{assert_close, compare, host, tensor};

const ACTIVATIONS: [Activation; 3] = [Activation::Identity, Activation::Relu, Activation::Relu6];

/// More padding at the bottom and at the right is the same as an input with these zeros.
#[test]
fn extra_padding_is_a_wider_input() {
    let device = Device::flex().autodiff();
    let wider = |x: Tensor<4>, extra: usize| {
        let [n, h, w, c] = x.dims();
        let x = Tensor::cat(
            vec![x.clone(), Tensor::zeros([n, extra, w, c], &x.device())],
            1,
        );
        let right = Tensor::zeros([n, h + extra, extra, c], &x.device());
        Tensor::cat(vec![x, right], 2)
    };
    // Few channels are read as whole rows, more of them tap by tap.
    for (channels, kernel) in [(3, 3), (24, 3), (24, 5)] {
        let x = tensor([2, 8, 6, channels], 50, &device);
        let padding = kernel / 2 - 1;
        let options = Options::new(2, padding).with_extra(1);
        let weight = tensor([7, channels, kernel, kernel], 51, &device);
        let plain = Options::new(2, 0);
        let around = move |x: Tensor<4>| {
            // The rest of the padding by turning the map around twice.
            let x = wider(x.flip([1, 2]), padding).flip([1, 2]);
            wider(x, padding + 1)
        };
        compare(
            "extra conv",
            [x.clone(), weight],
            |[x, w]| conv2d(x, w, options),
            |[x, w]| conv2d(around(x), w, plain),
        );
        let weight = tensor([channels, 1, kernel, kernel], 52, &device);
        compare(
            "extra depthwise",
            [x.clone(), weight.clone()],
            |[x, w]| depthwise_conv2d(x, w, options),
            |[x, w]| depthwise_conv2d(around(x), w, plain),
        );
        let wide = |x: Tensor<4>| x.cast(FloatDType::F64);
        compare(
            "extra depthwise, composed",
            [x.clone(), weight.clone()],
            |[x, w]| depthwise_conv2d(x, w, options),
            |[x, w]| depthwise_conv2d(wide(x), wide(w), options).cast(FloatDType::F32),
        );
        let (x, weight) = (x.inner() * 20.0, weight.inner());
        let bias: Tensor<1> = tensor([channels], 53, &Device::flex());
        let prepared = PreparedConv::depthwise(weight.clone(), bias.clone(), options);
        let y = depthwise_conv2d(x.clone(), weight, options) + bias.unsqueeze();
        assert!(
            host(y.clone()).iter().any(|v| *v > 6.0),
            "nothing to cut off"
        );
        let expected = y.clone().clamp(0.0, 6.0);
        assert_close(
            "fused",
            prepared.forward(x.clone(), None, Activation::Relu6),
            expected,
        );
        let expected = (y.clone() + y.clone()).clamp_min(0.0);
        assert_close("joined", prepared.forward(x, Some(y), true), expected);
    }
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
            |[x, w]| conv2d(x, w, Options::new(stride, padding)),
            |[x, w]| narrow(conv2d(wide(x), wide(w), Options::new(stride, padding))),
        );
    }
    for activation in ACTIVATIONS {
        let norm = |x: Tensor<4>, gamma: Tensor<4>, beta: Tensor<4>| {
            let [gamma, beta] = [gamma, beta].map(|p| p.reshape([5]));
            batch_norm_train(x, gamma, beta, 1e-3, activation).output
        };
        let infer = |x: Tensor<4>, gamma: Tensor<4>, beta: Tensor<4>| {
            let [gamma, beta] = [gamma, beta].map(|p| p.reshape([5]));
            // Statistics are constants: no gradient may reach them.
            let (mean, variance) = (beta.clone() * 0.5, gamma.clone().abs());
            batch_norm_infer(x, gamma, beta, mean, variance, 1e-3, activation)
        };
        let parameters = [
            x.clone(),
            tensor([1, 1, 1, 5], 32, &device) * 2.0 + 5.0,
            tensor([1, 1, 1, 5], 33, &device),
        ];
        compare(
            "composed batch norm",
            parameters.clone(),
            |[x, gamma, beta]| norm(x, gamma, beta),
            |[x, gamma, beta]| narrow(norm(wide(x), wide(gamma), wide(beta))),
        );
        compare(
            "composed inference",
            parameters.clone(),
            |[x, gamma, beta]| infer(x, gamma, beta),
            |[x, gamma, beta]| narrow(infer(wide(x), wide(gamma), wide(beta))),
        );
        // The same by the framework's own derivatives.
        compare(
            "inference as a formula",
            parameters,
            |[x, gamma, beta]| infer(x, gamma, beta),
            |[x, gamma, beta]| {
                let (mean, variance) = (beta.clone().detach() * 0.5, gamma.clone().detach().abs());
                let y = (x - mean) / (variance + 1e-3).sqrt() * gamma + beta;
                match activation {
                    Activation::Identity => y,
                    Activation::Relu => y.clamp_min(0.0),
                    Activation::Relu6 => y.clamp(0.0, 6.0),
                }
            },
        );
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

#[test]
fn depthwise_resize_join_and_prepared_match_the_composed_path() {
    let device = Device::flex().autodiff();
    let wide = |x: Tensor<4>| x.cast(FloatDType::F64);
    let narrow = |x: Tensor<4>| x.cast(FloatDType::F32);
    let x = tensor([2, 8, 6, 5], 40, &device);
    compare(
        "composed depthwise",
        [x.clone(), tensor([5, 1, 3, 3], 41, &device)],
        |[x, w]| depthwise_conv2d(x, w, Options::new(2, 1)),
        |[x, w]| narrow(depthwise_conv2d(wide(x), wide(w), Options::new(2, 1))),
    );
    compare(
        "composed resize",
        [x.clone()],
        |[x]| resize(x, [5, 9]),
        |[x]| narrow(resize(wide(x), [5, 9])),
    );
    let join = |x: Tensor<4>, gamma: Tensor<4>, beta: Tensor<4>, residual: Tensor<4>| {
        batch_norm_join(x, gamma.reshape([5]), beta.reshape([5]), residual, 1e-3).output
    };
    compare(
        "composed join",
        [
            x.clone(),
            tensor([1, 1, 1, 5], 42, &device) + 1.5,
            tensor([1, 1, 1, 5], 43, &device),
            tensor([2, 8, 6, 5], 44, &device),
        ],
        |[x, gamma, beta, residual]| join(x, gamma, beta, residual),
        |[x, gamma, beta, residual]| narrow(join(wide(x), wide(gamma), wide(beta), wide(residual))),
    );
    // The second one by Winograd's algorithm.
    for (side, channels, outputs) in [(8, 5, 7), (16, 16, 24)] {
        let x = tensor([2, side, side, channels], 44, &Device::flex()) * 4.0;
        let weight = tensor([outputs, channels, 3, 3], 45, &Device::flex());
        let bias: Tensor<1> = tensor([outputs], 46, &Device::flex());
        let residual = tensor([2, side, side, outputs], 47, &Device::flex());
        let options = Options::new(1, 1);
        let ours = PreparedConv::new(weight.clone(), bias.clone(), options);
        let theirs = PreparedConv::new(wide(weight), bias.cast(FloatDType::F64), options);
        for activation in ACTIVATIONS {
            for residual in [None, Some(residual.clone())] {
                let expected =
                    theirs.forward(wide(x.clone()), residual.clone().map(wide), activation);
                let found = ours.forward(x.clone(), residual, activation);
                assert_close("composed prepared", found, narrow(expected));
            }
        }
    }
}

#[test]
fn adam_matches_the_composed_path_and_leaves_shared_tensors_alone() {
    let device = Device::flex();
    let wide = |x: Tensor<2>| x.cast(FloatDType::F64);
    for weight_decay in [WeightDecay::Gradient(0.01), WeightDecay::Decoupled(0.01)] {
        let adam = Adam {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            weight_decay,
        };
        let start: Tensor<2> = tensor([37, 29], 50, &device);
        let (mut ours, mut theirs) = (start.clone(), wide(start.clone()));
        let mut moments = [start.zeros_like(), start.zeros_like()];
        let mut wide_moments = moments.clone().map(wide);
        for time in 1..4 {
            let grad: Tensor<2> = tensor([37, 29], 50 + u64::from(time), &device);
            let step = adam.step(time, 1e-2).with_grad_scale(0.5);
            (ours, moments) = adam_step(ours, grad.clone(), moments, step);
            (theirs, wide_moments) = adam_step(theirs, wide(grad), wide_moments, step);
        }
        assert_close("adam", ours, theirs.cast(FloatDType::F32));
        // `start` shares its memory with the first parameter.
        assert_eq!(host(start), host(tensor::<2>([37, 29], 50, &device)));
    }
}

#[test]
fn squared_norms_of_views_are_those_of_their_elements() {
    let x: Tensor<2> = tensor([31, 17], 60, &Device::flex());
    let expected: f64 = host(x.clone()).iter().map(|v| f64::from(*v).powi(2)).sum();
    for view in [x.clone(), x.transpose()] {
        let found = f64::from(host(squared_norm(view))[0]);
        assert!(
            (found - expected).abs() < 1e-6 * expected,
            "{found} {expected}"
        );
    }
}

//! The path of backends without kernels, composed from the framework's operations, against the
//! kernels; and what has no counterpart in the framework.
#![allow(clippy::unwrap_used, missing_docs)]

mod tensors;

use burn::tensor::{Device, FloatDType, Tensor};
use fasgard_kernels::tensor::{
    PreparedConv, adam_step, add_relu, avg_pool2d, batch_norm_infer, batch_norm_join,
    batch_norm_train, conv2d, depthwise_conv2d, max_pool2d, resize, squared_norm,
};
use fasgard_kernels::{Adam, ConvOptions as Options, WeightDecay};
use tensors::{assert_close, compare, host, tensor};

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

#[test]
fn depthwise_resize_join_and_prepared_match_the_composed_path() {
    let device = Device::flex().autodiff();
    let wide = |x: Tensor<4>| x.cast(FloatDType::F64);
    let narrow = |x: Tensor<4>| x.cast(FloatDType::F32);
    let x = tensor([2, 8, 6, 5], 40, &device);
    compare(
        "composed depthwise",
        [x.clone(), tensor([5, 1, 3, 3], 41, &device)],
        |[x, w]| depthwise_conv2d(x, w, 2, 1),
        |[x, w]| narrow(depthwise_conv2d(wide(x), wide(w), 2, 1)),
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
    let (x, weight) = (x.inner(), tensor([7, 5, 3, 3], 45, &Device::flex()));
    let bias: Tensor<1> = tensor([7], 46, &Device::flex());
    let residual = tensor([2, 8, 6, 7], 47, &Device::flex());
    let options = Options::new(1, 1);
    let ours = PreparedConv::new(weight.clone(), bias.clone(), options);
    let theirs = PreparedConv::new(wide(weight), bias.cast(FloatDType::F64), options);
    for residual in [None, Some(residual)] {
        let expected = theirs.forward(wide(x.clone()), residual.clone().map(wide), true);
        let found = ours.forward(x.clone(), residual, true);
        assert_close("composed prepared", found, narrow(expected));
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

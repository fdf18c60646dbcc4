//! No kernel reads or writes outside its buffers: every buffer of floats, inside the kernels too,
//! lies against a page that cannot be touched, so that one element too far ends the test.
//!
//! With `FASGARD_GUARD_LOG` set, every shape is printed before it runs: the last one is to blame.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs, unsafe_code)]

mod guarded;

use fasgard_kernels::{
    Activation, AvgPool, BatchNorm, BatchNormBackward, Conv, Depthwise, Epilogue, InstructionSet,
    MaxPool, Precision, Resize,
};
use guarded::{Side, alone, guard, overrun_is_fatal};
use proptest::prelude::*;
use std::io::Write;

fn sets() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL
        .into_iter()
        .filter(|set| set.available())
}

/// Values in -1..1; none is zero, so that every product counts.
fn values(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        values.push((state >> 9) as f32 / (1 << 22) as f32 - 0.999_999_9);
    }
    values
}

/// A result whose every element has been written: fresh buffers are full of NaN.
#[track_caller]
fn written(name: &str, result: &[f32]) {
    let at = result.iter().position(|value| !value.is_finite());
    assert_eq!(
        at, None,
        "{name}: an element was never written, or read outside a buffer"
    );
}

#[derive(Debug, Clone, Copy)]
struct Shape {
    x: [usize; 4],
    outputs: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
}

/// All passes with buffers against a page on `side`; their results.
fn convolution(shape: &Shape, side: Side, conv: &Conv) -> Vec<Vec<f32>> {
    guard(side);
    let x = values(shape.x.iter().product(), 1);
    let weight = values(conv.weight_shape().iter().product(), 2);
    let grad = values(conv.output_shape().iter().product(), 3);
    let bias = values(shape.outputs, 4);
    let residual = values(grad.len(), 5);
    let fused = Epilogue {
        bias: Some(&bias),
        residual: Some(&residual),
        activation: Activation::Relu,
    };
    let packed = conv.pack(&weight).unwrap();
    let results = vec![
        conv.forward(&x, &weight, Epilogue::default()).unwrap(),
        conv.forward(&x, &weight, fused).unwrap(),
        conv.forward_packed(&x, &packed, fused).unwrap(),
        conv.input_grad(&weight, &grad).unwrap(),
        conv.weight_grad(&x, &grad).unwrap(),
    ];
    for (result, pass) in results
        .iter()
        .zip(["forward", "fused", "packed", "dx", "dw"])
    {
        written(&format!("{pass} {conv:?}"), result);
    }
    // Packed weights may be transformed on smaller maps than others: equal but for rounding.
    let scale = results[1]
        .iter()
        .fold(1.0f32, |scale, value| scale.max(*value));
    for (plain, packed) in results[1].iter().zip(&results[2]) {
        assert!(
            (plain - packed).abs() <= 2e-5 * scale,
            "{plain}, packed {packed}: {conv:?}"
        );
    }
    results
}

fn check(shape: &Shape) {
    if std::env::var_os("FASGARD_GUARD_LOG").is_some() {
        // Not `eprintln`: it would be captured, and lost with the process.
        let line = format!("{shape:?}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    let weight = [shape.outputs, shape.x[3], shape.kernel, shape.kernel];
    for set in sets() {
        for (winograd, precision) in [
            (false, Precision::F32),
            (true, Precision::F32),
            (true, Precision::Bf16),
        ] {
            let conv = Conv::new(shape.x, weight, shape.stride, shape.padding)
                .unwrap()
                .with_instructions(set)
                .with_winograd(winograd)
                .with_precision(precision);
            let ending = convolution(shape, Side::End, &conv);
            let beginning = convolution(shape, Side::Begin, &conv);
            assert_eq!(ending, beginning, "{conv:?}");
        }
        let depthwise_weight = [shape.x[3], 1, shape.kernel, shape.kernel];
        let depthwise = Depthwise::new(shape.x, depthwise_weight, shape.stride, shape.padding)
            .unwrap()
            .with_instructions(set);
        for side in [Side::End, Side::Begin] {
            guard(side);
            depthwise_passes(&depthwise);
        }
    }
}

fn depthwise_passes(conv: &Depthwise) {
    let x = values(conv.input_shape().iter().product(), 1);
    let weight = values(conv.weight_shape().iter().product(), 2);
    let grad = values(conv.output_shape().iter().product(), 3);
    let bias = values(conv.weight_shape()[0], 4);
    let residual = values(grad.len(), 5);
    let fused = Epilogue {
        bias: Some(&bias),
        residual: Some(&residual),
        activation: Activation::Relu,
    };
    let plain = conv.forward(&x, &weight, Epilogue::default()).unwrap();
    written("depthwise forward", &plain);
    written(
        "depthwise fused",
        &conv.forward(&x, &weight, fused).unwrap(),
    );
    written("depthwise dx", &conv.input_grad(&weight, &grad).unwrap());
    written("depthwise dw", &conv.weight_grad(&x, &grad).unwrap());
}

fn channels() -> impl Strategy<Value = usize> {
    prop_oneof![8 => 1usize..68, 1 => Just(196usize), 1 => Just(204usize)]
}

fn side_length() -> impl Strategy<Value = usize> {
    prop_oneof![1 => Just(1usize), 4 => 1usize..16]
}

#[test]
fn one_element_too_far_is_fatal() {
    let _alone = alone();
    for side in [Side::End, Side::Begin] {
        for count in [1, 3, 1023, 1024, 5000] {
            overrun_is_fatal(side, count);
        }
    }
}

#[test]
fn shapes_that_fill_and_miss_tiles() {
    let _alone = alone();
    for (x, outputs, kernel, stride, padding) in [
        ([1, 12, 16, 16], 32, 3, 1, 1),
        ([2, 13, 11, 17], 33, 3, 1, 1),
        ([1, 8, 8, 204], 196, 3, 1, 0),
        ([1, 5, 5, 196], 204, 1, 1, 0),
        ([2, 17, 15, 3], 64, 7, 2, 3),
        ([1, 1, 1, 1], 1, 1, 1, 0),
        ([1, 1, 1, 67], 67, 3, 1, 1),
        ([1, 3, 3, 600], 5, 1, 1, 0),
        ([1, 9, 9, 31], 16, 3, 3, 2),
    ] {
        let shape = Shape {
            x,
            outputs,
            kernel,
            stride,
            padding,
        };
        check(&shape);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn convolutions_stay_in_their_buffers(
        images in 1usize..3,
        sides in (side_length(), side_length()),
        inputs in channels(),
        outputs in channels(),
        kernel in 1usize..8,
        stride in 1usize..4,
        padding in 0usize..5,
    ) {
        prop_assume!(sides.0.min(sides.1) + 2 * padding >= kernel);
        let _alone = alone();
        let x = [images, sides.0, sides.1, inputs];
        check(&Shape { x, outputs, kernel, stride, padding });
    }

    #[test]
    fn maps_stay_in_their_buffers(
        images in 1usize..3,
        sides in (side_length(), side_length()),
        to in (side_length(), side_length()),
        channels in channels(),
        kernel in 1usize..6,
        stride in 1usize..4,
        begin in any::<bool>(),
    ) {
        let _alone = alone();
        guard(if begin { Side::Begin } else { Side::End });
        let shape = [images, sides.0, sides.1, channels];
        let x = values(shape.iter().product(), 1);
        for set in sets() {
            let resize = Resize::new(shape, to.into()).unwrap().with_instructions(set);
            let grad = values(resize.output_shape().iter().product(), 2);
            written("resize", &resize.forward(&x).unwrap());
            written("resize dx", &resize.input_grad(&grad).unwrap());
        }
        let padding = kernel / 2;
        if let Ok(pool) = MaxPool::new(shape, kernel, stride, padding) {
            let grad = values(pool.output_shape().iter().product(), 2);
            let (y, indices) = pool.forward_with_indices(&x).unwrap();
            written("max pool", &y);
            prop_assert_eq!(&y, &pool.forward(&x).unwrap());
            let dx = pool.input_grad(&x, &grad).unwrap();
            written("max pool dx", &dx);
            prop_assert_eq!(dx, pool.input_grad_from_indices(&indices, &grad).unwrap());
        }
        if let Ok(pool) = AvgPool::new(shape, kernel) {
            let grad = values(pool.output_shape().iter().product(), 2);
            written("average pool", &pool.forward(&x).unwrap());
            written("average pool dx", &pool.input_grad(&grad).unwrap());
        }
        batch_norm(&x, channels);
    }
}

fn batch_norm(x: &[f32], channels: usize) {
    let (gamma, beta) = (values(channels, 2), values(channels, 3));
    let (residual, grad) = (values(x.len(), 4), values(x.len(), 5));
    for residual in [None, Some(&residual[..])] {
        let norm = BatchNorm::new(channels, 1e-5).unwrap().with_relu(true);
        let (y, statistics) = norm.train(x, &gamma, &beta, residual).unwrap();
        written("batch norm", &y);
        let from = BatchNormBackward {
            x,
            gamma: &gamma,
            beta: &beta,
            mean: &statistics.mean,
            variance: &statistics.variance,
            grad: &grad,
            output: residual.map(|_| &y[..]),
        };
        let grads = norm.backward(&from).unwrap();
        written("batch norm dx", &grads.x);
        written("batch norm dw", &grads.gamma);
        written("batch norm db", &grads.beta);
    }
}

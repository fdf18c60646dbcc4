//! Tensors of fixed values, and comparisons of outputs and gradients.
#![allow(dead_code, unreachable_pub)]

use burn::tensor::{Device, Tensor, TensorData};

/// Values in about -1..1 without ties, from a fixed integer hash.
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

pub fn tensor<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let count = shape.iter().product();
    Tensor::from_data(TensorData::new(values(count, seed), shape), device)
}

pub fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec::<f32>().unwrap()
}

/// Largest difference relative to the largest expected magnitude.
#[track_caller]
pub fn assert_close<const D: usize>(name: &str, actual: Tensor<D>, expected: Tensor<D>) {
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

/// Output and gradients of a function of several tensors, for a fixed output gradient.
pub fn run<const N: usize>(
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
pub fn compare<const N: usize>(
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

//! Whole steps through the framework's autodiff: the same bits for any number of threads.
#![allow(clippy::unwrap_used, missing_docs)]

use burn::tensor::{Device, Tensor, TensorData};
use fasgard_kernels::ConvOptions;
use fasgard_kernels::tensor::{
    avg_pool2d, batch_norm_join, batch_norm_train, conv2d, max_pool2d, resize,
};

fn wave<const D: usize>(shape: [usize; D], phase: f32, device: &Device) -> Tensor<D> {
    let count: usize = shape.iter().product();
    let data: Vec<f32> = (0..count)
        .map(|i| (i as f32 * 0.7371 + phase).sin())
        .collect();
    Tensor::from_data(TensorData::new(data, shape), device)
}

/// Bits of the loss and of all gradients of a small residual network.
fn step() -> Vec<u32> {
    let device = Device::flex().autodiff();
    let x = wave([5, 64, 48, 3], 0.1, &device);
    let stem = wave([20, 3, 7, 7], 0.2, &device).require_grad();
    let inner = wave([20, 20, 3, 3], 0.3, &device).require_grad();
    let down = wave([33, 20, 3, 3], 0.4, &device).require_grad();
    let gamma = wave([20], 0.5, &device).require_grad();
    let beta = wave([20], 0.6, &device).require_grad();

    let y = conv2d(x, stem.clone(), ConvOptions::new(2, 3));
    let y = batch_norm_train(y, gamma.clone(), beta.clone(), 1e-5, true).output;
    let skip = max_pool2d(y, 3, 2, 1);
    let y = conv2d(skip.clone(), inner.clone(), ConvOptions::new(1, 1));
    let y = batch_norm_join(y, gamma.clone(), beta.clone(), skip, 1e-5).output;
    let y = conv2d(resize(y, [18, 10]), down.clone(), ConvOptions::new(1, 1));
    let loss = avg_pool2d(y, 2).powi_scalar(2).sum();
    let grads = loss.backward();
    let mut bits = Vec::new();
    let mut push = |values: Vec<f32>| bits.extend(values.into_iter().map(f32::to_bits));
    push(loss.into_data().try_into_vec().unwrap());
    for weight in [stem, inner, down] {
        push(
            weight
                .grad(&grads)
                .unwrap()
                .into_data()
                .try_into_vec()
                .unwrap(),
        );
    }
    for parameter in [gamma, beta] {
        push(
            parameter
                .grad(&grads)
                .unwrap()
                .into_data()
                .try_into_vec()
                .unwrap(),
        );
    }
    bits
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let with = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(step)
    };
    let one = with(1);
    assert!(one.iter().all(|bits| f32::from_bits(*bits).is_finite()));
    for threads in [2, 3, 7] {
        assert!(with(threads) == one, "{threads} threads");
    }
}

//! The pyramid and the contrastive depth loss, forward and backward.

#![allow(missing_docs)] // what the macro makes

use burn::tensor::{Device, Tensor, TensorData};
use criterion::{Criterion, criterion_group, criterion_main};
use fasgard_nn::{Pyramid, losses::contrastive_depth};

fn wave(shape: [usize; 4], device: &Device) -> Tensor<4> {
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|i| (i as f32 * 0.1).sin())
        .collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn supervision(c: &mut Criterion) {
    let device = Device::flex().autodiff();
    let Ok(pyramid) = Pyramid::new(&[8, 4, 2, 1]) else {
        return;
    };
    let features = wave([8, 8, 8, 2048], &device);
    c.bench_function("pyramid 8,4,2,1 of 2048 channels, batch 8, forward", |b| {
        b.iter(|| pyramid.pool(&features).len());
    });
    let leaf = features.clone().require_grad();
    c.bench_function(
        "pyramid 8,4,2,1 of 2048 channels, batch 8, forward and backward",
        |b| {
            b.iter(|| {
                let sum = pyramid
                    .pool(&leaf)
                    .into_iter()
                    .map(Tensor::sum)
                    .reduce(|a, b| a + b);
                sum.map(|sum| leaf.grad(&sum.backward()).is_some())
            });
        },
    );
    let (predicted, truth) = (
        wave([8, 32, 32, 1], &device).require_grad(),
        wave([8, 32, 32, 1], &device),
    );
    c.bench_function(
        "contrastive depth loss 32x32, batch 8, forward and backward",
        |b| {
            b.iter(|| {
                let loss = contrastive_depth(predicted.clone(), truth.clone().mul_scalar(0.5));
                predicted.grad(&loss.backward()).is_some()
            });
        },
    );
}

criterion_group!(benches, supervision);
criterion_main!(benches);

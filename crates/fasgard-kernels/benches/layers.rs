//! Forward and backward rates of typical layers, against burn's own convolution in the same run.
//!
//! `cargo bench -p fasgard-kernels --bench layers [-- FILTER]` prints medians.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, activation, module};
use fasgard_kernels::{batch_norm_train, conv2d};
use std::time::Instant;

struct Layer {
    name: &'static str,
    images: usize,
    side: usize,
    channels: [usize; 2],
    kernel: usize,
    stride: usize,
    /// Whether the input's gradient is wanted (not for images).
    tracked: bool,
}

const fn layer(
    name: &'static str,
    images: usize,
    side: usize,
    channels: [usize; 2],
    kernel: usize,
    stride: usize,
) -> Layer {
    Layer {
        name,
        images,
        side,
        channels,
        kernel,
        stride,
        tracked: channels[0] > 3,
    }
}

const LAYERS: [Layer; 9] = [
    layer("stem 7x7s2 3->16, 128", 32, 128, [3, 16], 7, 2),
    layer("3x3 16->16, 64x64", 32, 64, [16, 16], 3, 1),
    layer("3x3 32->32, 32x32", 32, 32, [32, 32], 3, 1),
    layer("3x3s2 16->32, 64x64", 32, 64, [16, 32], 3, 2),
    layer("3x3 64->64, 16x16", 32, 16, [64, 64], 3, 1),
    layer("3x3 128->128, 8x8", 32, 8, [128, 128], 3, 1),
    layer("3x3 64->64, 64x64, N 8", 8, 64, [64, 64], 3, 1),
    layer("1x1 256->64, 64x64, N 8", 8, 64, [256, 64], 1, 1),
    layer("1x1 64->256, 64x64, N 8", 8, 64, [64, 256], 1, 1),
];

/// Median seconds of `runs` calls after one call to warm up.
fn median(runs: usize, mut f: impl FnMut() -> f64) -> f64 {
    f();
    let mut times: Vec<f64> = (0..runs).map(|_| f()).collect();
    times.sort_by(f64::total_cmp);
    times[runs / 2]
}

fn rates(
    layer: &Layer,
    runs: usize,
    conv: impl Fn(Tensor<4>, Tensor<4>) -> Tensor<4>,
    nhwc: bool,
) -> [f64; 2] {
    let device = Device::flex().autodiff();
    let [ci, co] = layer.channels;
    let (n, s) = (layer.images, layer.side);
    let shape = if nhwc { [n, s, s, ci] } else { [n, ci, s, s] };
    let x = Tensor::<4>::ones(shape, &device) * 0.5;
    let x = if layer.tracked {
        x.detach().require_grad()
    } else {
        x
    };
    let weight = (Tensor::<4>::ones([co, ci, layer.kernel, layer.kernel], &device) * 0.1)
        .detach()
        .require_grad();
    let out = s.div_ceil(layer.stride);
    let flops = 2.0 * (n * out * out * ci * co * layer.kernel * layer.kernel) as f64;
    let passes = if layer.tracked { 2.0 } else { 1.0 };
    let forward = median(runs, || {
        let start = Instant::now();
        let y = conv(x.clone(), weight.clone());
        let time = start.elapsed().as_secs_f64();
        drop(y);
        time
    });
    let backward = median(runs, || {
        // From the output itself: its gradient is then dense, as inside a network.
        let y = conv(x.clone(), weight.clone());
        let start = Instant::now();
        let grads = y.backward();
        let time = start.elapsed().as_secs_f64();
        assert!(weight.grad(&grads).is_some());
        time
    });
    [flops / forward / 1e9, passes * flops / backward / 1e9]
}

fn main() {
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let wanted = |name: &str| filter.as_deref().is_none_or(|filter| name.contains(filter));
    println!(
        "{:<26}{:>10}{:>10}{:>12}{:>12}  GFLOP/s",
        "layer", "fwd", "bwd", "burn fwd", "burn bwd"
    );
    for layer in LAYERS.iter().filter(|layer| wanted(layer.name)) {
        let (stride, padding) = (layer.stride, layer.kernel / 2);
        let ours = rates(layer, 15, |x, w| conv2d(x, w, stride, padding), true);
        let options = || ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1);
        let theirs = rates(
            layer,
            3,
            |x, w| module::conv2d(x, w, None, options()),
            false,
        );
        println!(
            "{:<26}{:>10.1}{:>10.1}{:>12.1}{:>12.1}",
            layer.name, ours[0], ours[1], theirs[0], theirs[1]
        );
    }
    if wanted("batch norm") {
        norm();
    }
}

/// Fused normalisation + ReLU against the same formula in burn's operations, milliseconds.
fn norm() {
    let device = Device::flex().autodiff();
    let x = (Tensor::<4>::ones([32, 64, 64, 16], &device) * 0.5)
        .detach()
        .require_grad();
    let gamma = Tensor::<1>::ones([16], &device).require_grad();
    let beta = Tensor::<1>::zeros([16], &device).require_grad();
    let time = |f: &dyn Fn() -> Tensor<4>, runs| {
        let forward = median(runs, || {
            let start = Instant::now();
            let y = f();
            let time = start.elapsed().as_secs_f64();
            drop(y);
            time
        });
        let backward = median(runs, || {
            let y = f();
            let start = Instant::now();
            let grads = y.backward();
            let time = start.elapsed().as_secs_f64();
            assert!(x.grad(&grads).is_some());
            time
        });
        [forward * 1e3, backward * 1e3]
    };
    let ours = time(
        &|| batch_norm_train(x.clone(), gamma.clone(), beta.clone(), 1e-5, true).output,
        15,
    );
    let theirs = time(
        &|| {
            let (gamma, beta) = (
                gamma.clone().reshape([1, 1, 1, 16]),
                beta.clone().reshape([1, 1, 1, 16]),
            );
            let mean = x.clone().mean_dim(0).mean_dim(1).mean_dim(2);
            let centred = x.clone() - mean;
            let square = centred.clone() * centred.clone();
            let variance = square.mean_dim(0).mean_dim(1).mean_dim(2);
            activation::relu(centred / (variance + 1e-5).sqrt() * gamma + beta)
        },
        3,
    );
    println!(
        "batch norm + relu 64x64x16, N 32: fwd {:.1} ms, bwd {:.1} ms; burn composite {:.1}, {:.1}",
        ours[0], ours[1], theirs[0], theirs[1]
    );
}

//! Convolutions, resizing and batch normalisation against PyTorch in double precision.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod parity;

use burn::{module::Module, optim::GradientsParams, tensor::Device};
use fasgard_nn::{
    Init,
    layers::{BatchNorm, Conv, ConvInit, ConvShape, resize_bilinear},
    load_weights, named_weights,
};
use parity::{
    Case, Fixture, formula_weights, gradients, host, inside, nchw, outside, probe, values,
    with_formula,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity");

fn init(device: &Device) -> Init {
    Init::new(ChaCha8Rng::seed_from_u64(0), device)
}

/// The first units of `name`, computed by tools/parity/formula.py.
#[test]
fn the_formula_is_the_generator_s() {
    let expected = [0.285_301_57, -0.911_942_84, -0.815_581_56];
    assert_eq!(values("name", 3, 1.0, 0.0), expected);
}

#[test]
fn convolutions_with_every_theta() {
    let device = Device::flex().autodiff();
    let fixture = Fixture::read(format!("{FOLDER}/convolutions.safetensors"));
    for case in fixture.cases(4) {
        let shape = case.shape("x");
        let [outputs, stride] = ["outputs", "stride"].map(|k| case.number(k) as usize);
        let shape_of_conv = ConvShape::new(shape[1], outputs, 3, stride);
        let conv = Conv::new(shape_of_conv, ConvInit::UniformFanIn, &mut init(&device));
        let conv = with_formula(
            conv.with_theta(case.number("theta")),
            &format!("{}/", case.name),
        );
        let x = nchw(&format!("{}/x", case.name), shape, (1.0, 0.0), &device).require_grad();
        let y = outside(conv.forward(inside(x.clone())));
        case.compare("y", &host(y.clone()));
        let grads = probe(&case.name, y).backward();
        case.compare("d/x", &host(x.grad(&grads).unwrap()));
        let grads = GradientsParams::from_grads(grads, &conv);
        for (name, grad) in gradients(&conv, &grads) {
            case.compare(&format!("d/{name}"), &grad);
        }
        case.finish();
    }
}

#[test]
fn bilinear_resizing() {
    let device = Device::flex().autodiff();
    let fixture = Fixture::read(format!("{FOLDER}/resizes.safetensors"));
    for case in fixture.cases(4) {
        let x = nchw(
            &format!("{}/x", case.name),
            case.shape("x"),
            (1.0, 0.0),
            &device,
        )
        .require_grad();
        let side = case.number("side") as usize;
        let y = outside(resize_bilinear(inside(x.clone()), side));
        case.compare("y", &host(y.clone()));
        let grads = probe(&case.name, y).backward();
        case.compare("d/x", &host(x.grad(&grads).unwrap()));
        case.finish();
    }
}

/// Running statistics after each of five steps, and the output with them.
#[test]
fn batch_normalisation_and_its_running_statistics() {
    let device = Device::flex().autodiff();
    let fixture = Fixture::read(format!("{FOLDER}/batch_norms.safetensors"));
    let norm = BatchNorm::new(4, &init(&device));
    let weights = formula_weights(&norm, "norm/bn.");
    let norm = load_weights(norm, weights).unwrap();
    let input = |case: &Case<'_>, device: &Device| {
        nchw(
            &format!("{}/x", case.name),
            case.shape("x"),
            (2.0, 0.5),
            device,
        )
    };
    // By name: `evaluated`, then `step-0` to `step-4`.
    let mut cases = fixture.cases(6);
    let evaluated = cases.remove(0);
    for case in cases {
        let x = input(&case, &device).require_grad();
        let y = outside(norm.forward(inside(x.clone()), false));
        case.compare("y", &host(y.clone()));
        let grads = probe(&case.name, y).backward();
        case.compare("d/x", &host(x.grad(&grads).unwrap()));
        let grads = GradientsParams::from_grads(grads, &norm);
        for (name, grad) in gradients(&norm, &grads) {
            case.compare(&format!("d/{name}"), &grad);
        }
        for statistic in named_weights(&norm) {
            if statistic.name.starts_with("running") {
                case.compare(&statistic.name, &statistic.values);
            }
        }
        case.finish();
    }
    let x = input(&evaluated, &Device::flex());
    let y = norm.valid().forward(inside(x), false);
    evaluated.compare("y", &host(outside(y)));
    evaluated.finish();
}

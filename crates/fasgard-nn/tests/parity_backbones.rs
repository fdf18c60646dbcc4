//! Whole backbones, narrow, against PyTorch in double precision: features, every weight's gradient,
//! running statistics after the step, and the features with them.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod parity;

use burn::{module::Module, optim::GradientsParams, tensor::Device};
use fasgard_nn::{Init, ModelConfig, backbones::Backbone, named_weights};
use parity::{Fixture, gradients, host, inside, nchw, outside, probe, with_formula};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity");

#[test]
fn backbones() {
    let device = Device::flex().autodiff();
    let fixture = Fixture::read(format!("{FOLDER}/backbones.safetensors"));
    let mut cases = fixture.cases(14).into_iter();
    // By name: each training case is followed by the evaluation after it.
    while let (Some(case), Some(evaluated)) = (cases.next(), cases.next()) {
        assert_eq!(evaluated.name, format!("{}-evaluated", case.name));
        let config: ModelConfig = serde_json::from_value(serde_json::json!({
            "backbone": case.parameters["backbone"], "tap": case.parameters["tap"],
            "width": case.number("width"),
            "supervision": { "target": "binary" },
        }))
        .unwrap();
        let mut init = Init::new(ChaCha8Rng::seed_from_u64(0), &device);
        let body = Backbone::new(&config, case.number("side") as usize, &mut init);
        let body = with_formula(body, &format!("{}/", case.name));
        let input = |device: &Device| {
            let name = format!("{}/x", case.name);
            nchw(&name, case.shape("x"), (1.0, 0.0), device)
        };
        let x = input(&device).require_grad();
        let y = outside(body.forward(inside(x.clone())));
        case.compare("y", &host(y.clone()));
        let grads = probe(&case.name, y).backward();
        // Of the first image alone: the file stays small.
        case.compare("d/x", &host(x.grad(&grads).unwrap().narrow(0, 0, 1)));
        let grads = GradientsParams::from_grads(grads, &body);
        for (name, grad) in gradients(&body, &grads) {
            case.compare(&format!("d/{name}"), &grad);
        }
        for statistic in named_weights(&body) {
            if statistic.name.contains("running_") {
                case.compare(&statistic.name, &statistic.values);
            }
        }
        let y = body.valid().forward(inside(input(&Device::flex())));
        evaluated.compare("y", &host(outside(y)));
        case.finish();
        evaluated.finish();
    }
}

//! Losses and heads against PyTorch in double precision.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod parity;

use burn::{
    optim::GradientsParams,
    tensor::{Device, Tensor, TensorData},
};
use fasgard_nn::{
    Init, ModelConfig, Targets,
    heads::Head,
    losses::{bce_with_logits, contrastive_depth, mse},
};
use parity::{Fixture, gradients, host, inside, nchw, outside, values, with_formula};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity");

#[test]
fn losses() {
    let device = Device::flex().autodiff();
    let fixture = Fixture::read(format!("{FOLDER}/losses.safetensors"));
    for case in fixture.cases(5) {
        let shape = case.shape("x");
        let named =
            |name: &str, range| nchw(&format!("{}/{name}", case.name), shape, range, &device);
        let x = named("x", (case.number("scale") as f32, 0.0)).require_grad();
        let truth = inside(named("truth", (0.5, 0.5)));
        let ours = inside(x.clone());
        let value = match case.name.as_str() {
            "mse" => mse(ours, truth),
            "cdl" => contrastive_depth(ours, truth),
            "bce-sum" => bce_with_logits(ours, truth).sum() / shape[0] as f64,
            _ => bce_with_logits(ours, truth).mean(),
        };
        case.compare("value", &host(value.clone()));
        case.compare("d/x", &host(x.grad(&value.backward()).unwrap()));
        case.finish();
    }
}

#[test]
fn heads() {
    let device = Device::flex().autodiff();
    let fixture = Fixture::read(format!("{FOLDER}/heads.safetensors"));
    for case in fixture.cases(8) {
        let shape = case.shape("x");
        let mut supervision = case.parameters.clone();
        let settings = supervision.as_object_mut().unwrap();
        for other in ["x", "width", "truth", "theta"] {
            settings.remove(other);
        }
        let theta = case.parameters["theta"].as_f64().unwrap_or(0.0);
        let config: ModelConfig = serde_json::from_value(serde_json::json!({
            "backbone": "cdcn", "theta": theta, "width": case.number("width"),
            "supervision": supervision,
        }))
        .unwrap();
        let pyramid = config.supervision.pyramid().unwrap();
        let mut init = Init::new(ChaCha8Rng::seed_from_u64(0), &device);
        let head = Head::new(&config, pyramid, shape[1], &mut init);
        let head = with_formula(head, &format!("{}/", case.name));
        let x = nchw(&format!("{}/x", case.name), shape, (1.0, 0.25), &device).require_grad();
        let prediction = head.as_dyn().predict(inside(x.clone()));
        for map in &prediction.maps {
            let map = outside(map.clone());
            let name = format!("map@{}", map.dims()[3]);
            case.compare(&name, &host(map));
        }
        if let Some(logit) = &prediction.logit {
            case.compare("logit", &host(logit.clone()));
        }

        let side = config.supervision.target_side().max(1);
        assert_eq!(side as f64, case.number("truth").max(1.0));
        let labels: Vec<f32> = values(&format!("{}/labels", case.name), shape[0], 1.0, 0.0)
            .into_iter()
            .map(|v| if v > 0.0 { 1.0 } else { 0.0 })
            .collect();
        let truth = nchw(
            &format!("{}/truth", case.name),
            [shape[0], 1, side, side],
            (0.5, 0.5),
            &device,
        );
        let targets = Targets {
            labels: Tensor::from_data(TensorData::new(labels, [shape[0]]), &device),
            map: Some(inside(truth)),
        };
        let loss = head.as_dyn().loss(&prediction, &targets);
        for term in loss.terms {
            case.compare(&format!("term/{}", term.name), &host(term.value));
        }
        case.compare("total", &host(loss.total.clone()));
        let grads = loss.total.backward();
        case.compare("d/x", &host(x.grad(&grads).unwrap()));
        let grads = GradientsParams::from_grads(grads, &head);
        for (name, grad) in gradients(&head, &grads) {
            case.compare(&format!("d/{name}"), &grad);
        }
        case.finish();
    }
}

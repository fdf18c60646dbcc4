//! Twenty training steps of narrow detectors against PyTorch in double precision: every loss, and
//! weights and running statistics after 1, 5 and 20 steps.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

#[path = "../../fasgard-nn/tests/parity/mod.rs"]
mod parity;

use burn::tensor::{Device, Tensor, TensorData};
use fasgard_nn::{Target, Targets};
use fasgard_train::{ExperimentConfig, Learner};
use parity::{Fixture, formula_weights, inside, nchw, values};

#[test]
fn twenty_steps_of_every_optimiser() {
    let device = Device::flex().autodiff();
    let fixture = Fixture::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/parity/optimisers.safetensors"
    ));
    for case in fixture.cases(4) {
        let p = &case.parameters;
        let shape = case.shape("x");
        let (backbone, tap) = match p["target"].as_str().unwrap() {
            "mask" => ("resnet18", "layer2"),
            _ => ("cdcn", ""),
        };
        let text = format!(
            "schema = 1\nname = 'parity'\n\
             model = {{ backbone = '{backbone}', tap = '{tap}', width = {}, supervision = {{ target = {}, scales = {} }} }}\n\
             input = {{ size = {} }}\n\
             optimizer = {{ kind = {}, lr = {}, weight_decay = {:?}, momentum = 0.9, nesterov = true }}\n",
            p["width"],
            p["target"],
            p["scales"],
            shape[2],
            p["optimizer"],
            p["lr"],
            case.number("weight_decay"),
        );
        let config = ExperimentConfig::parse(&text, &[]).unwrap();
        let mut learner = Learner::new(&config, &Device::flex()).unwrap();
        let weights = formula_weights(learner.detector(), &format!("{}/", case.name));
        learner.load(weights).unwrap();
        let side = config.model.supervision.target_side();
        let shown: Vec<f64> = p["shown"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect();
        let mut losses = Vec::new();
        for step in 1..=case.number("steps") as usize {
            let name = format!("{}/{step}", case.name);
            let images = nchw(&format!("{name}/x"), shape, (1.0, 0.0), &device);
            let labels: Vec<f32> = values(&format!("{name}/labels"), shape[0], 1.0, 0.0)
                .into_iter()
                .map(|v| if v > 0.0 { 1.0 } else { 0.0 })
                .collect();
            let map = nchw(
                &format!("{name}/truth"),
                [shape[0], 1, side, side],
                (0.5, 0.5),
                &device,
            );
            let targets = Targets {
                labels: Tensor::from_data(TensorData::new(labels, [shape[0]]), &device),
                map: (config.model.supervision.target != Target::Binary).then(|| inside(map)),
            };
            losses.push(learner.step(images, &targets, config.optimizer.lr));
            if shown.contains(&(step as f64)) {
                for weight in learner.weights() {
                    case.compare(&format!("{step}/{}", weight.name), &weight.values);
                }
            }
        }
        case.compare("losses", &losses);
        case.finish();
    }
}

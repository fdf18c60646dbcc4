//! The detector prepared for inference, and other ways of computing it.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

use burn::tensor::{Device, Tensor, TensorData};
use fasgard_nn::{Compute, Detector, ModelConfig, Precision, Prediction};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn config(backbone: &str, target: &str) -> ModelConfig {
    serde_json::from_value(serde_json::json!({
        "backbone": backbone, "width": 0.5,
        "supervision": {"target": target, "scales": [2, 1]},
    }))
    .unwrap()
}

fn images(device: &Device) -> Tensor<4> {
    let values = (0..2 * 3 * 64 * 64)
        .map(|i| (i as f32 * 0.37).sin())
        .collect::<Vec<_>>();
    Tensor::from_data(TensorData::new(values, [2, 3, 64, 64]), device)
}

fn host(prediction: &Prediction) -> Vec<f32> {
    prediction
        .maps
        .iter()
        .flat_map(|map| map.clone().into_data().try_to_vec::<f32>().unwrap())
        .chain(
            prediction
                .logit
                .iter()
                .flat_map(|logit| logit.clone().into_data().try_to_vec::<f32>().unwrap()),
        )
        .collect()
}

/// A detector whose running statistics have moved away from 0 and 1.
fn trained(config: &ModelConfig, compute: Compute) -> Detector {
    let device = Device::flex().autodiff();
    let rng = ChaCha8Rng::seed_from_u64(1);
    let mut detector = Detector::new(config, 64, rng, &device).unwrap();
    detector.set_compute(compute);
    let _ = detector.forward(images(&device));
    detector
}

fn worst(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

#[test]
fn preparing_changes_nothing_but_rounding() {
    use burn::module::Module;
    let images = images(&Device::flex());
    for (backbone, target) in [
        ("resnet18", "mask"),
        ("resnet50", "mask"),
        ("efficientnet-lite0", "mask"),
        ("cdcn", "depth"),
    ] {
        let detector = trained(&config(backbone, target), Compute::default());
        let plain = host(&detector.valid().forward(images.clone()));
        let prepared = host(&detector.prepare().forward(images.clone()));
        assert!(
            plain.iter().any(|v| v.abs() > 1e-3),
            "{backbone}: {plain:?}"
        );
        let worst = worst(&plain, &prepared);
        assert!(worst < 1e-4, "{backbone}: {worst}");
    }
}

#[test]
fn other_ways_of_computing_differ_by_their_rounding() {
    let images = images(&Device::flex());
    let config = config("resnet18", "mask");
    let answer = |precision, winograd| {
        let compute = Compute {
            precision,
            winograd,
        };
        host(&trained(&config, compute).prepare().forward(images.clone()))
    };
    let exact = answer(Precision::F32, false);
    let winograd = worst(&exact, &answer(Precision::F32, true));
    assert!(winograd > 0.0 && winograd < 1e-4, "{winograd}");
    let half = worst(&exact, &answer(Precision::Bf16, false));
    assert!(half > winograd && half < 5e-2, "{half}");
}

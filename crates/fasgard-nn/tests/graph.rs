//! The graph of every backbone and head, computed by plain loops, answers as the detector does.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod interpreter;

use burn::tensor::{Device, Tensor, TensorData};
use fasgard_nn::{Detector, ModelConfig, graph::Op};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const SIZE: usize = 32;

fn config(backbone: &str, tap: &str, supervision: serde_json::Value) -> ModelConfig {
    serde_json::from_value(serde_json::json!({
        "backbone": backbone, "tap": tap, "width": 0.125, "supervision": supervision,
    }))
    .unwrap()
}

fn image() -> Vec<f32> {
    (0..3 * SIZE * SIZE)
        .map(|i| (i as f32 * 0.37).sin())
        .collect()
}

/// A detector whose running statistics have moved away from 0 and 1.
fn detector(config: &ModelConfig) -> Detector {
    let device = Device::flex().autodiff();
    let detector = Detector::new(config, SIZE, ChaCha8Rng::seed_from_u64(1), &device).unwrap();
    let data = TensorData::new([image(), image()].concat(), [2, 3, SIZE, SIZE]);
    let _ = detector.forward(Tensor::from_data(data, &device));
    detector
}

#[test]
fn graphs_answer_as_their_detectors_do() {
    let mask = serde_json::json!({"target": "mask", "scales": [4, 2, 1]});
    let shared = serde_json::json!(
        {"target": "mask", "scales": [4, 1], "shared_conv": true, "score": "map-mean"});
    // Neither the backbone's side nor half of it: the features are really resized.
    let depth = serde_json::json!({"target": "depth", "scales": [10, 5]});
    let binary = serde_json::json!({"target": "binary"});
    for (backbone, tap, supervision) in [
        ("resnet18", "layer2", mask.clone()),
        ("resnet34", "layer2", shared),
        ("resnet50", "layer2", mask),
        ("resnet18", "layer2", depth.clone()),
        ("resnet50", "layer3", binary.clone()),
        ("cdcn", "", depth.clone()),
        ("depthnet", "", depth),
        ("cdcn", "", binary),
    ] {
        let config = config(backbone, tap, supervision);
        let detector = detector(&config);
        let data = TensorData::new(image(), [1, 3, SIZE, SIZE]);
        let images = Tensor::from_data(data, &Device::flex());
        let scores = detector.prepare().forward(images).scores(&config);
        let mut expected = vec![("score".to_owned(), scores.scores.clone())];
        if let Some(logits) = &scores.logits {
            expected.push(("logit".into(), logits.clone()));
        }
        for (side, map) in config.supervision.scales.iter().zip(&scores.maps) {
            let map = map.iter().map(|v| f64::from(*v)).collect();
            expected.push((format!("map_{side}"), map));
        }

        let graph = detector.graph(&config, SIZE);
        let found = interpreter::run(&graph, &image());
        let names = |list: &[(String, _)]| list.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
        let found_names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(found_names, names(&expected), "{backbone}");
        for ((name, found), (_, expected)) in found.iter().zip(&expected) {
            assert_eq!(found.values.len(), expected.len(), "{backbone} {name}");
            for (a, b) in found.values.iter().zip(expected) {
                // Only the graph leaves a depth's score unbounded.
                let a = if name == "score" { a.min(1.0) } else { *a };
                assert!((a - b).abs() < 1e-4, "{backbone} {name}: {a} {b}");
            }
        }
        let map = found.iter().find(|(name, _)| name.starts_with("map"));
        if let Some((name, map)) = map {
            let side = config.supervision.scales[0];
            assert_eq!(map.shape, [1, side, side], "{name}");
            // A map of one value would hide a mistake in its layout.
            assert!(
                map.values.iter().any(|v| (v - map.values[0]).abs() > 1e-4),
                "{backbone}"
            );
        }
    }
}

#[test]
fn names_are_those_of_the_summary() {
    let supervision = serde_json::json!({"target": "mask", "scales": [4]});
    let config = config("resnet18", "layer2", supervision);
    let detector = detector(&config);
    let graph = detector.graph(&config, SIZE);
    let convs: Vec<&str> = graph
        .nodes()
        .iter()
        .filter(|node| matches!(node.op, Op::Conv(_)))
        .map(|node| node.name.as_str())
        .collect();
    let summary = detector.summary(SIZE);
    let described: Vec<&str> = summary
        .layers
        .iter()
        .filter(|layer| layer.name.ends_with("conv"))
        .map(|layer| layer.name.as_str())
        .collect();
    let sorted = |mut names: Vec<&str>| {
        names.sort_unstable();
        names.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(sorted(convs), sorted(described));
}

#[test]
fn a_score_of_maps_needs_no_logit() {
    let supervision = serde_json::json!({"target": "mask", "scales": [4], "score": "map-mean"});
    let config = config("resnet18", "layer2", supervision);
    let graph = detector(&config).graph(&config, SIZE);
    let names: Vec<&str> = graph
        .outputs()
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["score", "map_4"]);
    let idle: Vec<&str> = graph
        .nodes()
        .iter()
        .zip(graph.needed())
        .filter(|(_, needed)| !needed)
        .map(|(node, _)| node.name.as_str())
        .collect();
    assert_eq!(idle, ["head.mask4.flatten", "head.linear"]);
}

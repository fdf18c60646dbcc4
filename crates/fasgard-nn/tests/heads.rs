//! Heads on tiny tensors against values computed by hand.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

use burn::tensor::{Device, Tensor, TensorData};
use fasgard_nn::{
    Detector, ModelConfig, NamedTensor, Prediction, Targets, load_weights, named_weights,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn detector(supervision: serde_json::Value, device: &Device) -> (ModelConfig, Detector) {
    let json = serde_json::json!({
        "backbone": "resnet18", "tap": "layer1", "width": 0.0625, "supervision": supervision,
    });
    let config: ModelConfig = serde_json::from_value(json).unwrap();
    let detector = Detector::new(&config, 8, ChaCha8Rng::seed_from_u64(1), device).unwrap();
    (config, detector)
}

fn map(values: &[f32], side: usize, device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values.to_vec(), [1, side, side, 1]), device)
}

fn term(terms: &[fasgard_nn::LossTerm], name: &str) -> f32 {
    terms
        .iter()
        .find(|t| t.name == name)
        .unwrap()
        .value
        .clone()
        .into_scalar::<f32>()
}

fn bce(x: f32, t: f32) -> f32 {
    let p = 1.0 / (1.0 + (-x).exp());
    -(t * p.ln() + (1.0 - t) * (1.0 - p).ln())
}

#[test]
fn mask_loss_per_scale_and_its_sum() {
    let device = Device::flex();
    let logits = [1.0, -1.0, 0.5, 2.0];
    // A half-attack mask: right column attack. Pooled to 1x1 it is 0.5.
    let truth = [1.0, 0.0, 1.0, 0.0];
    for (reduction, factor) in [("mean", 1.0), ("sum", 4.0)] {
        let (_, detector) = detector(
            serde_json::json!({"target": "mask", "scales": [2, 1], "reduction": reduction}),
            &device,
        );
        let prediction = Prediction {
            maps: vec![map(&logits, 2, &device), map(&[0.3], 1, &device)],
            logit: Some(Tensor::from_floats([-0.4], &device)),
        };
        let targets = Targets {
            labels: Tensor::from_floats([0.0], &device),
            map: Some(map(&truth, 2, &device)),
        };
        let loss = detector.loss(&prediction, &targets);
        let fine = logits
            .iter()
            .zip(truth)
            .map(|(&x, t)| bce(x, t))
            .sum::<f32>()
            / 4.0
            * factor;
        let (coarse, last) = (bce(0.3, 0.5), bce(-0.4, 0.0));
        assert!((term(&loss.terms, "bce@2") - fine).abs() < 1e-5);
        assert!((term(&loss.terms, "bce@1") - coarse).abs() < 1e-5);
        assert!((term(&loss.terms, "bce@final") - last).abs() < 1e-5);
        assert!((loss.total.into_scalar::<f32>() - fine - coarse - last).abs() < 1e-5);
    }
}

#[test]
fn min_pool_lets_any_attack_pixel_win() {
    let device = Device::flex();
    let (config, detector) = detector(
        serde_json::json!({"target": "mask", "scales": [2, 1], "target_pool": "min"}),
        &device,
    );
    assert_eq!(config.supervision.target_side(), 8);
    let mut truth = [1.0f32; 64];
    truth[63] = 0.0;
    let prediction = Prediction {
        maps: vec![
            map(&[0.0, 0.0, 0.0, 3.0], 2, &device),
            map(&[3.0], 1, &device),
        ],
        logit: None,
    };
    let targets = Targets {
        labels: Tensor::from_floats([0.0], &device),
        map: Some(map(&truth, 8, &device)),
    };
    let loss = detector.loss(&prediction, &targets);
    let fine = (3.0 * bce(0.0, 1.0) + bce(3.0, 0.0)) / 4.0;
    assert!((term(&loss.terms, "bce@2") - fine).abs() < 1e-5);
    assert!((term(&loss.terms, "bce@1") - bce(3.0, 0.0)).abs() < 1e-5);
}

#[test]
fn depth_loss_leaves_contrast_out_below_three() {
    let device = Device::flex();
    let (_, detector) = detector(
        serde_json::json!({"target": "depth", "scales": [4, 2], "scale_weights": [1.0, 0.5]}),
        &device,
    );
    let predicted: Vec<f32> = (0..16).map(|v| v as f32 / 16.0).collect();
    let maps = vec![
        map(&predicted, 4, &device),
        map(&[0.15625, 0.28125, 0.65625, 0.78125], 2, &device),
    ];
    let targets = Targets {
        labels: Tensor::from_floats([0.0], &device),
        map: Some(map(&[0.0; 16], 4, &device)),
    };
    let loss = detector.loss(&Prediction { maps, logit: None }, &targets);
    let mse4 = predicted.iter().map(|v| v * v).sum::<f32>() / 16.0;
    let mse2 = [0.15625f32, 0.28125, 0.65625, 0.78125]
        .iter()
        .map(|v| v * v)
        .sum::<f32>()
        / 4.0;
    // Neighbours differ by ±1, ±3, ±4, ±5 sixteenths everywhere in the ramp.
    let cdl4 = 2.0 * (1.0 + 9.0 + 16.0 + 25.0) / 256.0 / 8.0;
    let names: Vec<&str> = loss.terms.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["mse@4", "cdl@4", "mse@2"]);
    assert!((term(&loss.terms, "cdl@4") - cdl4).abs() < 1e-6);
    assert!((loss.total.into_scalar::<f32>() - mse4 - cdl4 - 0.5 * mse2).abs() < 1e-5);
}

/// With all weights set by hand the mask head's logits are affine in pooled features and the final
/// logit is affine in their sigmoids.
#[test]
fn mask_and_binary_heads_compute_what_they_say() {
    let device = Device::flex();
    for target in ["mask", "binary"] {
        let scales: &[usize] = if target == "mask" { &[2, 1] } else { &[] };
        let (_, detector) = detector(
            serde_json::json!({"target": target, "scales": scales}),
            &device,
        );
        let set: Vec<NamedTensor> = named_weights(&detector)
            .into_iter()
            .map(|mut w| {
                let value = match w.name.as_str() {
                    "head.convs.0.weight" => 0.5,
                    "head.convs.0.bias" => 1.0,
                    "head.convs.1.weight" => -0.25,
                    "head.convs.1.bias" => 0.0,
                    "head.linear.weight" => 2.0,
                    "head.linear.bias" => -1.0,
                    // The backbone: all features become the last block's bias, 1.
                    name if name.ends_with("running_var") => 1.0,
                    "backbone.layer1.1.convs.1.bn.bias" => 1.0,
                    _ => 0.0,
                };
                w.values.fill(value);
                w
            })
            .collect();
        let detector = load_weights(detector, set).unwrap();
        let prediction = detector.forward(Tensor::ones([1, 3, 8, 8], &device));
        let logit = prediction.logit.unwrap().into_scalar::<f32>();
        // 4 channels of feature 1.
        if target == "binary" {
            assert!((logit - (4.0 * 2.0 - 1.0)).abs() < 1e-5);
            continue;
        }
        let fine = prediction.maps[0]
            .clone()
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        let coarse = prediction.maps[1]
            .clone()
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        assert_eq!((fine, coarse), (vec![3.0; 4], vec![-1.0]));
        let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
        assert!((logit - (2.0 * (4.0 * sigmoid(3.0) + sigmoid(-1.0)) - 1.0)).abs() < 1e-5);
    }
}

#[test]
fn weights_that_do_not_fit_are_named() {
    let device = Device::flex();
    let (_, detector) = detector(serde_json::json!({"target": "binary"}), &device);
    let weights = named_weights(&detector);
    let refuse = |change: &dyn Fn(&mut Vec<NamedTensor>)| {
        let mut changed = weights.clone();
        change(&mut changed);
        load_weights(detector.clone(), changed)
            .unwrap_err()
            .to_string()
    };
    assert!(refuse(&|w| drop(w.remove(0))).contains("`backbone.stem.conv.weight` is missing"));
    assert!(refuse(&|w| w[0].shape = vec![1]).contains("expected shape [4, 3, 7, 7], found [1]"));
    assert!(refuse(&|w| w[0].values[0] = f32::NAN).contains("not finite"));
    assert!(
        refuse(&|w| w.push(NamedTensor {
            name: "x".into(),
            shape: vec![],
            values: vec![]
        }))
        .contains("unexpected weight `x`")
    );
}

#[test]
fn the_class_activation_map_has_the_logit_as_its_mean() {
    let device = Device::flex();
    let (config, detector) = detector(serde_json::json!({"target": "binary"}), &device);
    let values = (0..2 * 3 * 8 * 8).map(|i| (i as f32 * 0.7).sin()).collect();
    let images = Tensor::<4>::from_data(TensorData::new::<f32, _>(values, [2, 3, 8, 8]), &device);
    assert!(detector.forward(images.clone()).maps.is_empty());
    let explained = detector.explain(images.clone());
    assert_eq!(explained.maps.len(), 1);
    assert_eq!(explained.maps[0].dims(), [2, 2, 2, 1]);
    let map = explained.maps[0].clone().into_data();
    let map: Vec<f32> = map.iter::<f32>().collect();
    let scores = explained.scores(&config);
    for (i, logit) in scores.logits.unwrap().iter().enumerate() {
        let cells = &map[4 * i..4 * (i + 1)];
        let mean = cells.iter().map(|&v| f64::from(v)).sum::<f64>() / 4.0;
        assert!((mean - logit).abs() < 1e-5, "{mean} {logit}");
        assert!(cells.iter().any(|v| f64::from(*v) != mean));
    }
    // On the host it is a probability of live, cell by cell.
    for (p, x) in scores.maps[0].iter().zip(&map) {
        assert!((p - 1.0 / (1.0 + (-x).exp())).abs() < 1e-5);
    }
}

#[test]
fn maps_that_are_predicted_are_what_explains() {
    let device = Device::flex();
    let (_, detector) = detector(
        serde_json::json!({"target": "mask", "scales": [2, 1]}),
        &device,
    );
    let images = Tensor::<4>::ones([1, 3, 8, 8], &device);
    let maps = |p: Prediction| -> Vec<Vec<f32>> {
        let maps = p.maps.iter();
        maps.map(|m| m.clone().into_data().iter::<f32>().collect())
            .collect()
    };
    assert_eq!(
        maps(detector.forward(images.clone())),
        maps(detector.explain(images))
    );
}

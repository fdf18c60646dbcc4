//! Parameters and cost of the published networks, and what every configuration must do.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

use burn::tensor::{Device, Tensor};
use fasgard_nn::{
    BackboneKind, Classes, Detector, ModelConfig, Score, Supervision, Target, Targets,
    named_weights,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn config(backbone: BackboneKind, target: Target, scales: &[usize], width: f64) -> ModelConfig {
    let json = serde_json::json!({
        "backbone": backbone, "width": width,
        "supervision": { "target": target, "scales": scales },
    });
    serde_json::from_value(json).unwrap()
}

fn build(config: &ModelConfig, size: usize, device: &Device) -> Detector {
    Detector::new(config, size, ChaCha8Rng::seed_from_u64(7), device).unwrap()
}

#[test]
fn resnet50_backbone_has_the_published_size() {
    let config = config(BackboneKind::Resnet50, Target::Mask, &[8, 4, 2, 1], 1.0);
    let summary = build(&config, 256, &Device::flex()).summary(256);
    assert_eq!(summary.backbone_parameters, 23_508_032);
    assert_eq!((summary.backbone_macs as f64 / 1e7).round() / 100.0, 5.34);
    // Four 1x1 convolutions of 2048 + 1 and a linear layer of 85 + 1.
    assert_eq!(
        summary.parameters - summary.backbone_parameters,
        4 * 2049 + 86
    );
}

#[test]
fn cdcn_has_the_published_size() {
    for backbone in [BackboneKind::Cdcn, BackboneKind::Depthnet] {
        let config = config(backbone, Target::Depth, &[32], 1.0);
        let summary = build(&config, 256, &Device::flex()).summary(256);
        assert_eq!(summary.parameters, 2_245_016);
        assert_eq!((summary.macs as f64 / 1e8).round() / 10.0, 47.3);
    }
}

/// 4.65 M parameters with a classifier of 1000 classes, 1280 x 1000 + 1000 of them there; 0.4 GMACs.
#[test]
fn efficientnet_lite0_has_the_published_size() {
    let config = config(BackboneKind::EfficientnetLite0, Target::Binary, &[], 1.0);
    let summary = build(&config, 224, &Device::flex()).summary(224);
    assert_eq!(summary.backbone_parameters, 4_652_008 - 1_281_000);
    assert!(summary.macs < 500_000_000, "{}", summary.macs);
    assert_eq!((summary.macs as f64 / 1e7).round() / 100.0, 0.38);
}

/// 5,483,032 parameters with torchvision's classifier, 960 x 1280 + 1280 + 1280 x 1000 + 1000 of them.
#[test]
fn mobilenet_v3_large_has_the_published_size() {
    let config = config(BackboneKind::MobilenetV3Large, Target::Binary, &[], 1.0);
    let summary = build(&config, 224, &Device::flex()).summary(224);
    assert_eq!(summary.backbone_parameters, 5_483_032 - 2_511_080);
    // 0.217 GMACs with the classifier's 2.5 M.
    assert_eq!((summary.backbone_macs as f64 / 1e6).round(), 214.0);
}

/// DeepPixBiS: 3.20 M parameters and 4.58 GMACs at 224 up to the second transition.
#[test]
fn densenet161_up_to_the_second_transition_has_the_published_size() {
    let config = config(BackboneKind::Densenet161, Target::Mask, &[14], 1.0);
    let config = ModelConfig {
        tap: "transition2".into(),
        ..config
    };
    let summary = build(&config, 224, &Device::flex()).summary(224);
    assert_eq!((summary.parameters as f64 / 1e4).round() / 100.0, 3.20);
    assert_eq!((summary.macs as f64 / 1e7).round() / 100.0, 4.58);
}

/// What the published files hold, and three biases of zero.
#[test]
fn minifasnets_have_the_published_size() {
    for (backbone, published) in [
        (BackboneKind::MinifasnetV2, 434_560),
        (BackboneKind::MinifasnetV1se, 433_586),
    ] {
        let mut config = config(backbone, Target::Binary, &[], 1.0);
        config.supervision.classes = Some(Classes { count: 3, live: 1 });
        let summary = build(&config, 80, &Device::flex()).summary(80);
        assert_eq!(summary.parameters, published + 3, "{backbone:?}");
        assert!(summary.macs < 45_000_000, "{}", summary.macs);
    }
}

#[test]
fn described_parameters_are_the_real_ones() {
    for (backbone, target, scales) in [
        (BackboneKind::Resnet18, Target::Binary, &[][..]),
        (BackboneKind::Resnet34, Target::Mask, &[2, 1]),
        (BackboneKind::Resnet50, Target::Mask, &[2]),
        (BackboneKind::Resnet18, Target::Depth, &[4, 2]),
        (BackboneKind::EfficientnetLite0, Target::Mask, &[2, 1]),
        (BackboneKind::MobilenetV3Large, Target::Mask, &[2]),
        (BackboneKind::Densenet161, Target::Binary, &[]),
        (BackboneKind::MinifasnetV1se, Target::Binary, &[]),
        (BackboneKind::Cdcn, Target::Mask, &[8, 4]),
        (BackboneKind::Depthnet, Target::Binary, &[]),
    ] {
        let config = config(backbone, target, scales, 0.25);
        let size = if backbone == BackboneKind::MinifasnetV1se {
            80
        } else {
            64
        };
        let detector = build(&config, size, &Device::flex());
        let real: usize = named_weights(&detector)
            .iter()
            .filter(|w| !w.name.contains("running_"))
            .map(|w| w.values.len())
            .sum();
        assert_eq!(
            detector.summary(size).parameters,
            real,
            "{backbone:?} {target:?}"
        );
    }
}

#[test]
fn every_backbone_and_target_predicts_and_learns() {
    let device = Device::flex().autodiff();
    for backbone in BackboneKind::ALL {
        for (target, scales) in [
            (Target::Binary, &[][..]),
            (Target::Mask, &[2, 1]),
            (Target::Depth, &[4, 2]),
        ] {
            let mut config = config(backbone, target, scales, 0.125);
            // Stride 16 keeps the test fast and checks another tap than the last.
            let (tap, size) = match backbone {
                BackboneKind::EfficientnetLite0 | BackboneKind::MobilenetV3Large => ("stage5", 32),
                BackboneKind::Densenet161 => ("transition2", 32),
                BackboneKind::MinifasnetV2 | BackboneKind::MinifasnetV1se => ("", 80),
                BackboneKind::Cdcn | BackboneKind::Depthnet => ("", 32),
                _ => ("layer3", 32),
            };
            config.tap = tap.into();
            if size == 80 && target != Target::Binary {
                let message = config.validate(80).unwrap_err().to_string();
                assert!(message.contains("model.supervision.target"), "{message}");
                continue;
            }
            let detector = build(&config, size, &device);
            let images = Tensor::<4>::ones([2, 3, size, size], &device).mul_scalar(0.3);
            let prediction = detector.forward(images);
            let sides: Vec<usize> = prediction.maps.iter().map(|m| m.dims()[1]).collect();
            assert_eq!(sides, scales, "{backbone:?} {target:?}");
            let side = config.supervision.target_side();
            let map = (side > 0).then(|| Tensor::ones([2, side, side, 1], &device));
            let targets = Targets {
                labels: Tensor::ones([2], &device),
                map,
            };
            let loss = detector.loss(&prediction, &targets);
            assert!(loss.total.clone().into_scalar::<f32>().is_finite());
            let terms: Vec<String> = loss.terms.iter().map(|t| t.name.clone()).collect();
            assert_eq!(terms, config.supervision.loss_terms());
            loss.total.backward();
            let scores = prediction.scores(&config);
            assert_eq!(scores.scores.len(), 2);
            assert!(scores.scores.iter().all(|s| (0.0..=1.0).contains(s)));
            assert_eq!(scores.logits.is_some(), target != Target::Depth);
        }
    }
}

#[test]
fn the_depth_score_over_all_scales_is_the_mean_of_the_finest_map() {
    let device = Device::flex();
    let config = config(BackboneKind::Cdcn, Target::Depth, &[8, 4, 2], 0.125);
    let detector = build(&config, 32, &device);
    let values: Vec<f32> = (0..3 * 32 * 32)
        .map(|i| ((i * 37) % 101) as f32 / 101.0)
        .collect();
    let images = Tensor::from_data(
        burn::tensor::TensorData::new(values, [1, 3, 32, 32]),
        &device,
    );
    let scores = detector.forward(images).scores(&config);
    let finest = scores.maps[0].iter().map(|&v| f64::from(v)).sum::<f64>() / 64.0;
    assert!((scores.scores[0] - finest.min(1.0)).abs() < 1e-6);
    assert_eq!(config.supervision.score(), Score::MapMean);
}

#[test]
fn same_seed_same_weights() {
    let config = config(BackboneKind::Resnet18, Target::Mask, &[2], 0.25);
    let device = Device::flex();
    assert_eq!(
        named_weights(&build(&config, 64, &device)),
        named_weights(&build(&config, 64, &device))
    );
}

#[test]
fn unknown_keys_are_refused() {
    let json = r#"{"target": "mask", "scales": [8], "scale": 3}"#;
    assert!(
        serde_json::from_str::<Supervision>(json)
            .unwrap_err()
            .to_string()
            .contains("scale")
    );
}

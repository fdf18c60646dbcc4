//! Weights of torchvision, from files that PyTorch wrote (`tools/parity/pth.py`).

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

use std::{fs, path::PathBuf};

use burn::tensor::Device;
use fasgard_image::random::stream;
use fasgard_model::{BackboneWeights, WEIGHTS_KEY, read_tensors};
use fasgard_nn::{Detector, ModelConfig, NamedTensor, load_backbone, named_weights};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// The formula of the generator.
fn expected(torch_name: &str, count: usize) -> Vec<f32> {
    let start = torch_name.bytes().map(usize::from).sum::<usize>() % 97;
    (0..count)
        .map(|i| (((i * 37 + start) % 101) as f64 / 101.0) as f32)
        .collect()
}

fn weight<'a>(weights: &'a [NamedTensor], name: &str) -> &'a NamedTensor {
    weights.iter().find(|w| w.name == name).unwrap()
}

#[test]
fn both_formats_give_the_weights_that_were_saved() {
    let [zip, plain] = ["resnet18-zip.pth", "resnet18-plain.pth"]
        .map(|name| BackboneWeights::from_torchvision(fixture(name)).unwrap());
    assert_eq!(zip.weights, plain.weights);
    assert_eq!(zip.card.backbone, "resnet18");
    assert_eq!(zip.card.weights_sha256, plain.card.weights_sha256);
    for (ours, torch, shape) in [
        (
            "backbone.stem.conv.weight",
            "conv1.weight",
            vec![4, 3, 7, 7],
        ),
        ("backbone.stem.bn.running_var", "bn1.running_var", vec![4]),
        (
            "backbone.layer4.1.convs.1.conv.weight",
            "layer4.1.conv2.weight",
            vec![32, 32, 3, 3],
        ),
        (
            "backbone.layer3.0.downsample.conv.weight",
            "layer3.0.downsample.0.weight",
            vec![16, 8, 1, 1],
        ),
        (
            "backbone.layer3.0.downsample.bn.bias",
            "layer3.0.downsample.1.bias",
            vec![16],
        ),
    ] {
        let weight = weight(&zip.weights, ours);
        assert_eq!(weight.shape, shape, "{ours}");
        assert_eq!(
            weight.values,
            expected(torch, weight.values.len()),
            "{ours}"
        );
    }
    assert!(zip.weights.iter().all(|w| w.name.starts_with("backbone.")));
}

#[test]
fn a_detector_takes_the_backbone_and_keeps_its_head() {
    let json = r#"{"backbone": "resnet18", "tap": "layer3", "width": 0.0625,
                   "supervision": {"target": "mask", "scales": [4, 2]}}"#;
    let config: ModelConfig = serde_json::from_str(json).unwrap();
    let device = Device::flex();
    let detector = Detector::new(&config, 64, stream(1, "init", 0, ""), &device).unwrap();
    let before = named_weights(&detector);
    let imported = BackboneWeights::from_torchvision(fixture("resnet18-zip.pth")).unwrap();
    let after = named_weights(&load_backbone(detector, imported.weights.clone()).unwrap());
    for weight in &after {
        let source = match weight.name.starts_with("backbone.") {
            true => &imported.weights,
            false => &before,
        };
        assert_eq!(weight, self::weight(source, &weight.name));
    }
    // Another width: the first weight that does not fit is named.
    let wide: ModelConfig = serde_json::from_str(&json.replace("0.0625", "0.125")).unwrap();
    let detector = Detector::new(&wide, 64, stream(1, "init", 0, ""), &device).unwrap();
    let message = load_backbone(detector, imported.weights)
        .unwrap_err()
        .to_string();
    assert!(message.contains("expected shape"), "{message}");
}

#[test]
fn what_is_written_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.safetensors");
    let imported = BackboneWeights::from_torchvision(fixture("resnet18-plain.pth")).unwrap();
    imported.write(&path).unwrap();
    let (mut weights, metadata) = read_tensors(&path).unwrap();
    let mut expected = imported.weights;
    for list in [&mut weights, &mut expected] {
        list.sort_by(|a, b| a.name.cmp(&b.name));
    }
    assert_eq!(weights, expected);
    assert!(metadata[WEIGHTS_KEY].contains("resnet18-plain.pth"));
}

#[test]
fn truncated_changed_and_foreign_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bad.pth");
    let error = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let message = BackboneWeights::from_torchvision(&path)
            .unwrap_err()
            .to_string();
        assert!(message.contains("bad.pth"), "{message}");
        message
    };
    for name in ["resnet18-zip.pth", "resnet18-plain.pth"] {
        let bytes = fs::read(fixture(name)).unwrap();
        for length in (0..bytes.len() - 1).step_by(bytes.len() / 40) {
            error(&bytes[..length]);
        }
    }
    assert!(error(b"").contains("torch.save"));
    assert!(error(b"\x89PNG").contains("torch.save"));
    // A pickle with code in it, in the older format: named, never run.
    let bytes = fs::read(fixture("resnet18-plain.pth")).unwrap();
    let at = bytes.windows(11).position(|w| w == b"collections").unwrap();
    let mut evil = bytes.clone();
    evil.splice(at..at + "collections\nOrderedDict".len(), *b"os\nsystem");
    assert!(error(&evil).contains("os.system"));
    // One flipped byte anywhere gives an error or other values, never a panic.
    for at in (0..bytes.len()).step_by(997) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x55;
        fs::write(&path, &changed).unwrap();
        let _ = BackboneWeights::from_torchvision(&path);
    }
}

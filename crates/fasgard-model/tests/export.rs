//! The exported file as an independent reader sees it, and as ONNX Runtime computes it.

#![allow(clippy::unwrap_used, clippy::panic)] // in helpers: a panic is a failed test

mod narrow;
mod onnx_file;

use std::{collections::HashSet, path::Path};

use fasgard_image::Preprocess;
use fasgard_metrics::Threshold;
use fasgard_model::{
    ModelCard, ModelFile,
    export::{Onnx, Runtime, find_runtime, onnx, verify},
};

use narrow::{ALL, model};
use onnx_file::Message;

fn export(file: &ModelFile) -> Onnx {
    onnx(file, Path::new("m.safetensors")).unwrap()
}

fn value(model: &Message, key: &str) -> serde_json::Value {
    let entries = model.messages(14);
    let entry = entries.iter().find(|entry| entry.text(1) == key);
    serde_json::from_str(&entry.unwrap_or_else(|| panic!("{key}")).text(2)).unwrap()
}

#[test]
fn every_architecture_reads_back_as_a_sound_graph() {
    for (backbone, tap, supervision) in ALL {
        let file = model(backbone, tap, supervision);
        let exported = export(&file);
        assert_eq!(
            exported,
            export(&file),
            "{backbone}: the same bytes every time"
        );
        let model = Message::read(&exported.bytes);
        assert_eq!(model.ints(1), [8]);
        assert_eq!(model.message(8).ints(2), [18]);
        let graph = model.message(7);

        let mut known = HashSet::from(["input".to_owned(), String::new()]);
        for constant in graph.messages(5) {
            let name = constant.text(8);
            let width = if constant.ints(2) == [1] { 4 } else { 8 };
            let count: i64 = constant.ints(1).iter().product();
            assert_eq!(constant.bytes(9)[0].len() as i64, count * width, "{name}");
            assert!(known.insert(name.clone()), "{name} twice");
        }
        let mut names = HashSet::new();
        for node in graph.messages(1) {
            let name = node.text(3);
            assert!(names.insert(name.clone()), "{name} twice");
            for input in node.texts(1) {
                assert!(known.contains(&input), "{name}: {input} comes from nowhere");
            }
            assert!(
                known.insert(node.text(2)),
                "{name}: its output is there already"
            );
            // Folded: no normalisation is left but those that no convolution precedes (DenseNet).
            if !name.ends_with("affine") {
                assert_ne!(node.text(4), "BatchNormalization", "{name}");
            }
        }

        let input = graph.message(11);
        assert_eq!(input.text(1), "input");
        let (kind, shape) = input.tensor_type();
        assert_eq!(
            (kind, shape),
            (1, ["batch", "3", "64", "64"].map(String::from).to_vec())
        );
        let outputs = graph.messages(12);
        let supervision = &file.card.model.supervision;
        let mut expected = vec![("score".to_owned(), vec!["batch".to_owned()])];
        if supervision.score() == fasgard_nn::Score::Logit {
            expected.push(("logit".into(), vec!["batch".into()]));
        }
        for side in &supervision.scales {
            let shape = [
                "batch".to_owned(),
                "1".into(),
                side.to_string(),
                side.to_string(),
            ];
            expected.push((format!("map_{side}"), shape.to_vec()));
        }
        let found: Vec<_> = outputs
            .iter()
            .map(|o| (o.text(1), o.tensor_type().1))
            .collect();
        assert_eq!(found, expected, "{backbone}");
        assert!(found.iter().all(|(name, _)| known.contains(name)));
    }
}

#[test]
fn constants_are_the_folded_weights() {
    let file = model("resnet18", "layer2", r#"{"target": "mask", "scales": [8]}"#);
    let graph = Message::read(&export(&file).bytes).message(7);
    let constant = |name: &str| -> Vec<f32> {
        let constants = graph.messages(5);
        let found = constants.iter().find(|c| c.text(8) == name).unwrap();
        let raw = found.bytes(9).remove(0);
        let values = raw.chunks_exact(4).map(|b| b.try_into().unwrap());
        values.map(f32::from_le_bytes).collect()
    };
    let weight = |name: &str| {
        let found = file.weights.iter().find(|w| w.name == name).unwrap();
        found.values.clone()
    };
    // By hand: w * gamma / sqrt(variance + 1e-5), and beta - mean * gamma / sqrt(variance + 1e-5).
    let part = |name: &str| weight(&format!("backbone.stem.bn.{name}"));
    let (gamma, beta) = (part("weight"), part("bias"));
    let (mean, variance) = (part("running_mean"), part("running_var"));
    let scale: Vec<f32> = gamma
        .iter()
        .zip(&variance)
        .map(|(g, v)| g / (v + 1e-5).sqrt())
        .collect();
    let plain = weight("backbone.stem.conv.weight");
    let folded = constant("backbone.stem.conv.weight");
    let cells = plain.len() / scale.len();
    assert!(
        scale.iter().any(|s| (s - 1.0).abs() > 0.1),
        "statistics that change something"
    );
    for (i, (a, b)) in folded.iter().zip(&plain).enumerate() {
        assert!((a - b * scale[i / cells]).abs() < 1e-6);
    }
    for (c, a) in constant("backbone.stem.conv.bias").iter().enumerate() {
        assert!((a - (beta[c] - mean[c] * scale[c])).abs() < 1e-5);
    }
}

#[test]
fn central_differences_become_a_plain_kernel() {
    let file = model("cdcn", "", r#"{"target": "depth", "scales": [16]}"#);
    let graph = Message::read(&export(&file).bytes).message(7);
    let constants = graph.messages(5);
    let last = constants
        .iter()
        .find(|c| c.text(8) == "head.last.conv.weight")
        .unwrap();
    let raw = last.bytes(9).remove(0);
    let folded: Vec<f32> = raw
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect();
    let plain = file
        .weights
        .iter()
        .find(|w| w.name == "head.last.weight")
        .unwrap();
    for (a, b) in folded.chunks(9).zip(plain.values.chunks(9)) {
        let sum: f32 = b.iter().sum();
        for (tap, (a, b)) in a.iter().zip(b).enumerate() {
            let expected = if tap == 4 { b - 0.7 * sum } else { *b };
            assert!((a - expected).abs() < 1e-6, "{tap}");
        }
    }
}

#[test]
fn the_metadata_holds_the_whole_contract() {
    let file = model(
        "resnet18",
        "layer3",
        r#"{"target": "mask", "scales": [4, 2]}"#,
    );
    let model = Message::read(&export(&file).bytes);
    assert_eq!(model.text(2), "fasgard");
    let card: ModelCard = serde_json::from_value(value(&model, "fasgard")).unwrap();
    assert_eq!(card, file.card);
    assert_eq!(value(&model, "fasgard.schema"), 1);
    let preprocess: Preprocess =
        serde_json::from_value(value(&model, "fasgard.preprocess")).unwrap();
    assert_eq!(preprocess, file.card.preprocess);
    let fields = value(&model, "fasgard.preprocess");
    let fields: HashSet<&str> = fields
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let all = [
        "size",
        "crop_scale",
        "color",
        "range",
        "mean",
        "std",
        "interpolation",
        "exif_orientation",
        "fit",
    ];
    assert_eq!(fields, HashSet::from(all));
    assert_eq!(
        value(&model, "fasgard.labels"),
        serde_json::json!(["attack", "live"])
    );
    let threshold: Threshold = serde_json::from_value(value(&model, "fasgard.threshold")).unwrap();
    assert_eq!(threshold, file.card.thresholds[0]);
    let score = value(&model, "fasgard.score");
    assert_eq!(score["kind"], "logit");
    assert_eq!(score["probability"], true);
    // ln(0.25 / 0.75)
    assert!((score["logit_threshold"].as_f64().unwrap() + 3f64.ln()).abs() < 1e-12);
    assert_eq!(
        value(&model, "fasgard.support"),
        serde_json::json!([0.0, 1.0])
    );
    assert_eq!(value(&model, "fasgard.training")["seed"], 3);
    assert_eq!(value(&model, "fasgard.licence"), "MIT");
    assert_eq!(value(&model, "fasgard.rendered_only"), false);
    assert!(
        model
            .text(6)
            .contains("Live if score > 0.25 (value=0.25, given by the user)")
    );

    let depth = model_of_depth();
    let model = Message::read(&export(&depth).bytes);
    let score = value(&model, "fasgard.score");
    assert_eq!(score["kind"], "map-mean");
    assert_eq!(score["probability"], false);
    assert!(score["logit_threshold"].is_null());
}

fn model_of_depth() -> ModelFile {
    model("depthnet", "", r#"{"target": "depth", "scales": [16]}"#)
}

#[test]
fn a_model_without_a_threshold_gives_scores_and_says_so() {
    for mut file in [
        model_of_depth(),
        model("cdcn", "", r#"{"target": "binary"}"#),
    ] {
        file.card.thresholds.clear();
        let model = Message::read(&export(&file).bytes);
        assert!(value(&model, "fasgard.threshold").is_null());
        assert!(value(&model, "fasgard.score")["logit_threshold"].is_null());
        let doc = model.text(6);
        assert!(
            doc.contains("No threshold") && !doc.contains("Live if"),
            "{doc}"
        );
    }
}

#[test]
#[ignore = "needs the Python wheel onnxruntime (ORT_DYLIB_PATH names it)"]
fn onnx_runtime_answers_alike() {
    let runtime = Runtime::open(find_runtime(None).unwrap()).unwrap();
    let path = Path::new("m.safetensors");
    for (backbone, tap, supervision) in ALL {
        let file = model(backbone, tap, supervision);
        let check = verify(&file, path, &export(&file), &runtime, 12, 5).unwrap();
        println!("{backbone} {supervision}: {check:?}");
        assert!(check.good, "{backbone}: {check:?}");
        // As `predict` computes is near as well, where networks are narrow.
        let predict = check.outputs.iter().map(|o| o.largest_predict_difference);
        assert!(
            predict.flatten().fold(0.0, f64::max) < 1e-3,
            "{backbone}: {check:?}"
        );
        assert_eq!(check.flips, Some(0), "{backbone}");
        assert_eq!(check.samples, 13);
        assert_eq!(check.outputs[0].name, "score");
    }
    // Another model's file is noticed.
    let supervision = r#"{"target": "mask", "scales": [4]}"#;
    let file = model("resnet18", "layer3", supervision);
    let mut other = file.clone();
    let bias = other
        .weights
        .iter_mut()
        .find(|w| w.name == "head.linear.bias");
    bias.unwrap().values[0] += 1e-3;
    let check = verify(&file, path, &export(&other), &runtime, 4, 0).unwrap();
    assert!(!check.good);
    let logit = &check.outputs[1];
    assert!((logit.largest_difference - 1e-3).abs() < 1e-5, "{check:?}");
    assert!(check.outputs[2].largest_difference < 1e-5);
    // Without a threshold there are no decisions that could differ.
    let mut open = file.clone();
    open.card.thresholds.clear();
    let check = verify(&open, path, &export(&open), &runtime, 2, 0).unwrap();
    assert!(check.good && check.flips.is_none() && check.threshold.is_none());
    // So is a damaged file.
    let mut damaged = export(&file);
    damaged.bytes.truncate(damaged.bytes.len() / 2);
    let error = verify(&file, path, &damaged, &runtime, 1, 0)
        .unwrap_err()
        .to_string();
    assert!(error.contains("does not run the exported file"), "{error}");
}

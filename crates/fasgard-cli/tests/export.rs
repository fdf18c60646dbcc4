//! `fasgard export`.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::{fs, path::Path};

use burn::tensor::{Device, Tensor, TensorData};
use common::{fasgard, text, trained};
use fasgard_image::random::stream;
use fasgard_metrics::{Label, Threshold};
use fasgard_model::{
    ModelCard, ModelFile, SCHEMA, SelfTest, TrainingCard, export::samples, weights_sha256,
};
use fasgard_nn::{Detector, load_weights, named_weights};
use fasgard_train::ExperimentConfig;

#[test]
fn without_a_library_nothing_is_written_unless_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let (model, _) = trained(root);
    let [output, empty, other] =
        ["model.onnx", "empty", "libonnxruntime.so"].map(|n| text(&root.join(n)));
    fs::create_dir(&empty).unwrap();
    fs::write(&other, "no library").unwrap();
    for (library, expected) in [
        (&empty, "was not found in"),
        (&other, "it is no shared library"),
        (&text(&root.join("none.so")), "cannot be read"),
    ] {
        let result = fasgard(&[
            "export",
            "onnx",
            &model,
            "--output",
            &output,
            "--onnxruntime",
            library,
        ])
        .code(2);
        let error = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
        for part in [expected, library, "pip install onnxruntime", "--no-verify"] {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(!error.contains("panicked"), "{error}");
        assert!(!fs::exists(&output).unwrap());
    }

    let result = fasgard(&[
        "export",
        "onnx",
        &model,
        "--output",
        &output,
        "--no-verify",
        "--json",
    ])
    .success();
    let error = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
    assert!(error.contains("model.onnx was not checked"), "{error}");
    let json: serde_json::Value = serde_json::from_slice(&result.get_output().stdout).unwrap();
    assert_eq!(json["check"], serde_json::Value::Null);
    assert_eq!(
        json["input"]["input"],
        serde_json::json!(["batch", 3, 32, 32])
    );
    assert_eq!(
        json["outputs"]["map_4"],
        serde_json::json!(["batch", 1, 4, 4])
    );
    assert_eq!(json["outputs"]["score"], serde_json::json!(["batch"]));
    let bytes = fs::read(&output).unwrap();
    assert_eq!(json["bytes"], bytes.len());
    // The card stands in it as text.
    let card = br#""licence""#;
    assert!(bytes.windows(card.len()).any(|w| w == card));
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let [output, plain] = ["model.onnx", "plain.safetensors"].map(|n| text(&root.join(n)));
    fs::write(&plain, "no model").unwrap();
    let with = |model: &str, more: &[&str]| {
        let arguments = [&["export", "onnx", model, "--output", &output], more].concat();
        let result = fasgard(&arguments).code(2);
        assert!(!fs::exists(&output).unwrap());
        String::from_utf8_lossy(&result.get_output().stderr).into_owned()
    };
    assert!(with(&plain, &["--no-verify"]).contains("expected a safetensors file"));
    assert!(with(&plain, &["--no-verify", "--samples", "10001"]).contains("--samples"));
    let error = with(&plain, &["--no-verify", "--onnxruntime", &plain]);
    assert!(error.contains("cannot be used with"), "{error}");
}

#[test]
#[ignore = "needs the Python wheel onnxruntime (ORT_DYLIB_PATH names it)"]
fn the_file_is_compared_as_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let (model, _) = trained(root);
    let output = text(&root.join("model.onnx"));
    let arguments = [
        "export",
        "onnx",
        &model,
        "--output",
        &output,
        "--samples",
        "5",
        "--json",
    ];
    let result = fasgard(&arguments).success();
    let json: serde_json::Value = serde_json::from_slice(&result.get_output().stdout).unwrap();
    let check = &json["check"];
    assert_eq!(
        (&check["good"], &check["samples"]),
        (&true.into(), &6.into())
    );
    assert_eq!(check["flips"], 0);
    assert_eq!(check["outputs"].as_array().unwrap().len(), 4);
    for found in check["outputs"].as_array().unwrap() {
        for key in ["largest_difference", "largest_predict_difference"] {
            assert!(found[key].as_f64().unwrap() < 1e-4, "{found}");
        }
    }
    assert!(json["written"].as_bool().unwrap() && fs::exists(&output).unwrap());
    let result = fasgard(&arguments[..arguments.len() - 1]).success();
    let said = String::from_utf8_lossy(&result.get_output().stdout).into_owned();
    assert!(
        said.contains("compared on 6 inputs with ONNX Runtime 1."),
        "{said}"
    );
    assert!(
        said.contains("0 of 6 decisions differ (live if score > "),
        "{said}"
    );
}

/// A model file of a configuration, with drawn weights and a batch's statistics.
fn drawn(config: &Path, output: &Path) {
    let config = ExperimentConfig::read(config, &[]).unwrap();
    let (size, device) = (config.input.size as usize, Device::flex());
    let learning = device.clone().autodiff();
    let rng = stream(1, "init", 0, "");
    let detector = Detector::new(&config.model, size, rng, &learning).unwrap();
    // Statistics of pictures like those that are compared. With those of others the values of a deep
    // network that nobody trained grow from layer to layer, and its rounding errors with them; those of
    // near-equal pictures would divide by almost nothing.
    let values = samples(&config.input, 4, 7)[1..].concat();
    let batch = TensorData::new(values, [4, 3, size, size]);
    let _ = detector.forward(Tensor::from_data(batch, &learning));
    let mut weights = named_weights(&detector);
    // One batch moves running statistics a tenth of the way from 0 and 1: here they go all of it.
    for weight in &mut weights {
        let start = match weight.name.rsplit('.').next() {
            Some("running_mean") => 0.0,
            Some("running_var") => 1.0,
            _ => continue,
        };
        let values = weight.values.iter_mut();
        values.for_each(|v| *v = (*v - 0.9 * start) / 0.1);
    }
    let detector = load_weights(detector, weights.clone()).unwrap();
    let card = ModelCard {
        schema: SCHEMA,
        name: config.name.clone(),
        fasgard: "0".into(),
        weights_sha256: weights_sha256(&weights),
        self_test: SelfTest::run(&detector, &config.model, size, &device),
        model: config.model,
        preprocess: config.input,
        labels: [Label::Attack, Label::Live],
        thresholds: vec![Threshold::given(0.5)],
        support: None,
        gap: None,
        dev_scores: None,
        training: TrainingCard {
            seed: 1,
            steps: 0,
            best_step: 0,
            metric: "auc".into(),
            dev_value: 0.5,
            data: vec![],
            protocol: None,
        },
        licence: String::new(),
    };
    ModelFile { card, weights }.write(output).unwrap();
}

/// Every configuration of the repository, as wide as it is. Prints what docs/export.md quotes.
#[test]
#[ignore = "needs the Python wheel onnxruntime (ORT_DYLIB_PATH names it)"]
fn every_configuration_answers_alike() {
    // The command's own limit is for direct convolutions. Drawn weights of full width are no trained
    // network: in the deepest one (ResNet50) a rounding of the input grows some 300-fold, and Winograd's
    // roundings are three times those of direct convolutions (docs/export.md, by float64).
    const ROUNDING: f64 = 3e-4;
    let dir = tempfile::tempdir().unwrap();
    let configs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs"));
    let mut files: Vec<_> = fs::read_dir(configs)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    let mut count = 0;
    for config in files
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
    {
        let name = config.file_stem().unwrap().to_string_lossy().into_owned();
        let [model, output] =
            ["safetensors", "onnx"].map(|e| dir.path().join(format!("{name}.{e}")));
        drawn(config, &model);
        let result = fasgard(&[
            "export",
            "onnx",
            &text(&model),
            "--output",
            &text(&output),
            "--samples",
            "4",
            "--json",
        ]);
        let json: serde_json::Value = serde_json::from_slice(&result.get_output().stdout).unwrap();
        assert_eq!(json["check"]["good"], true, "{name}");
        result.code(0);
        assert!(output.exists(), "{name}");
        assert_eq!(json["check"]["flips"], 0, "{name}");
        let differences: Vec<String> = json["check"]["outputs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| {
                let difference = |key: &str| o[key].as_f64().unwrap();
                let (direct, predict) = (
                    difference("largest_difference"),
                    difference("largest_predict_difference"),
                );
                assert!(predict < ROUNDING, "{name}: {o}");
                format!("{} {direct:.1e} / {predict:.1e}", o["name"])
            })
            .collect();
        println!("{name}: {}", differences.join(", "));
        count += 1;
    }
    assert!(count >= 22, "{count} configurations");
}

#[test]
fn without_its_weights_the_face_detector_is_not_exported() {
    let dir = tempfile::tempdir().unwrap();
    let output = text(&dir.path().join("face.onnx"));
    let result = assert_cmd::Command::cargo_bin("fasgard")
        .unwrap()
        .env("FASGARD_MODELS", dir.path())
        .args(["export", "face", "--no-verify", "--output", &output])
        .assert()
        .code(2);
    let error = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
    assert!(error.contains("fasgard models install"), "{error}");
    assert!(!fs::exists(&output).unwrap());
}

#[test]
#[ignore = "needs the face weights (fasgard models install) and the Python wheel onnxruntime (ORT_DYLIB_PATH names it)"]
fn the_face_detector_is_compared_as_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let output = text(&dir.path().join("face.onnx"));
    let arguments = ["export", "face", "--output", &output, "--json"];
    let result = fasgard(&arguments).success();
    let json: serde_json::Value = serde_json::from_slice(&result.get_output().stdout).unwrap();
    println!("{}", json["check"]);
    let batch = |sides: &[u32]| {
        let sides = sides.iter().map(|side| serde_json::json!(side));
        std::iter::once("batch".into())
            .chain(sides)
            .collect::<serde_json::Value>()
    };
    assert_eq!(json["input"]["input"], batch(&[3, 128, 128]));
    assert_eq!(json["outputs"]["boxes"], batch(&[896, 16]));
    assert_eq!(json["outputs"]["logits"], batch(&[896, 1]));
    let check = &json["check"];
    assert_eq!(
        (&check["good"], &check["samples"], &check["flips"]),
        (&true.into(), &16.into(), &0.into())
    );
    assert_eq!(json["bytes"], fs::read(&output).unwrap().len());
    let again = text(&dir.path().join("again.onnx"));
    fasgard(&["export", "face", "--output", &again, "--no-verify"]).success();
    assert_eq!(fs::read(&output).unwrap(), fs::read(&again).unwrap());
}

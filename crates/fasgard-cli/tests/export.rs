//! `fasgard export`.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::fs;

use common::{fasgard, text, trained};

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
        assert!(
            found["largest_difference"].as_f64().unwrap() < 1e-4,
            "{found}"
        );
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

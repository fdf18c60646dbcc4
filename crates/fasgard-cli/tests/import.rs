//! `fasgard import` and training that starts from it.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use common::{CONFIG, faces, fasgard, text};

/// Four channels wide, as the fixture is.
fn narrow() -> String {
    CONFIG.replace("width = 0.125", "width = 0.0625")
}

fn fixture() -> String {
    format!(
        "{}/../fasgard-model/tests/data/resnet18-zip.pth",
        env!("CARGO_MANIFEST_DIR")
    )
}

#[test]
fn training_starts_from_an_imported_backbone() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let weights = text(&root.join("resnet18.safetensors"));
    let result = fasgard(&[
        "import",
        "torchvision",
        &fixture(),
        "--output",
        &weights,
        "--json",
    ])
    .success();
    let card: serde_json::Value = serde_json::from_slice(&result.get_output().stdout).unwrap();
    assert_eq!(card["backbone"], "resnet18");

    faces(&root.join("raw"));
    let [raw, data] = ["raw", "data"].map(|n| text(&root.join(n)));
    fasgard(&[
        "prepare", "folder", "--input", &raw, "--output", &data, "--crop", "none",
    ])
    .success();
    let config = root.join("config.toml");
    std::fs::write(&config, narrow()).unwrap();
    let config = text(&config);
    let loss = |output: &str, init: &[&str]| {
        let output = text(&root.join(output));
        let args = [
            &["train", &config, "--data", &data, "--output", &output],
            init,
        ]
        .concat();
        fasgard(&args).success();
        std::fs::read_to_string(format!("{output}/metrics.csv")).unwrap()
    };
    let (drawn, imported) = (loss("drawn", &[]), loss("imported", &["--init", &weights]));
    assert_ne!(drawn, imported);
    // The same start gives the same run.
    assert_eq!(imported, loss("again", &["--init", &weights]));

    // A wider model: the weight that does not fit is named.
    let wide = root.join("wide.toml");
    std::fs::write(&wide, CONFIG).unwrap();
    let result = fasgard(&[
        "train",
        &text(&wide),
        "--data",
        &data,
        "--output",
        &text(&root.join("wide")),
        "--init",
        &weights,
    ])
    .failure();
    let error = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
    assert!(
        error.contains("backbone.") && error.contains("expected shape"),
        "{error}"
    );
}

#[test]
fn other_kinds_and_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let output = text(&dir.path().join("out.safetensors"));
    for (kind, file, expected) in [
        ("keras", fixture(), "expected torchvision"),
        ("torchvision", text(dir.path()), "cannot be read"),
        (
            "torchvision",
            text(&dir.path().join("none.pth")),
            "cannot be read",
        ),
    ] {
        let result = fasgard(&["import", kind, &file, "--output", &output]).code(2);
        let error = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
        assert!(error.contains(expected), "{error}");
    }
    assert!(!dir.path().join("out.safetensors").exists());
}

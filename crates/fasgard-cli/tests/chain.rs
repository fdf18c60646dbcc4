//! The whole chain on images in folders: prepare, train, score, evaluate, report.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::path::{Path, PathBuf};

use common::{CONFIG, faces, fasgard, text};
use predicates::str::contains;

#[test]
fn from_folders_of_images_to_a_report() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    faces(&at("raw"));
    std::fs::write(at("config.toml"), CONFIG).unwrap();

    fasgard(&[
        "prepare",
        "folder",
        "--crop",
        "none",
        "--depth",
        "none",
        "--input",
        &text(&at("raw")),
        "--output",
        &text(&at("data")),
    ])
    .success()
    .stdout(contains("stored 48 samples of 48 files"));
    let inspect = fasgard(&["inspect", &text(&at("config.toml")), "--json"]).success();
    let json: serde_json::Value = serde_json::from_slice(&inspect.get_output().stdout).unwrap();
    assert!(json["parameters"].as_u64() > json["backbone_parameters"].as_u64());
    assert_eq!(json["input"], serde_json::json!([3, 32, 32]));

    let (data, run) = (text(&at("data")), text(&at("run")));
    fasgard(&[
        "train",
        &text(&at("config.toml")),
        "--data",
        &data,
        "--output",
        &run,
        "--json",
    ])
    .success()
    .stdout(contains("\"finished\": true"));
    let model = text(&at("run/model.safetensors"));
    fasgard(&["inspect", &model, "--verify"])
        .success()
        .stdout(contains("self-test passed"));
    let (scores, maps) = (
        text(&at("run/scores-test.csv")),
        text(&at("run/maps-test.safetensors")),
    );
    fasgard(&[
        "score", &model, "--data", &data, "--split", "test", "--output", &scores, "--maps", &maps,
    ])
    .success()
    .stdout(contains("scored 16 samples of split test"));
    let evaluation = text(&at("run/evaluation.json"));
    let dev = text(&at("run/scores-dev.csv"));
    let out = fasgard(&[
        "evaluate",
        "--dev",
        &dev,
        "--test",
        &scores,
        "--convention",
        "iso",
        "--level",
        "frame",
        "--json",
        "--output",
        &evaluation,
    ])
    .success();
    let json: serde_json::Value = serde_json::from_slice(&out.get_output().stdout).unwrap();
    assert_eq!(json["convention"], "iso");
    assert_eq!(json["threshold"]["from"]["source"], "dev");
    assert_eq!(json["test"]["bpcer"]["of"], 8);
    // Both score files say that this model made them.
    let origin = |set: &str| json["files"][set]["origin"]["weights_sha256"].clone();
    assert!(origin("test").is_string());
    assert_eq!(origin("dev"), origin("test"));
    assert!(json["test"]["apcer_by_species"]["print/any"]["ci95"].is_array());
    let report = text(&at("report.html"));
    let tables = text(&at("tables"));
    fasgard(&[
        "report", &run, "--data", &data, "--output", &report, "--tables", &tables,
    ])
    .success();
    let html = std::fs::read_to_string(at("report.html")).unwrap();
    assert!(
        html.contains("tiny") && html.contains("data:image"),
        "{}",
        html.len()
    );
    assert!(
        std::fs::read_to_string(at("tables/tables.md"))
            .unwrap()
            .contains("APCER")
    );
}

#[test]
fn bench_prints_its_contract() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("config.toml");
    std::fs::write(&config, CONFIG).unwrap();
    for what in ["train", "infer"] {
        let out = fasgard(&[
            "bench",
            what,
            "--config",
            &text(&config),
            "--batch",
            "2",
            "--steps",
            "3",
            "--json",
        ]);
        let json: serde_json::Value =
            serde_json::from_slice(&out.success().get_output().stdout).unwrap();
        let step = &json["step_s"];
        assert!(
            step["min"].as_f64() <= step["median"].as_f64()
                && step["median"].as_f64() <= step["max"].as_f64()
        );
        assert!(json["images_per_s"].as_f64() > Some(0.0));
    }
}

#[test]
fn every_config_describes_a_model() {
    let configs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs"));
    let files = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_file()).collect()
    };
    let published = files(configs);
    assert!(published.len() >= 22, "{published:?}");
    // A result's file is named by its data first; twins on other data have the same name.
    let results = files(&configs.join("results"));
    assert!(results.len() >= 10, "{results:?}");
    for path in published.iter().chain(&results) {
        let out = fasgard(&["inspect", &text(path), "--json"]).success();
        let json: serde_json::Value = serde_json::from_slice(&out.get_output().stdout).unwrap();
        let (name, stem) = (
            json["name"].as_str().unwrap(),
            path.file_stem().unwrap().to_str(),
        );
        assert!(stem.unwrap().ends_with(name), "{name}: {stem:?}");
        if published.contains(path) {
            assert_eq!(stem, Some(name));
        }
    }
}

#[test]
#[ignore = "takes a minute: the whole demo at a small size; .ci/run runs it"]
fn the_demo_ends_with_a_report() {
    let dir = tempfile::tempdir().unwrap();
    let output = text(&dir.path().join("demo"));
    fasgard(&[
        "demo",
        "--output",
        &output,
        "--steps",
        "8",
        "--identities",
        "10,4,5",
    ])
    .success()
    .stdout(contains("unseen APCER"))
    .stdout(contains("report.html"));
    let html = std::fs::read_to_string(dir.path().join("demo/report.html")).unwrap();
    assert!(html.contains("mask/half") && html.contains("demo-ps"));
}

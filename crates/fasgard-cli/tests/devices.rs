//! `--device`: its names, what a build or a machine lacks, and a graphics card beside the processor.

#![allow(clippy::unwrap_used, missing_docs)] // in helpers: a panic is a failed test

mod common;

use std::{fs, path::Path};

use common::{CONFIG, faces, fasgard, text};
use predicates::{prelude::PredicateBooleanExt, str::contains};

/// Every command with a device refuses this one, before it reads a file.
#[track_caller]
fn refused(device: &str, messages: [&str; 2]) {
    for command in [
        &["train", "none.toml", "--data", "none", "--output", "none"][..],
        &[
            "score",
            "none.safetensors",
            "--data",
            "none",
            "--split",
            "test",
            "--output",
            "none",
        ],
        &["bench", "train", "--config", "none.toml"],
        &["demo", "--output", "none"],
    ] {
        let args = [command, &["--device", device]].concat();
        let said = contains(messages[0]).and(contains(messages[1]));
        fasgard(&args)
            .code(2)
            .stderr(said.and(contains("panicked").not()));
    }
    assert!(!Path::new("none").exists());
}

#[test]
fn unknown_devices_are_told_the_known_ones() {
    for device in ["gpu", "CPU", ""] {
        let found = format!("found `{device}`");
        refused(device, ["--device: expected cpu, cuda or wgpu", &found]);
    }
}

#[cfg(not(feature = "wgpu"))]
#[test]
fn a_build_without_wgpu_names_the_cargo_feature() {
    refused(
        "wgpu",
        ["cargo feature `wgpu`", "-p fasgard-cli --features wgpu"],
    );
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_build_without_cuda_names_the_cargo_feature() {
    refused(
        "cuda",
        ["cargo feature `cuda`", "-p fasgard-cli --features cuda"],
    );
}

#[cfg(feature = "cuda")]
#[test]
#[ignore = "for a machine without an NVIDIA driver"]
fn a_machine_without_the_driver_is_told_so() {
    fasgard(&[
        "bench",
        "train",
        "--config",
        "none.toml",
        "--device",
        "cuda",
    ])
    .code(1)
    .stderr(contains("NVIDIA").and(contains("panicked").not()));
}

/// Difference of two losses or scores on two devices, of those above 1 their share.
const TOLERANCE: f64 = 1e-3;

#[track_caller]
fn close(a: f64, b: f64, what: &str) {
    let allowed = TOLERANCE * a.abs().max(1.0);
    assert!((a - b).abs() <= allowed, "{what}: {a} on cpu, {b} on wgpu");
}

/// The numbers of two tables agree; the rest is the same. Ranks may change with the last digit of a
/// score, and figures of ranks with them.
#[track_caller]
fn same_table(a: &str, b: &str) {
    let header: Vec<&str> = a.lines().next().unwrap().split(',').collect();
    assert_eq!(a.lines().count(), b.lines().count());
    for (a, b) in a.lines().zip(b.lines()) {
        for (column, (x, y)) in header.iter().zip(a.split(',').zip(b.split(','))) {
            match (x.parse(), y.parse()) {
                _ if ["auc", "eer"].contains(column) => {}
                (Ok(x), Ok(y)) => close(x, y, column),
                _ => assert_eq!(x, y, "{column}"),
            }
        }
    }
}

/// A step of a network of which every layer has another backward pass than the processor's.
const DEPTH: &str = r#"
schema = 1
name = "tiny-depth"
model = { backbone = "cdcn", width = 0.125, supervision = { target = "depth", scales = [4, 2] } }
input = { size = 32 }
"#;

#[test]
#[ignore = "needs the cargo feature `wgpu` and a Vulkan driver, such as Debian's mesa-vulkan-drivers"]
fn wgpu_follows_the_processor() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&dir.path().join(name));
    faces(&dir.path().join("raw"));
    fs::write(at("config.toml"), CONFIG).unwrap();
    fs::write(at("depth.toml"), DEPTH).unwrap();
    let (raw, data) = (at("raw"), at("data"));
    let prepare = ["prepare", "folder", "--crop", "none", "--depth", "none"];
    fasgard(&[&prepare[..], &["--input", &raw, "--output", &data]].concat()).success();

    let (config, depth) = (at("config.toml"), at("depth.toml"));
    let mut losses = Vec::new();
    for device in ["cpu", "wgpu"] {
        let (run, scores) = (at(device), at(&format!("{device}.csv")));
        let chosen = ["--device", device];
        let train = ["train", &config, "--data", &data, "--output", &run];
        fasgard(&[&train[..], &chosen].concat()).success();
        // The processor's model on both devices.
        let model = at("cpu/model.safetensors");
        let score = [
            "score", &model, "--data", &data, "--split", "test", "--output", &scores,
        ];
        fasgard(&[&score[..], &chosen].concat()).success();
        let bench = [
            "bench", "train", "--config", &depth, "--batch", "2", "--steps", "1", "--json",
        ];
        let bench = fasgard(&[&bench[..], &chosen].concat()).success();
        let json: serde_json::Value = serde_json::from_slice(&bench.get_output().stdout).unwrap();
        losses.push(json["loss"].as_f64().unwrap());
    }
    let read = |name: &str| fs::read_to_string(at(name)).unwrap();
    same_table(&read("cpu/metrics.csv"), &read("wgpu/metrics.csv"));
    same_table(&read("cpu.csv"), &read("wgpu.csv"));
    // After the model was trained on either.
    same_table(&read("cpu/scores-dev.csv"), &read("wgpu/scores-dev.csv"));
    close(losses[0], losses[1], "loss of the second network");
    // What the card has written serves the processor.
    fasgard(&["inspect", &at("wgpu/model.safetensors"), "--verify"])
        .success()
        .stdout(contains("self-test passed"));
}

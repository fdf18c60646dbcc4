//! `--protocol --fold`, `experiment` and `audit` at the command line.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::path::Path;

use common::{CONFIG, fasgard, text};
use fasgard_data::{SyntheticOptions, write_synthetic};
use fasgard_synth::Presentation;
use predicates::str::contains;

fn data(dir: &Path) -> String {
    let known = vec![
        Presentation::Live,
        Presentation::Print,
        Presentation::Replay,
    ];
    let options = SyntheticOptions {
        seed: 1,
        identities: [4, 2, 2],
        shots: 2,
        presentations: [known.clone(), known.clone(), known],
        side: 48,
        ..SyntheticOptions::default()
    };
    let go_on = |_| std::ops::ControlFlow::Continue(());
    write_synthetic(&dir.join("data"), &options, &go_on).unwrap();
    text(&dir.join("data"))
}

fn protocol(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../protocols");
    format!("{folder}/{name}.toml")
}

#[test]
fn an_experiment_and_its_tables() {
    let dir = tempfile::tempdir().unwrap();
    let data = data(dir.path());
    let at = |name: &str| text(&dir.path().join(name));
    let species = protocol("leave-one-species-out");
    fasgard(&["experiment", &species, "--data", &data, "--dry-run"])
        .success()
        .stdout(contains("replay/screen"))
        .stdout(contains("counts are of videos"));
    let out = fasgard(&[
        "experiment",
        &species,
        "--data",
        &data,
        "--dry-run",
        "--json",
    ])
    .success();
    let json: serde_json::Value = serde_json::from_slice(&out.get_output().stdout).unwrap();
    // Four, two and two people, two shots: the species that is left out is in test only.
    let counts = &json["folds"][0]["counts"];
    assert_eq!(
        (json["folds"][0]["name"].as_str(), &counts[0]["live"]),
        (Some("print/photo"), &8.into())
    );
    assert_eq!(
        (&counts[0]["attack"], &counts[2]["attack"]),
        (&8.into(), &4.into())
    );
    assert_eq!(counts[2]["species"], serde_json::json!({"print/photo": 4}));

    let mut configs = Vec::new();
    for name in ["first", "second"] {
        let path = dir.path().join(format!("{name}.toml"));
        std::fs::write(&path, CONFIG.replace("tiny", name)).unwrap();
        configs.push(text(&path));
    }
    let output = at("experiment");
    let args = [
        "experiment",
        &species,
        "--data",
        &data,
        "--configs",
        &configs[0],
        &configs[1],
        "--seeds",
        "0,1",
        "--fold",
        "print/photo",
        "--set",
        "train.steps=2",
        "--output",
        &output,
    ];
    fasgard(&args)
        .success()
        .stdout(contains("LBP + logistic regression"))
        .stdout(contains("over 2 seeds"))
        .stderr(contains("6 cells done, 0 unchanged, 0 failed"));
    fasgard(&args)
        .success()
        .stderr(contains("0 cells done, 6 unchanged, 0 failed"));
    for (file, part) in [
        ("table.md", "| first |"),
        ("table.tex", "\\toprule"),
        ("table.csv", "first,ours,print/photo,acer,"),
        ("table.txt", "best single feature"),
        ("results.json", "\"protocol_sha256\""),
        (
            "cells/print-photo/first/seed-1/config.toml",
            "fold = \"print/photo\"",
        ),
        (
            "cells/print-photo/first/seed-1/evaluation.json",
            "\"convention\": \"iso\"",
        ),
    ] {
        let found = std::fs::read_to_string(dir.path().join("experiment").join(file)).unwrap();
        assert!(found.contains(part), "{file}: {found}");
    }
    // A cell's folder is a run, as the report reads it.
    fasgard(&[
        "report",
        &format!("{output}/cells/print-photo/first/seed-0"),
        "--output",
        &at("r.html"),
    ])
    .success();
}

#[test]
fn a_run_keeps_its_fold() {
    let dir = tempfile::tempdir().unwrap();
    let data = data(dir.path());
    let at = |name: &str| text(&dir.path().join(name));
    std::fs::write(dir.path().join("c.toml"), CONFIG).unwrap();
    let (config, run, species) = (at("c.toml"), at("run"), protocol("leave-one-species-out"));
    let train = |config: &str, more: &[&str]| {
        let mut args = vec!["train", config, "--data", &data, "--output", &run];
        args.extend(more);
        fasgard(&args)
    };
    train(&config, &["--protocol", &species])
        .code(2)
        .stderr(contains("--fold"));
    train(&config, &["--protocol", &species, "--fold", "mask/half"])
        .code(2)
        .stderr(contains(
            "expected one of the folds print/photo, replay/screen, found `mask/half`",
        ));
    train(&config, &["--protocol", &species, "--fold", "print/photo"]).success();
    let written = std::fs::read_to_string(dir.path().join("run/config.toml")).unwrap();
    assert!(
        written.contains("[protocol]") && written.contains("fold = \"print/photo\""),
        "{written}"
    );
    for more in [
        &["--resume"][..],
        &[
            "--resume",
            "--protocol",
            &species,
            "--fold",
            "replay/screen",
        ],
    ] {
        train(&config, more).code(2).stderr(contains(
            "key `protocol`: expected fold `print/photo` of leave-one-species-out",
        ));
    }
    train(
        &config,
        &["--resume", "--protocol", &species, "--fold", "print/photo"],
    )
    .success();
    // A run's own configuration says which fold it had; it cannot be used without.
    fasgard(&[
        "train",
        &at("run/config.toml"),
        "--data",
        &data,
        "--output",
        &at("other"),
    ])
    .code(2)
    .stderr(contains("key `protocol`"));
    let (model, scores) = (at("run/model.safetensors"), at("scores.csv"));
    let score = [
        "score", &model, "--data", &data, "--split", "test", "--output", &scores,
    ];
    fasgard(&score)
        .success()
        .stderr(contains("warning: the model was trained on fold"));
    let mut fold = score.to_vec();
    fold.extend(["--protocol", &species, "--fold", "print/photo"]);
    let out = fasgard(&fold)
        .success()
        .stdout(contains("scored 8 samples"));
    let stderr = String::from_utf8_lossy(&out.get_output().stderr).into_owned();
    assert!(!stderr.contains("warning"), "{stderr}");
}

#[test]
fn experiments_that_cannot_be() {
    let dir = tempfile::tempdir().unwrap();
    let data = data(dir.path());
    let at = |name: &str| text(&dir.path().join(name));
    std::fs::write(dir.path().join("c.toml"), CONFIG).unwrap();
    let (config, output, species) = (at("c.toml"), at("out"), protocol("leave-one-species-out"));
    let base = [
        "experiment",
        &species,
        "--data",
        &data,
        "--output",
        &output,
        "--configs",
        &config,
    ];
    let with = |more: &[&str]| {
        let mut args = base.to_vec();
        args.extend(more);
        fasgard(&args)
    };
    with(&[&config]).code(2).stderr(contains(
        "expected different names, found `tiny` and `tiny`",
    ));
    with(&["--seeds", "1,1"])
        .code(2)
        .stderr(contains("expected every seed once"));
    with(&["--fold", "x"]).code(2).stderr(contains("found `x`"));
    with(&["--convention", "mine"]).code(2);
    with(&["--set", "train.step=1"])
        .code(2)
        .stderr(contains("unknown field `step`"));
    fasgard(&[
        "experiment",
        &protocol("oulu-npu-1"),
        "--data",
        &data,
        "--dry-run",
    ])
    .code(2)
    .stderr(contains("expected rows in split `train`, found none among"));
    assert!(!dir.path().join("out").exists());
}

#[test]
fn audits() {
    let dir = tempfile::tempdir().unwrap();
    let data = data(dir.path());
    let out = fasgard(&["audit", &data, "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&out.get_output().stdout).unwrap();
    assert_eq!(json["balance"][0]["live"], 8);
    assert_eq!(json["shortcuts"].as_array().unwrap().len(), 10);
    // The same person's manifest row in two splits: as a fold that shares people and says so or not.
    let fold = "[[fold]]\nname = 'a'\ntrain = [{ official = ['train'] }]\ndev = [{ official = ['dev'] }]\ntest = [{ official = ['test'] }]\n";
    let path = dir.path().join("p.toml");
    std::fs::write(&path, format!("schema = 1\nname = 'p'\n{fold}")).unwrap();
    fasgard(&["audit", &data, "--protocol", &text(&path), "--fold", "a"])
        .stdout(contains("single features as detectors"))
        .stdout(contains("fold `a` of p"));
    // One file of train also in test, as another sample of somebody else.
    let manifest = dir.path().join("data/manifest.csv");
    let rows = std::fs::read_to_string(&manifest).unwrap();
    let line = rows.lines().find(|l| l.contains(",train,")).unwrap();
    let copy = line
        .replacen("train/", "copy-", 1)
        .replacen(",train,", ",test,", 1);
    std::fs::write(&manifest, format!("{rows}{copy}\n")).unwrap();
    fasgard(&["audit", &data])
        .code(1)
        .stdout(contains("the same files"))
        .stdout(contains("NOT DECLARED"))
        .stderr(contains("that no protocol declares"));
}

//! What users do wrong: one clear message, exit code 2 (misused) or 1 (failed), nothing half-written.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::{fs, path::Path};

use common::{CONFIG, faces, fasgard, text};
use predicates::{prelude::PredicateBooleanExt, str::contains};

/// A prepared dataset and a configuration.
fn setup(dir: &Path) -> (String, String) {
    faces(&dir.join("raw"));
    fs::write(dir.join("config.toml"), CONFIG).unwrap();
    let data = text(&dir.join("data"));
    fasgard(&[
        "prepare",
        "folder",
        "--crop",
        "none",
        "--depth",
        "none",
        "--input",
        &text(&dir.join("raw")),
        "--output",
        &data,
    ])
    .success();
    (data, text(&dir.join("config.toml")))
}

fn refused(args: &[&str], code: i32, message: &str) {
    fasgard(args).code(code).stderr(
        contains(message)
            .and(contains("panicked").not())
            .and(contains("error:")),
    );
}

#[test]
fn configurations() {
    let dir = tempfile::tempdir().unwrap();
    let (data, config) = setup(dir.path());
    let run = text(&dir.path().join("run"));
    let train = |sets: &[&str], message: &str| {
        let mut args = vec!["train", &config, "--data", &data, "--output", &run];
        sets.iter().for_each(|set| args.extend(["--set", set]));
        refused(&args, 2, message);
        assert!(
            !Path::new(&run).join("model.safetensors").exists(),
            "{sets:?}"
        );
    };
    train(&["train.step=3"], "unknown field `step`");
    train(&["model.supervision.scales=[4,3]"], "scale 3 does not");
    train(&["input.size=128"], "turns 128x128 pixels into 16x16");
    train(&["train.batch_size=999"], "999");
    train(&["seed"], "expected key=value");
    fs::write(&config, format!("{CONFIG}colour = 1\n")).unwrap();
    train(&[], "line 8");
    refused(
        &["train", "none.toml", "--data", &data, "--output", &run],
        2,
        "none.toml: cannot be read",
    );
    refused(&["inspect", &data, "--json"], 2, "data");
}

#[test]
fn data() {
    let dir = tempfile::tempdir().unwrap();
    let (data, config) = setup(dir.path());
    let run = text(&dir.path().join("run"));
    let manifest = dir.path().join("data/manifest.csv");
    let good = fs::read_to_string(&manifest).unwrap();
    let with = |text: String, code: i32, message: &str| {
        fs::write(&manifest, text).unwrap();
        let _ = fs::remove_dir_all(&run);
        refused(
            &["train", &config, "--data", &data, "--output", &run],
            code,
            message,
        );
    };
    let keep = |f: &dyn Fn(&str) -> bool| {
        good.lines()
            .enumerate()
            .filter(|(i, l)| *i == 0 || f(l))
            .map(|(_, l)| format!("{l}\n"))
            .collect::<String>()
    };
    with(keep(&|l| !l.contains(",dev,")), 2, "split `dev`");
    with(
        keep(&|l| !(l.contains(",train,") && l.contains(",live,"))),
        2,
        "all attack",
    );
    let last = good.lines().last().unwrap();
    with(format!("{good}{last}\n"), 2, "line");
    with(good.replacen(",live,", ",alive,", 1), 2, "found");
    let image = good
        .lines()
        .find(|l| l.contains(",train,"))
        .unwrap()
        .to_owned();
    let file = image
        .split(',')
        .find(|f| f.ends_with(".png") || f.ends_with(".jpg"))
        .unwrap();
    let path = dir.path().join("data").join(file);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    with(good.clone(), 1, "truncated");
    fs::remove_file(&path).unwrap();
    with(good.clone(), 1, file.rsplit('/').next().unwrap());
    refused(
        &["train", &config, "--data", "nowhere", "--output", &run],
        2,
        "nowhere",
    );
}

#[test]
fn outputs_and_models() {
    let dir = tempfile::tempdir().unwrap();
    let (data, config) = setup(dir.path());
    let blocked = dir.path().join("file");
    fs::write(&blocked, "x").unwrap();
    let under = text(&blocked.join("run"));
    refused(
        &["train", &config, "--data", &data, "--output", &under],
        1,
        "cannot create",
    );
    let run = text(&dir.path().join("run"));
    fasgard(&["train", &config, "--data", &data, "--output", &run]).success();
    refused(
        &["train", &config, "--data", &data, "--output", &run],
        2,
        "--resume",
    );
    let model = format!("{run}/model.safetensors");
    let scores = text(&dir.path().join("s.csv"));
    let score = [
        "score", &model, "--data", &data, "--split", "test", "--output",
    ];
    refused(&[&score[..], &[&under]].concat(), 2, "expected a folder");
    let bytes = fs::read(&model).unwrap();
    fs::write(&model, &bytes[..bytes.len() - 9]).unwrap();
    refused(&[&score[..], &[&scores]].concat(), 2, "damaged");
    fs::write(&model, "no model").unwrap();
    refused(&[&score[..], &[&scores]].concat(), 2, "model.safetensors");
    assert!(!Path::new(&scores).exists());
    refused(
        &["prepare", "floder", "--input", &data, "--output", &run],
        2,
        "floder",
    );
    refused(
        &[
            "prepare",
            "folder",
            "--crop",
            "none",
            "--depth",
            "none",
            "--input",
            &text(&dir.path().join("raw")),
            "--output",
            &data,
        ],
        2,
        "data",
    );
}

#[test]
fn a_changed_file_is_found_by_prepare_check() {
    let dir = tempfile::tempdir().unwrap();
    let (data, _) = setup(dir.path());
    fasgard(&["prepare", "check", &data])
        .success()
        .stdout(contains("48 files as the manifest says"));
    let faces = dir.path().join("data/faces/train/live");
    let file = fs::read_dir(&faces)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    fs::write(&file, b"changed").unwrap();
    fasgard(&["prepare", "check", &data])
        .code(1)
        .stdout(contains("expected SHA-256"))
        .stderr(contains("1 files are not as the manifest says"));
    refused(&["prepare", "folder", &data], 2, "expected `--input RAW");
    refused(&["prepare", "folder"], 2, "--input");
}

#[test]
fn a_file_that_is_no_wheel_installs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let wheel = dir.path().join("face.whl");
    fs::write(&wheel, b"PK no wheel").unwrap();
    refused(
        &["models", "install", "--from-file", &text(&wheel)],
        2,
        "face.whl",
    );
}

#[test]
fn the_demo_leaves_other_folders_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("ps")).unwrap();
    fs::write(dir.path().join("ps/thesis.txt"), "precious").unwrap();
    refused(
        &["demo", "--output", &text(dir.path())],
        2,
        "choose another --output",
    );
    assert!(dir.path().join("ps/thesis.txt").exists());
}

#[test]
fn every_command_has_an_example() {
    for command in [
        "demo",
        "prepare",
        "models",
        "simulate",
        "train",
        "score",
        "evaluate",
        "compare",
        "report",
        "inspect",
        "bench",
        "completions",
    ] {
        fasgard(&[command, "--help"])
            .success()
            .stdout(contains(format!("Example: fasgard {command}")));
    }
}

#[test]
fn a_run_that_stopped_before_its_first_checkpoint_can_start_again() {
    let dir = tempfile::tempdir().unwrap();
    let (data, config) = setup(dir.path());
    let run = text(&dir.path().join("run"));
    let train = ["train", &config, "--data", &data, "--output", &run];
    let stop = ["--set", "optimizer.kind=sgd", "--set", "optimizer.lr=1e30"];
    refused(&[&train[..], &stop].concat(), 1, "step");
    fasgard(&train).success();
}

#[test]
fn scores() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    let file = text(&path);
    let header = "dataset,split,subject,video,frame,label,species,score\n";
    fs::write(
        &path,
        format!("{header}d,test,a,,,live,,0.9\nd,test,b,,,attack,print/1,0.1\n"),
    )
    .unwrap();
    refused(&["evaluate", "--test", &file], 2, "--dev");
    refused(
        &["evaluate", "--test", &file, "--convention", "best"],
        2,
        "best",
    );
    refused(
        &["evaluate", "--test", &file, "--threshold", "bpcer=200%"],
        2,
        "200",
    );
    fasgard(&["evaluate", "--test", &file, "--threshold", "value=0.5"])
        .success()
        .stdout(contains("APCER"));
    fs::write(&path, format!("{header}d,test,a,,,live,,high\n")).unwrap();
    refused(
        &["evaluate", "--test", &file, "--threshold", "value=0.5"],
        2,
        "line 2",
    );
    refused(&["evaluate", "--test", "none.csv"], 2, "none.csv");
    fasgard(&["evaluate"]).code(2);
    fasgard(&["train"]).code(2);
    fasgard(&["completions", "bash"])
        .success()
        .stdout(contains("fasgard"));
}

//! What is wrong, or does not belong together, is refused or said loudly.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests: a panic there is a failed test"
)]

mod common;

use common::{evaluate_fully, options};
use fasgard_metrics::{Origin, ScoreFile};
use fasgard_report::{ModelFiles, ReportOptions, write_report};

#[test]
fn what_is_wrong_is_refused_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let experiment = common::write(dir.path(), 4);
    let out = dir.path().join("out.html");
    let good = options(&experiment);
    let fails = |options: &ReportOptions| write_report(options, &out).unwrap_err().to_string();

    assert!(fails(&ReportOptions::new("x", Vec::new())).contains("at least one run"));
    let mut twice = good.clone();
    twice.models[1].name = "binary".to_owned();
    assert!(fails(&twice).contains("two models are called `binary`"));
    let mut gone = good.clone();
    gone.models[0] = ModelFiles::in_run(dir.path().join("nowhere"));
    assert!(fails(&gone).contains("nowhere"));
    let mut small = good.clone();
    small.max_bytes = 10_000;
    assert!(fails(&small).contains("limit of 10000"));
    let mut nodata = good.clone();
    nodata.data = vec![dir.path().join("nodata")];
    assert!(fails(&nodata).contains("nodata"));
    for (file, content, expected) in [
        ("evaluation.json", "{", "evaluation.json"),
        ("config.toml", "[input]\nsise = 3\n", "sise"),
        ("metrics.csv", "step,phase\nx,train\n", "line 2"),
        ("maps-test.safetensors", "nonsense", "maps-test.safetensors"),
        ("scores-test.csv", "a,b\n1,2\n", "scores-test.csv"),
    ] {
        let path = experiment.runs[1].join(file);
        let kept = std::fs::read(&path).unwrap();
        std::fs::write(&path, content).unwrap();
        let message = fails(&good);
        assert!(message.contains(expected), "{file}: {message}");
        std::fs::write(&path, kept).unwrap();
    }
    assert!(!out.exists());
    write_report(&good, &out).unwrap();
}

#[test]
fn different_test_sets_are_refused_or_warned_of() {
    let dir = tempfile::tempdir().unwrap();
    let a = common::write(&dir.path().join("a"), 6);
    let b = common::write(&dir.path().join("b"), 5);
    let mut options = options(&a);
    options.models.truncate(1);
    options.models.push(ModelFiles::in_run(&b.runs[2]));
    let out = dir.path().join("out.html");
    let error = write_report(&options, &out).unwrap_err();
    assert!(
        error.to_string().contains("24 and 20 samples, 20 in both"),
        "{error}"
    );
    options.allow_different_test_sets = true;
    let summary = write_report(&options, &out).unwrap();
    assert!(summary.warnings[0].contains("different samples"));
    assert!(
        std::fs::read_to_string(&out)
            .unwrap()
            .contains("must not be compared")
    );
}

#[test]
fn files_that_do_not_belong_together_are_said_loudly() {
    let dir = tempfile::tempdir().unwrap();
    let experiment = common::write(dir.path(), 6);
    let run = &experiment.runs[0];
    let mut options = options(&experiment);
    options.models.truncate(1);
    let path = dir.path().join("r.html");
    assert!(
        write_report(&options, &path)
            .unwrap()
            .warnings
            .iter()
            .all(|w| !w.contains("other scores"))
    );
    // The model beside the scores has other weights than the note says.
    let scores = ScoreFile::read(run.join("scores-test.csv")).unwrap();
    Origin::new(scores.sha256, "binary", "ab".repeat(32), "fasgard 0")
        .write_beside(run.join("scores-test.csv"))
        .unwrap();
    evaluate_fully(run);
    let card =
        serde_json::json!({"name": "binary", "fasgard": "0", "weights_sha256": "cd".repeat(32)});
    let header = serde_json::json!({"__metadata__": {"fasgard": card.to_string()}}).to_string();
    let mut model = (header.len() as u64).to_le_bytes().to_vec();
    model.extend(header.as_bytes());
    std::fs::write(run.join("model.safetensors"), model).unwrap();
    // And the scores changed after they were evaluated.
    let content = std::fs::read_to_string(run.join("scores-dev.csv")).unwrap();
    std::fs::write(run.join("scores-dev.csv"), content.replacen("0.", "0.0", 1)).unwrap();
    let warnings = write_report(&options, &path).unwrap().warnings;
    let html = std::fs::read_to_string(&path).unwrap();
    for text in [
        "evaluation.json is of other scores than the scores-dev.csv beside it",
        "weights abababababab scored, cdcdcdcdcdcd found",
    ] {
        assert!(
            warnings.iter().any(|w| w.contains(text)),
            "{text}: {warnings:?}"
        );
        assert!(html.contains(text), "{text}");
    }
    std::fs::write(run.join("model.safetensors"), "no model").unwrap();
    let error = write_report(&options, &path).unwrap_err().to_string();
    assert!(error.contains("model.safetensors"), "{error}");
}

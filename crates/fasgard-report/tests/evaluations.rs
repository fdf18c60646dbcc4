//! Everything that an evaluation holds is shown, and as tables.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests: a panic there is a failed test"
)]

mod common;

use common::{evaluate_fully, options, report};
use fasgard_metrics::{Convention, ConventionChoice, Origin, Request, ScoreFile, evaluate};
use fasgard_report::{ModelFiles, write_tables};

#[test]
fn tables_in_three_formats() {
    let dir = tempfile::tempdir().unwrap();
    let experiment = common::write(dir.path(), 8);
    let options = options(&experiment);
    let written = write_tables(&options, &dir.path().join("tables")).unwrap();
    assert_eq!(written.len(), 3);
    let read = |i: usize| std::fs::read_to_string(&written[i]).unwrap();
    let rows = read(0).lines().filter(|l| l.starts_with("| ")).count();
    assert_eq!(rows, 1 + 6 + 3);
    assert!(read(1).contains("\\toprule") && read(1).contains("APCER mask/half & "));
    assert_eq!(read(2).lines().count(), 1 + 3 * (6 + 3));
    let one = write_tables(&options, &dir.path().join("one.tex")).unwrap();
    assert_eq!(std::fs::read_to_string(&one[0]).unwrap(), read(1));
}

#[test]
fn every_convention_and_video_level_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let experiment = common::write(dir.path(), 12);
    let run = &experiment.runs[2];
    let path = run.join("scores-test.csv");
    let mut test = ScoreFile::read(&path).unwrap();
    for row in &mut test.rows {
        let class = row.species.as_ref().map_or("live", |s| s.family());
        row.video = format!("{class}-{}", row.subject);
    }
    ScoreFile::write(&path, &test.rows).unwrap();
    let test = ScoreFile::read(&path).unwrap();
    let dev = ScoreFile::read(run.join("scores-dev.csv")).unwrap();
    let request = Request {
        convention: ConventionChoice::All,
        ..Request::new(Some(&dev), &test)
    };
    let evaluation = evaluate(&request).unwrap();
    std::fs::write(
        run.join("evaluation.json"),
        serde_json::to_vec(&evaluation).unwrap(),
    )
    .unwrap();
    let mut options = options(&experiment);
    options.models.drain(..2);
    let html = report(&options, dir.path());
    let iso = &evaluation.outcome(Convention::Iso).unwrap().test;
    let bpcer = format!(">{}/{}", iso.bpcer.errors.unwrap(), iso.bpcer.of.unwrap());
    assert_eq!(iso.bpcer.of, Some(7), "videos are counted");
    assert!(html.contains(&bpcer), "{bpcer}");
    assert!(html.contains("video level, mean over frames"));
    assert!(html.contains("n = 7"), "histograms count videos too");
}

#[test]
fn the_record_conventions_and_breakdowns_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let experiment = common::write(dir.path(), 12);
    let run = &experiment.runs[2];
    let scores = ScoreFile::read(run.join("scores-test.csv")).unwrap();
    let weights = "ab".repeat(32);
    Origin::new(scores.sha256, "pyramid", &weights, "fasgard 9.9")
        .write_beside(run.join("scores-test.csv"))
        .unwrap();
    let evaluation = evaluate_fully(run);
    let mut options = options(&experiment);
    options.models.drain(..2);
    let html = report(&options, dir.path());
    let iso = &evaluation.outcome(Convention::Iso).unwrap();
    let i = iso.intervals.as_ref().unwrap().acer.unwrap();
    for text in [
        "<section id=\"conventions\">",
        "<section id=\"breakdown\">",
        "flattering",
        "worst PAI family",
        "Item under test",
        &weights,
        "fasgard 9.9",
        "7, of whom 7 with bona fide presentations",
        "12 bona fide, 36 attack of 3 PAI species",
        "0 bona fide (BPNRR 0.00 % (0/12",
        "APCER at BPCER ≤ 0.1 %",
        "BPCER10, 20, 100",
        "Expected calibration error",
        "Expected performance curve",
        &format!("{:.2}–{:.2}", 100.0 * i.lo, 100.0 * i.hi),
        &format!(
            "score file SHA-256 {}",
            iso.threshold.from.sha256.as_ref().unwrap()
        ),
        "200 times (seed 0)",
        "by subject",
    ] {
        assert!(html.contains(text), "{text}");
    }
    // An evaluation without them has no such sections.
    let mut plain = options.clone();
    plain.models = vec![ModelFiles::in_run(&experiment.runs[0])];
    let html = report(&plain, dir.path());
    assert!(!html.contains("id=\"conventions\"") && !html.contains("id=\"breakdown\""));
}

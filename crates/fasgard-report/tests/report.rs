//! The document as a whole: self-contained, escaped, complete, and honest about what is missing.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests: a panic there is a failed test"
)]

mod common;

use std::path::{Path, PathBuf};

use fasgard_metrics::{
    Convention, ConventionChoice, Evaluation, Origin, Request, ScoreFile, ScoreTable, evaluate,
};
use fasgard_report::{ModelFiles, ReportError, ReportOptions, write_report, write_tables};

fn options(experiment: &common::Experiment) -> ReportOptions {
    let models = experiment.runs.iter().map(ModelFiles::in_run).collect();
    let mut options = ReportOptions::new("Single scale & pyramid", models);
    options.data.push(experiment.data.clone());
    options
}

fn report(options: &ReportOptions, dir: &Path) -> String {
    let path = dir.join("report.html");
    write_report(options, &path).unwrap();
    std::fs::read_to_string(path).unwrap()
}

/// Every value of the attribute.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    html.split(&format!(" {name}=\""))
        .skip(1)
        .map(|rest| &rest[..rest.find('"').unwrap()])
        .collect()
}

#[test]
fn complete_report() {
    // Kept after the test, to be looked at.
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("report-example");
    let experiment = common::write(&root, 40);
    let options = options(&experiment);
    let path = root.join("report.html");
    let summary = write_report(&options, &path).unwrap();
    let html = std::fs::read_to_string(&path).unwrap();

    assert_eq!(summary.bytes, html.len());
    assert!(html.len() < 2_000_000, "{}", html.len());
    assert_eq!(summary.models, ["binary", "single-8x8", "pyramid"]);
    assert_eq!(summary.missing.len(), 1, "{:?}", summary.missing);
    assert_eq!(report(&options, &root), html, "same files, same bytes");

    // Nothing from elsewhere, no script, and every reference inside the document resolves.
    assert!(!html.contains("<script") && !html.contains("http://") && !html.contains("https://"));
    assert!(!html.contains("url(") && !html.contains("@import") && !html.contains("<link"));
    for source in attributes(&html, "src") {
        assert!(source.starts_with("data:image/"), "{source}");
    }
    let ids = attributes(&html, "id");
    for reference in attributes(&html, "href") {
        let inside = reference
            .strip_prefix('#')
            .is_some_and(|id| ids.contains(&id));
        assert!(
            inside || reference.starts_with("data:image/"),
            "{reference}"
        );
    }

    // The hostile sample is shown, escaped.
    assert!(!html.contains("alert(1)</script>"));
    for section in [
        "summary",
        "species",
        "iso",
        "curves",
        "operating",
        "epc",
        "scores",
        "reliability",
        "training",
        "gallery",
        "provenance",
    ] {
        assert!(
            html.contains(&format!("<section id=\"{section}\">")),
            "{section}"
        );
    }
    for text in [
        "print/photo",
        "Clopper",
        "7 subjects",
        "chosen on the dev set",
        "annotated mask",
        "bce@4",
        "resnet18 (layer3), mask at scales 8, 4, 2, 1, 128×128 px input, up to 400 steps of batch 16, seed 7",
        "</b> is trained without pixel-wise supervision",
        "8×8",
        "1×1",
        "overlay",
        "Single scale &amp; pyramid",
    ] {
        assert!(html.contains(text), "{text}");
    }
    // Figures come from the evaluation.
    let json = std::fs::read_to_string(experiment.runs[2].join("evaluation.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let bpcer = &json["test"]["bpcer"];
    let cell = format!(
        "<span class=\"num\">{:.2}</span><small><span class=\"keep\">{}/{}",
        bpcer["value"].as_f64().unwrap() * 100.0,
        bpcer["errors"],
        bpcer["of"]
    );
    assert!(html.contains(&cell), "{cell}");
    assert_eq!(html.matches("<article").count(), 4 * 6);
}

#[test]
fn untrusted_names_are_escaped_and_errors_come_first() {
    let dir = tempfile::tempdir().unwrap();
    let experiment = common::write(dir.path(), 12);
    let mut options = options(&experiment);
    options.gallery_per_species = 12;
    options.models[0].name = "<img src=x onerror=alert(2)>".to_owned();
    let html = report(&options, dir.path());
    assert!(html.contains("live-&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"));
    assert!(!html.contains("<img src=x") && !html.contains("<script"));
    // Within a group no right card stands before a wrong one.
    for group in html.split("<h3>").skip(1) {
        let cards: Vec<bool> = group
            .split("<article class=\"")
            .skip(1)
            .map(|c| c.starts_with("card wrong"))
            .collect();
        assert!(cards.is_sorted_by(|a, b| a >= b), "{cards:?}");
    }
}

#[test]
fn missing_files_are_said() {
    let dir = tempfile::tempdir().unwrap();
    let experiment = common::write(dir.path(), 6);
    for run in &experiment.runs {
        std::fs::remove_file(run.join("evaluation.json")).unwrap();
        std::fs::remove_file(run.join("metrics.csv")).unwrap();
        std::fs::remove_file(run.join("config.toml")).unwrap();
    }
    let mut options = options(&experiment);
    options.data.clear();
    let html = report(&options, dir.path());
    for text in [
        "evaluation.json of binary, single-8x8, pyramid",
        "metrics.csv of binary",
        "maps-test.safetensors of binary",
        "No dataset folder was given",
        "<section id=\"training\">",
    ] {
        assert!(html.contains(text), "{text}");
    }
    assert!(matches!(
        write_tables(&options, &dir.path().join("t.md")),
        Err(ReportError::Format { .. })
    ));

    // Scores gone too: only the training log is left of one run, nothing of another.
    let one = common::write(&dir.path().join("again"), 4);
    std::fs::remove_file(one.runs[1].join("scores-test.csv")).unwrap();
    std::fs::remove_file(one.runs[1].join("evaluation.json")).unwrap();
    let log_only = ReportOptions::new("log", vec![ModelFiles::in_run(&one.runs[1])]);
    assert!(report(&log_only, dir.path()).contains("No sample is shown."));
    std::fs::remove_file(one.runs[1].join("metrics.csv")).unwrap();
    let nothing = write_report(&log_only, &dir.path().join("none.html")).unwrap_err();
    assert!(
        matches!(nothing, ReportError::NoContent { .. }),
        "{nothing}"
    );
    assert!(!dir.path().join("none.html").exists());
}

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
fn a_report_too_large_is_thinned() {
    let dir = tempfile::tempdir().unwrap();
    let experiment = common::write(dir.path(), 12);
    let mut options = options(&experiment);
    options.gallery_per_species = 8;
    let full = write_report(&options, &dir.path().join("a.html")).unwrap();
    options.max_bytes = full.bytes * 2 / 3;
    let thin = write_report(&options, &dir.path().join("b.html")).unwrap();
    assert_eq!(full.gallery_per_species, 8);
    assert!(thin.gallery_per_species < 8 && thin.bytes <= options.max_bytes);
}

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

/// Evaluates a run again, with everything there is.
fn evaluate_fully(run: &Path) -> Evaluation {
    let read = |name: &str| ScoreTable::read(run.join(name)).unwrap();
    let (dev, test) = (read("scores-dev.csv"), read("scores-test.csv"));
    let evaluation = evaluate(&Request {
        convention: ConventionChoice::All,
        by: vec!["subject".to_owned()],
        bootstrap: Some("200".parse().unwrap()),
        ..Request::new(Some(&dev), &test)
    })
    .unwrap();
    let json = serde_json::to_vec(&evaluation).unwrap();
    std::fs::write(run.join("evaluation.json"), json).unwrap();
    evaluation
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

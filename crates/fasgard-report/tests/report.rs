//! The document as a whole: self-contained, escaped, complete, and honest about what is missing.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests: a panic there is a failed test"
)]

mod common;

use std::path::PathBuf;

use common::{options, report};
use fasgard_report::{ModelFiles, ReportError, ReportOptions, write_report, write_tables};

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

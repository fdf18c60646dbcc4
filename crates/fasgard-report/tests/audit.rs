//! The audit of the data as a section.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests: a panic there is a failed test"
)]

mod common;

use std::path::Path;

use common::{options, report};
use fasgard_data::{Dataset, audit::audit};
use fasgard_report::{ReportOptions, write_report};

/// Audits the drawn faces, with their people moved to two splits.
fn audited(data: &Path) -> serde_json::Value {
    use fasgard_metrics::Split::{Test, Train};
    let dataset = Dataset::open(data).unwrap();
    let dataset = dataset.with_splits(|row| {
        let even = row.sample.bytes().map(u32::from).sum::<u32>() % 2 == 0;
        Some(if even { Train } else { Test })
    });
    serde_json::to_value(audit(&dataset, &[], &|| ())).unwrap()
}

#[test]
fn leaks_shortcuts_and_balance_are_shown_wherever_the_file_lies() {
    let dir = tempfile::tempdir().unwrap();
    let experiment = common::write(dir.path(), 12);
    let mut options = options(&experiment);
    assert!(!report(&options, dir.path()).contains("id=\"audit\""));

    let mut found = audited(&experiment.data);
    found["shortcuts"][0]["feature"] = "<b>sharp".into();
    found["shortcuts"][0]["strong"] = true.into();
    let file = dir.path().join("elsewhere.json");
    std::fs::write(&file, found.to_string()).unwrap();
    options.audits.push(file.clone());
    let html = report(&options, dir.path());
    let auc = found["shortcuts"][1]["test"].as_f64().unwrap();
    for text in [
        "<section id=\"audit\">",
        "href=\"#audit\"",
        "drawn",
        "test and train",
        "not declared",
        "Shortcuts: &lt;b&gt;sharp",
        &format!("<span class=\"num\">{auc:.3}</span>"),
        &format!(
            "print/photo {}",
            found["balance"][0]["species"]["print/photo"]
        ),
        "elsewhere.json",
    ] {
        assert!(html.contains(text), "{text}");
    }
    let summary = write_report(&options, &dir.path().join("r.html")).unwrap();
    let warned = summary.warnings.iter().any(|w| w.contains("leak(s)"));
    assert!(warned, "{:?}", summary.warnings);

    // In a run's folder it is found by its name; one that is given stands for all.
    std::fs::rename(&file, experiment.runs[1].join("audit.json")).unwrap();
    options.audits.clear();
    assert!(report(&options, dir.path()).contains("single-8x8/audit.json"));
}

#[test]
fn an_experiments_audit_is_found_from_its_cells() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("experiment/cells/official/ps");
    let experiment = common::write(&root, 4);
    let file = dir.path().join("experiment/audit.json");
    std::fs::write(file, audited(&experiment.data).to_string()).unwrap();
    let html = report(&options(&experiment), dir.path());
    assert_eq!(html.matches("id=\"audit\"").count(), 1);
}

#[test]
fn what_is_no_audit_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let experiment = common::write(dir.path(), 4);
    let file = dir.path().join("audit.json");
    let mut options = options(&experiment);
    options.audits.push(file.clone());
    let fails = |options: &ReportOptions| {
        let out = dir.path().join("out.html");
        write_report(options, &out).unwrap_err().to_string()
    };
    assert!(fails(&options).contains("audit.json"));
    std::fs::write(&file, "{}").unwrap();
    assert!(fails(&options).contains("expected the JSON of `fasgard audit --output`"));
    let mut found = audited(&experiment.data);
    found["schema"] = 2.into();
    std::fs::write(&file, found.to_string()).unwrap();
    assert!(fails(&options).contains("expected schema 1, found 2"));
}

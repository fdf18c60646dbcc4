//! `fasgard evaluate` on score files written by hand.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;
mod score_files;

use std::fs;

use common::{fasgard, text};
use predicates::{prelude::PredicateBooleanExt, str::contains};
use score_files::{Files, codes, json};
use serde_json::Value;

#[test]
fn what_needs_saying_is_said_and_what_is_undefined_is_null() {
    let files = Files::new();
    let dev = files.scores("dev.csv", "dev", "print/1", 0.0);
    let with = |name: &str, f: &dyn Fn(&str) -> String| {
        let test = files.scores("test.csv", "test", "print/1", 0.0);
        files.write(name, f(&fs::read_to_string(test).unwrap()))
    };
    let evaluate = |file: &str| json(&["evaluate", "--dev", &dev, "--test", file]);
    let unseen = with("unseen.csv", &|t| t.replace("print/1", "mask/half"));
    assert!(codes(&evaluate(&unseen)).contains(&"species-not-in-dev"));
    let datasets = with("datasets.csv", &|t| t.replacen(",d,", ",e,", 3));
    assert!(codes(&evaluate(&datasets)).contains(&"several-datasets"));
    assert!(codes(&evaluate(&dev)).contains(&"dev-is-test"));
    let reversed = with("reversed.csv", &|t| {
        t.replace(",ok", "").replace(",,0.", ",,-0.")
    });
    let reversed = reversed.replace("reversed.csv", "r.csv");
    let content = fs::read_to_string(files.path("test.csv")).unwrap();
    let swapped: String = content
        .lines()
        .map(|l| match l.contains(",live,,") {
            true => l.replace(",live,,", ",attack,print/1,") + "\n",
            false => l.replace(",attack,print/1,", ",live,,") + "\n",
        })
        .collect();
    fs::write(&reversed, swapped).unwrap();
    assert!(codes(&evaluate(&reversed)).contains(&"reversed-scores"));
    let foreign = with("foreign.csv", &|t| t.replace(",0.", ",7."));
    let e = evaluate(&foreign);
    assert!(codes(&e).contains(&"outside-unit"));
    assert!(e["test"]["calibration"]["ece"]["value"].is_null());
    assert!(
        e["test"]["calibration"]["ece"]["reason"]
            .as_str()
            .unwrap()
            .contains("[0, 1]")
    );
    let lines = |t: &str, keep: &str| -> String {
        let kept = t
            .lines()
            .enumerate()
            .filter(|(i, l)| *i == 0 || l.contains(keep));
        kept.map(|(_, l)| format!("{l}\n")).collect()
    };
    for (name, keep, gone, there) in [
        ("attacks.csv", ",attack,", "bpcer", "apcer"),
        ("lives.csv", ",live,", "apcer", "bpcer"),
    ] {
        let file = with(name, &|t| lines(t, keep));
        let e = evaluate(&file);
        assert!(codes(&e).contains(&"missing-class"), "{name}");
        assert!(e["test"][there]["value"].is_number(), "{name}");
        for figure in [gone, "acer", "hter", "eer", "auc"] {
            assert!(e["test"][figure]["value"].is_null(), "{name}: {figure}");
            assert!(e["test"][figure]["reason"].is_string(), "{name}: {figure}");
        }
        fasgard(&["evaluate", "--dev", &dev, "--test", &file])
            .success()
            .stdout(contains("– undefined, no").and(contains("Warnings")));
    }
    // A threshold cannot be chosen without a class.
    let lives = text(&files.path("lives.csv"));
    fasgard(&["evaluate", "--dev", &lives, "--test", &dev])
        .code(2)
        .stderr(contains("lives.csv").and(contains("0 attack")));
}

#[test]
fn non_responses_are_left_out_or_rejected() {
    let files = Files::new();
    let test = files.scores("test.csv", "test", "print/1", 0.0);
    let content = fs::read_to_string(&test).unwrap();
    // The rows of samples 4 (live) and 5 (attack), both right.
    let lost: String = content
        .lines()
        .map(|l| {
            let fields: Vec<&str> = l.split(',').collect();
            match fields[0] {
                "test4" | "test5" => format!("{},,,no-face\n", fields[..9].join(",")),
                _ => format!("{l}\n"),
            }
        })
        .collect();
    let test = files.write("lost.csv", lost);
    let args = ["evaluate", "--test", &test, "--threshold", "value=0.5"];
    let left_out = json(&args);
    assert_eq!(left_out["no_response"], "exclude");
    let counts = |e: &Value, figure: &str| {
        let rate = &e["test"][figure];
        (rate["errors"].as_u64(), rate["of"].as_u64())
    };
    assert_eq!(counts(&left_out, "bpcer"), (Some(4), Some(19)));
    assert_eq!(counts(&left_out, "bpnrr"), (Some(1), Some(20)));
    let rejected = json(&[&args[..], &["--no-response", "reject"]].concat());
    assert_eq!(counts(&rejected, "bpcer"), (Some(5), Some(20)));
    assert_eq!(counts(&rejected, "apcer"), (Some(4), Some(20)));
    assert_eq!(counts(&rejected, "apnrr"), (Some(1), Some(20)));
    fasgard(&args)
        .success()
        .stdout(contains("APNRR").and(contains("left out")));
}

#[test]
fn breakdowns_intervals_and_provenance() {
    let files = Files::new();
    let dev = files.scores("dev.csv", "dev", "print/1", 0.0);
    let test = files.scores("test.csv", "test", "print/1", 0.0);
    let args = ["evaluate", "--dev", &dev, "--test", &test];
    let more = ["--by", "device", "--by", "species", "--bootstrap", "200,5"];
    let e = json(&[&args[..], &more].concat());
    assert_eq!(e["by"][0]["attribute"], "device");
    for device in ["0", "1"] {
        assert_eq!(
            e["by"][0]["values"][device]["counts"]["live"], 10,
            "{device}"
        );
    }
    // Live presentations stand beside every species.
    assert_eq!(e["by"][1]["values"]["print/1"]["counts"]["live"], 20);
    let i = &e["intervals"];
    assert_eq!(
        (&i["unit"], &i["clusters"]),
        (&"subject".into(), &20.into())
    );
    assert_eq!(
        i["bootstrap"],
        serde_json::json!({"replicates": 200, "seed": 5})
    );
    assert!(i["acer"]["lo"].as_f64() < i["acer"]["hi"].as_f64());
    assert_eq!(
        json(&[&args[..], &more].concat()),
        e,
        "same seed, same bits"
    );
    let by_video = json(
        &[
            &args[..],
            &["--bootstrap", "200", "--seed", "5", "--cluster", "video"],
        ]
        .concat(),
    );
    assert_eq!(by_video["intervals"]["clusters"], 40);
    let from = &e["threshold"]["from"];
    assert_eq!(from["source"], "dev");
    assert_eq!(from["sha256"], e["files"]["dev"]["sha256"]);
    assert_eq!(
        (&from["split"], &from["live"], &from["attack"]),
        (&"dev".into(), &20.into(), &20.into())
    );
    for points in ["apcer_at_bpcer", "bpcer_at_apcer", "tpr_at_fpr"] {
        assert_eq!(e["test"][points].as_array().unwrap().len(), 4);
    }
    let sha = e["files"]["dev"]["sha256"].as_str().unwrap()[..12].to_owned();
    let all = ["--convention", "all", "--bootstrap", "200"];
    fasgard(&[&args[..], &more].concat())
        .success()
        .stdout(contains(format!("sha256 {sha}, split dev")).and(contains("Test set by device")));
    fasgard(&[&args[..], &all].concat())
        .success()
        .stdout(contains("target-eer (!)").and(contains("flattering")));
    for fuse in ["mean", "median", "max", "min", "trimmed", "peak"] {
        fasgard(&[&args[..], &["--fuse", fuse, "--level", "video"]].concat()).success();
    }
    let min = json(&[&args[..], &["--threshold", "min-acer"]].concat());
    assert_eq!(min["threshold"]["criterion"], "min-acer");
    for (bad, message) in [
        (["--fuse", "best"], "best"),
        (["--no-response", "maybe"], "maybe"),
        (["--bootstrap", "3"], "100 to"),
        (["--seed", "1"], "--bootstrap"),
        (["--cluster", "person"], "person"),
    ] {
        fasgard(&[&args[..], &bad].concat())
            .code(2)
            .stderr(contains(message));
    }
    let none = text(&files.path("no/such/folder/e.json"));
    fasgard(&[&args[..], &["--output", &none]].concat()).code(1);
}

#[test]
fn scores_of_another_model_are_noticed() {
    let files = Files::new();
    let dev = files.scores("dev.csv", "dev", "print/1", 0.0);
    let test = files.scores("test.csv", "test", "print/1", 0.0);
    let hash = |file: &str| {
        let e = json(&["evaluate", "--test", file, "--threshold", "value=0.5"]);
        e["files"]["test"]["sha256"].as_str().unwrap().to_owned()
    };
    let note = |name: &str, sha: &str, weights: &str| {
        let note = serde_json::json!({"schema": 1, "scores_sha256": sha, "model": "ps",
            "weights_sha256": weights.repeat(32), "software": "fasgard 0"});
        files.write(name, note.to_string());
    };
    let (of_dev, of_test) = (hash(&dev), hash(&test));
    let evaluate = || json(&["evaluate", "--dev", &dev, "--test", &test]);
    note("dev.csv.json", &of_dev, "aa");
    note("test.csv.json", &of_test, "aa");
    let e = evaluate();
    assert_eq!(e["files"]["test"]["origin"]["model"], "ps");
    assert!(
        !codes(&e)
            .iter()
            .any(|c| ["other-model", "stale-note"].contains(c))
    );
    note("test.csv.json", &of_test, "bb");
    assert!(codes(&evaluate()).contains(&"other-model"));
    note("test.csv.json", &of_dev, "aa");
    assert!(codes(&evaluate()).contains(&"stale-note"));
    files.write("test.csv.json", "[]");
    fasgard(&["evaluate", "--dev", &dev, "--test", &test])
        .code(2)
        .stderr(contains("test.csv.json"));
}

//! `fasgard calibrate` end to end.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::path::Path;

use common::{fasgard, text, trained};

fn folders(root: &Path, class: &str) -> Vec<String> {
    ["train", "dev", "test"]
        .map(|split| text(&root.join("raw").join(split).join(class)))
        .to_vec()
}

#[test]
fn the_new_file_keeps_both_thresholds_and_decides_by_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let (model, _) = trained(root);
    let output = text(&root.join("calibrated.safetensors"));
    let (live, attack) = (folders(root, "live"), folders(root, "attack"));
    let run = |bpcer: &str, output: &str| {
        let mut args = vec!["calibrate", &model, "--crop", "none", "--json", "--live"];
        args.extend(live.iter().map(String::as_str));
        args.push("--attack");
        args.extend(attack.iter().map(String::as_str));
        args.extend(["--bpcer", bpcer, "--output", output]);
        fasgard(&args)
    };
    let result = run("10%", &output).success();
    let value: serde_json::Value = serde_json::from_slice(&result.get_output().stdout).unwrap();
    assert_eq!(value["live"]["frames_with_score"], 24);
    let calibration = &value["calibration"];
    // At most 2 of 24.
    assert!(calibration["bpcer"]["errors"].as_u64().unwrap() <= 2);
    assert_eq!(calibration["needed"], 36);

    let inspect = fasgard(&["inspect", &output, "--verify", "--json"]).success();
    let card: serde_json::Value = serde_json::from_slice(&inspect.get_output().stdout).unwrap();
    let thresholds = card["card"]["thresholds"].as_array().unwrap().clone();
    assert_eq!(thresholds.len(), 2);
    assert_eq!(thresholds[0], calibration["threshold"]);
    assert!(card["card"]["support"].is_array());

    // The frames that were rejected in calibration are those that predict does not call live.
    let mut args = vec!["predict", &output, "--crop", "none", "--json"];
    args.extend(live.iter().map(String::as_str));
    let predicted = fasgard(&args).success();
    let lines = String::from_utf8_lossy(&predicted.get_output().stdout).into_owned();
    let threshold = thresholds[0]["value"].as_f64().unwrap();
    let (mut rejected, mut abstained) = (0, 0);
    for line in lines.lines() {
        let answer: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(answer["threshold"].as_f64().unwrap(), threshold);
        match answer["verdict"].as_str().unwrap() {
            "attack" => rejected += 1,
            "no-decision" => abstained += 1,
            _ => {}
        }
    }
    assert!(rejected + abstained <= 3, "{rejected} {abstained}");

    // Too few frames for the allowed share: refused, nothing is written.
    let refused = text(&root.join("refused.safetensors"));
    let result = run("1%", &refused).code(2);
    let error = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
    assert!(
        error.contains("24 live frames") && error.contains("at least 100"),
        "{error}"
    );
    assert!(!Path::new(&refused).exists());
    for bad in ["0", "60%", "some"] {
        run(bad, &refused).code(2);
    }
}

#[test]
fn a_model_without_a_threshold_gives_no_verdict_until_it_is_calibrated() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let (model, _) = trained(root);
    let mut file = fasgard_model::ModelFile::read(&model).unwrap();
    file.card.thresholds.clear();
    let open = text(&root.join("open.safetensors"));
    file.write(&open).unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let picture = text(&root.join("raw/test/live/0.png"));

    // predict: no default verdict, unless the user gives a threshold.
    let predict = ["predict", &open, &picture, "--crop", "none"];
    let error = said(&fasgard(&predict).code(2).get_output().stderr);
    assert!(error.contains("open.safetensors: expected a threshold"), "{error}");
    assert!(error.contains("no default verdict"), "{error}");
    fasgard(&[&predict[..], &["--threshold", "0.5"]].concat()).success();
    let inspect = said(&fasgard(&["inspect", &open]).success().get_output().stdout);
    assert!(inspect.contains("none: give one with --threshold"), "{inspect}");

    // export: the file gives scores, and says that they are no verdicts.
    let onnx = text(&root.join("open.onnx"));
    let export = ["export", "onnx", &open, "--output", &onnx, "--no-verify"];
    let error = said(&fasgard(&export).success().get_output().stderr);
    assert!(error.contains("has no threshold"), "{error}");
    assert!(Path::new(&onnx).exists());

    // calibrate: the first threshold, and nothing to compare it with.
    let output = text(&root.join("calibrated.safetensors"));
    let mut args = vec!["calibrate", &open, "--crop", "none", "--bpcer", "10%"];
    let live = folders(root, "live");
    args.extend(["--output", &output, "--json", "--live"]);
    args.extend(live.iter().map(String::as_str));
    let result = fasgard(&args).success();
    let value: serde_json::Value = serde_json::from_slice(&result.get_output().stdout).unwrap();
    let before = &value["calibration"]["bpcer_before"];
    assert!(before["value"].is_null());
    assert_eq!(before["reason"], "the model had no threshold");
    fasgard(&["predict", &output, &picture, "--crop", "none"]).success();
}

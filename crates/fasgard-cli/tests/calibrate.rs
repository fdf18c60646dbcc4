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
    // Training left where dev's scores lay, and so the camera can be compared without the dev file.
    assert_eq!(card["card"]["dev_scores"]["live"]["count"], 8);
    assert!(card["card"]["dev_scores"]["attack"]["p99"].is_number());
    assert!(calibration["familiar"].is_number());
    let people = fasgard(&["inspect", &output]).success();
    let said = String::from_utf8_lossy(&people.get_output().stdout).into_owned();
    assert!(
        said.contains("dev scores") && said.contains("(8 samples)"),
        "{said}"
    );

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
    assert!(
        error.contains("open.safetensors: expected a threshold"),
        "{error}"
    );
    assert!(error.contains("no default verdict"), "{error}");
    fasgard(&[&predict[..], &["--threshold", "0.5"]].concat()).success();
    let inspect = said(&fasgard(&["inspect", &open]).success().get_output().stdout);
    assert!(
        inspect.contains("none: give one with --threshold"),
        "{inspect}"
    );

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

#[test]
fn frames_of_one_person_are_not_counted_as_many() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let (model, _) = trained(root);
    let output = text(&root.join("calibrated.safetensors"));
    let run = |more: &[&str]| {
        let common = ["calibrate", &model, "--output", &output, "--json"];
        fasgard(&[&common[..], more].concat())
    };
    let json = |more: &[&str]| -> serde_json::Value {
        serde_json::from_slice(&run(more).success().get_output().stdout).unwrap()
    };
    let refused = |more: &[&str]| {
        let result = run(more).code(2);
        String::from_utf8_lossy(&result.get_output().stderr).into_owned()
    };

    // Rows of 10 people, 4 frames each, and of 2 attackers: the model is not run.
    let scores = text(&root.join("camera.csv"));
    let rows = (0..40).map(|i| {
        let score = 0.5 + f64::from(i) / 100.0;
        format!("p{},v{},,live,,{score}\n", i / 4, i / 2)
    });
    let attacks = (0..4).map(|i| format!("p{},a{i},,attack,print/photo,0.{i}1\n", i / 2));
    let head = "subject,video,frame,label,species,score\n".to_owned();
    let table = head + &rows.chain(attacks).collect::<String>();
    let table = table.lines().map(|l| match l.starts_with("subject") {
        true => format!("dataset,split,{l}\n"),
        false => format!("cam,test,{l}\n"),
    });
    std::fs::write(&scores, table.collect::<String>()).unwrap();
    let found = json(&["--scores", &scores, "--bpcer", "10%"]);
    assert_eq!(
        (&found["live"]["rows"], &found["attack"]["rows"]),
        (&40.into(), &4.into())
    );
    let calibration = &found["calibration"];
    // The 4 lowest of 40 may be rejected: 0.50 to 0.53, all of one person.
    assert_eq!(calibration["threshold"]["value"], 0.53);
    assert_eq!(calibration["bpcer"]["errors"], 4);
    assert_eq!(calibration["threshold"]["from"]["file"], scores);
    let by = &calibration["clusters"];
    assert_eq!(
        (&by["unit"], &by["live"], &by["attack"]),
        (&"subject".into(), &10.into(), &2.into())
    );
    // Ten people are drawn from: one of them with nothing but errors is drawn 0 to 3 times in 95 of
    // 100 draws (binomial, 10 times a tenth: 0.987 up to 3, 0.930 up to 2).
    assert_eq!(by["bpcer"]["method"], "percentile");
    assert_eq!(
        (&by["bpcer"]["lo"], &by["bpcer"]["hi"]),
        (&0.0.into(), &0.3.into())
    );
    // No attack of two people is accepted: 1 - 0.025^(1/2).
    let hi = by["apcer"]["hi"].as_f64().unwrap();
    assert!((hi - 0.841_886).abs() < 1e-6, "{hi}");
    // By video there are twenty; and as if independent none.
    let by_video = json(&["--scores", &scores, "--bpcer", "10%", "--cluster", "video"]);
    assert_eq!(by_video["calibration"]["clusters"]["live"], 20);
    let alone = json(&[
        "--scores",
        &scores,
        "--bpcer",
        "10%",
        "--cluster",
        "presentation",
    ]);
    assert!(alone["calibration"]["clusters"].is_null());
    assert_eq!(alone["calibration"]["bpcer"], calibration["bpcer"]);
    assert!(refused(&["--scores", &scores, "--cluster", "folder"]).contains("has no folders"));
    assert!(refused(&["--scores", &scores, "--cluster", "person"]).contains("expected auto"));
    assert!(refused(&["--scores", &scores, "--live", &scores]).contains("cannot be used with"));
    assert!(refused(&[]).contains("--live"));

    // Scores of other weights are refused by their note.
    let file = fasgard_metrics::ScoreFile::read(&scores).unwrap();
    let note = fasgard_metrics::Origin::new(file.sha256, "other", "0".repeat(64), "fasgard 0");
    note.write_beside(&scores).unwrap();
    let error = refused(&["--scores", &scores]);
    assert!(error.contains("those of `other`"), "{error}");

    // Photos: their folders, if the user says that those are people.
    let live = folders(root, "live");
    let mut media = vec!["--crop", "none", "--bpcer", "20%", "--live"];
    media.extend(live.iter().map(String::as_str));
    let unknown = json(&media);
    assert!(unknown["calibration"]["clusters"].is_null());
    media.extend(["--cluster", "folder"]);
    let known = json(&media);
    assert_eq!(known["calibration"]["clusters"]["live"], 3);
    assert_eq!(
        known["calibration"]["threshold"],
        unknown["calibration"]["threshold"]
    );
}

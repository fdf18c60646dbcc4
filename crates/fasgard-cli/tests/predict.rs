//! `fasgard predict` end to end.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::{collections::HashMap, fs};

use common::{fasgard, text, trained};

fn json_lines(stdout: &[u8]) -> Vec<serde_json::Value> {
    let text = std::str::from_utf8(stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn scores_are_those_of_score_and_every_file_gets_one_answer() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let (model, data) = trained(root);
    let scores = text(&root.join("scores.csv"));
    fasgard(&[
        "score", &model, "--data", &data, "--split", "test", "--output", &scores,
    ])
    .success();
    let table = fs::read_to_string(&scores).unwrap();
    let mut rows = table.lines().map(|l| l.split(',').collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let column = |name: &str| header.iter().position(|h| *h == name).unwrap();
    let (sample, score) = (column("sample"), column("score"));
    let expected: HashMap<String, f64> = rows
        .map(|r| (r[sample].to_owned(), r[score].parse().unwrap()))
        .collect();

    let folder = format!("{data}/faces");
    let seen = root.join("seen");
    let output = fasgard(&[
        "predict",
        &model,
        &folder,
        "--crop",
        "none",
        "--json",
        "--overlay",
        &text(&seen),
    ])
    .success()
    .get_output()
    .stdout
    .clone();
    let answers = json_lines(&output);
    assert_eq!(answers.len(), 48);
    let mut compared = 0;
    for answer in &answers {
        let file = answer["file"].as_str().unwrap();
        let name = file.strip_prefix(&format!("{folder}/")).unwrap();
        let score = answer["score"].as_f64().unwrap();
        let live = score > answer["threshold"].as_f64().unwrap();
        assert_eq!(answer["verdict"], if live { "live" } else { "attack" });
        assert_eq!(answer["maps"][0]["values"].as_array().unwrap().len(), 16);
        if let Some(expected) = expected.get(name.strip_suffix(".png").unwrap()) {
            assert!(
                (score - expected).abs() < 1e-6,
                "{name}: {score} {expected}"
            );
            compared += 1;
        }
        let overlay = image::open(seen.join(name)).unwrap();
        // Photo, input and two maps of 256 pixels, with room between them.
        assert_eq!(overlay.width(), 4 * 256 + 5 * 8, "{name}");
    }
    assert_eq!(compared, 16);
}

#[test]
fn what_cannot_be_read_gets_no_verdict_and_the_rest_is_judged() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let (model, _) = trained(root);
    let good = text(&root.join("raw/test/live/0.png"));
    let bad = root.join("bad.jpg");
    fs::write(&bad, b"no picture").unwrap();
    let empty = root.join("empty.png");
    fs::write(&empty, b"").unwrap();
    let missing = text(&root.join("none.png"));
    let result = fasgard(&[
        "predict",
        &model,
        &good,
        &text(&bad),
        &text(&empty),
        &missing,
        "--crop",
        "none",
        "--json",
    ])
    .code(1);
    let answers = json_lines(&result.get_output().stdout);
    let verdicts: Vec<_> = answers
        .iter()
        .map(|a| a["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts[1..], ["no-decision"; 3]);
    assert_ne!(verdicts[0], "no-decision");
    for answer in &answers[1..] {
        assert_eq!(answer["reason"], "unreadable");
        assert!(answer["score"].is_null());
        let note = answer["notes"][0].as_str().unwrap();
        assert!(note.contains(answer["file"].as_str().unwrap()), "{note}");
    }
    let error = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
    assert!(error.contains("3 of 4 files could not be read"), "{error}");
    // For people: the threshold and where it came from come with the verdicts.
    let result = fasgard(&[
        "predict",
        &model,
        &good,
        "--crop",
        "none",
        "--threshold",
        "-1",
    ])
    .success();
    let table = String::from_utf8_lossy(&result.get_output().stdout).into_owned();
    assert!(
        table.contains("live  ") && table.contains("score > -1"),
        "{table}"
    );
}

#[test]
fn misuse_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let (model, _) = trained(root);
    let photo = text(&root.join("raw/test/live/0.png"));
    let nothing = root.join("nothing");
    fs::create_dir(&nothing).unwrap();
    for (args, expected) in [
        (
            vec![&*model, &photo, "--threshold", "NaN", "--crop", "none"],
            "found NaN",
        ),
        (vec![&*model, &photo, "--fuse", "best"], "best"),
        (vec![&*model, &photo, "--frames", "some"], "some"),
        (
            vec![&*model, &text(&nothing), "--crop", "none"],
            "expected images or videos",
        ),
        (vec![&*photo, &photo, "--crop", "none"], "safetensors"),
    ] {
        let result = fasgard(&[&["predict"], &args[..]].concat()).code(2);
        let error = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
        assert!(error.contains(expected), "{args:?}: {error}");
    }
}

#[test]
fn without_face_weights_the_command_to_install_them_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (model, _) = trained(dir.path());
    let photo = text(&dir.path().join("raw/test/live/0.png"));
    let result = assert_cmd::Command::cargo_bin("fasgard")
        .unwrap()
        .env("FASGARD_MODELS", dir.path().join("no-models"))
        .args(["predict", &model, &photo])
        .assert()
        .code(2);
    let error = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
    assert!(error.contains("fasgard models install"), "{error}");
}

#[test]
#[ignore = "needs the weights: fasgard models install"]
fn faces_are_found_and_their_absence_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let (model, _) = trained(root);
    // NASA's Eileen Collins, public domain; see the fixture's own note.
    let portrait = format!(
        "{}/../fasgard-face/tests/data/astronaut.png",
        env!("CARGO_MANIFEST_DIR")
    );
    let one = image::open(&portrait).unwrap().to_rgb8();
    let (w, h) = one.dimensions();
    let mut two = image::RgbImage::new(2 * w, h);
    image::imageops::replace(&mut two, &one, 0, 0);
    image::imageops::replace(&mut two, &one, w.into(), 0);
    let [pair, turned, nothing] = ["pair.png", "turned.png", "nothing.png"].map(|n| root.join(n));
    two.save(&pair).unwrap();
    image::imageops::rotate180(&one).save(&turned).unwrap();
    image::RgbImage::from_pixel(300, 200, image::Rgb([90; 3]))
        .save(&nothing)
        .unwrap();
    let seen = text(&root.join("seen"));
    let [pair, turned, nothing] = [pair, turned, nothing].map(|p| text(&p));
    let result = fasgard(&[
        "predict",
        &model,
        &portrait,
        &pair,
        &turned,
        &nothing,
        "--json",
        "--overlay",
        &seen,
    ])
    .success();
    let answers = json_lines(&result.get_output().stdout);
    let face = &answers[0]["face"];
    let centre = |x: &str, w: &str| face[x].as_f64().unwrap() + face[w].as_f64().unwrap() / 2.0;
    let (x, y) = (
        centre("x", "w") / f64::from(w),
        centre("y", "h") / f64::from(h),
    );
    assert!(
        (0.4..0.6).contains(&x) && (0.33..0.53).contains(&y),
        "{x} {y}"
    );
    assert_ne!(answers[0]["verdict"], "no-decision");
    assert_eq!(
        (&answers[0]["faces"], &answers[1]["faces"]),
        (&1.into(), &2.into())
    );
    assert!(answers[1]["notes"][0].as_str().unwrap().contains("2 faces"));
    // Upside down: a face or none, but an answer.
    assert!(answers[2]["verdict"].is_string());
    assert_eq!(answers[3]["verdict"], "no-decision");
    assert_eq!(answers[3]["reason"], "no-face");
    assert!(answers[3]["score"].is_null());
    assert!(root.join("seen/nothing.png").is_file());
}

//! `fasgard localize` end to end, on rendered faces.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::{fs, ops::ControlFlow, path::Path};

use common::{CONFIG, fasgard, text};
use fasgard_data::{SyntheticOptions, write_synthetic};
use fasgard_synth::Presentation::{HalfMask, Live, PaperEyes, Print};
use predicates::{prelude::PredicateBooleanExt, str::contains};
use serde_json::Value;

/// Few people; training has no mask, dev half masks, test half masks and paper eyes.
fn data(root: &Path) -> String {
    let options = SyntheticOptions {
        identities: [4, 2, 2],
        shots: 2,
        presentations: [
            vec![Live, Print],
            vec![Live, Print, HalfMask],
            vec![Live, Print, HalfMask, PaperEyes],
        ],
        side: 64,
        ..SyntheticOptions::default()
    };
    let folder = root.join("data");
    fs::create_dir_all(&folder).unwrap();
    write_synthetic(&folder, &options, &|_| ControlFlow::Continue(())).unwrap();
    text(&folder)
}

/// Trains CONFIG with another supervision and returns the model file.
fn trained(root: &Path, data: &str, name: &str, supervision: &str) -> String {
    let config = root.join(format!("{name}.toml"));
    let text_of = CONFIG.replace(r#"{ target = "mask", scales = [4, 2] }"#, supervision);
    fs::write(&config, text_of).unwrap();
    let run = text(&root.join(name));
    fasgard(&["train", &text(&config), "--data", data, "--output", &run]).success();
    format!("{run}/model.safetensors")
}

fn localize(model: &str, data: &str, more: &[&str]) -> Value {
    let mut args = vec!["localize", model, "--data", data, "--json"];
    args.extend(["--steps", "2", "--curve-images", "2"]);
    args.extend(more);
    let out = fasgard(&args).success();
    serde_json::from_slice(&out.get_output().stdout).unwrap()
}

#[test]
fn masks_and_activation_maps_are_measured_beside_their_baselines() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let data = data(root);
    let mask = trained(
        root,
        &data,
        "mask",
        r#"{ target = "mask", scales = [4, 2, 1] }"#,
    );
    let (seen, output) = (root.join("seen"), root.join("localization.json"));
    let found = localize(
        &mask,
        &data,
        &["--pictures", &text(&seen), "--output", &text(&output)],
    );
    let written: Value = serde_json::from_slice(&fs::read(&output).unwrap()).unwrap();
    assert_eq!(written, found);
    assert_eq!(
        (found["map"].as_str(), found["region"].as_str()),
        (Some("mask"), Some("whole"))
    );
    assert_eq!(found["species"]["mask/half"]["images"], 4);
    assert_eq!(
        found["species"]["partial/paper-eyes"]["training"],
        "held-out"
    );
    assert_eq!(found["dev_images"], 4);
    let levels = found["maps"].as_array().unwrap();
    let names: Vec<_> = levels
        .iter()
        .map(|l| format!("{} {}", l["map"].as_str().unwrap(), l["side"]))
        .collect();
    let expected = ["model", "random weights", "centre"]
        .map(|map| ["4", "2", "1"].map(|side| format!("{map} {side}")))
        .concat();
    assert_eq!(names, expected);
    for level in levels {
        let all = &level["all"];
        assert_eq!(all["images"], 8);
        let side = level["side"].as_u64().unwrap();
        assert_eq!(all["cells"].as_u64().unwrap(), 8 * side * side);
        // A mask of a half is more than half of some of 16 cells; one cell cannot be told from others.
        let value = &all["auc_image"]["value"];
        assert!(side == 2 || value.is_null() == (side == 1), "{level}");
    }
    // The half mask covers the lower half: the truth is the same for all maps.
    let attack = |i: usize| levels[i]["by_species"]["mask/half"]["attack_cells"].clone();
    assert!(attack(0).as_u64() > Some(8));
    assert_eq!((attack(0), attack(1)), (attack(3), attack(4)));
    let curves = &found["curves"];
    assert_eq!(
        (curves["images"].as_u64(), curves["side"].as_u64()),
        (Some(2), Some(4))
    );
    let ends = |order: usize, curve: &str, at: usize| {
        curves["orders"][order][curve]["attack"][at]
            .as_f64()
            .unwrap()
    };
    // Whatever the order, nothing deleted is everything inserted.
    for order in 0..3 {
        assert!((ends(order, "deletion", 0) - ends(order, "insertion", 2)).abs() < 1e-6);
        assert!((ends(order, "deletion", 2) - ends(0, "deletion", 2)).abs() < 1e-6);
    }
    assert_eq!(fs::read_dir(&seen).unwrap().count(), 8);

    let binary = trained(root, &data, "binary", r#"{ target = "binary" }"#);
    let found = localize(&binary, &data, &["--species", "mask/half"]);
    assert_eq!(found["map"], "cam");
    assert_eq!(found["maps"][0]["side"], 4);
    assert_eq!(found["maps"][0]["all"]["images"], 4);
    let args = ["localize", &binary, "--data", &data, "--steps", "0"];
    fasgard(&args)
        .success()
        .stdout(contains("class activation maps").and(contains("held out of training")));
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (model, data) = common::trained(dir.path());
    fasgard(&["localize", &model, "--data", &data])
        .code(2)
        .stderr(contains("column `mask`").and(contains("found none")));
    fasgard(&[
        "localize",
        &model,
        "--data",
        &data,
        "--species",
        "partial/mouth",
    ])
    .code(2)
    .stderr(contains("of partial/mouth"));
}

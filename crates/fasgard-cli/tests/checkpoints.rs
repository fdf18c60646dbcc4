//! Checkpoints of another run, another version, or damaged; changed data: refused with what differs.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use common::{CONFIG, faces, fasgard, text};
use image::{GrayImage, Luma};
use predicates::{prelude::PredicateBooleanExt, str::contains};
use sha2::{Digest, Sha256};

/// A finished run with its checkpoints of steps 2 and 4.
struct Setup {
    dir: tempfile::TempDir,
}

impl Setup {
    fn new() -> Self {
        Self::of("folder", |raw| raw.to_owned())
    }

    /// The same, each attack with a mask that says where it is: its lower half.
    fn with_masks() -> Self {
        Self::of("csv", |raw| {
            let mask = GrayImage::from_fn(40, 40, |_, y| Luma([if y < 20 { 255 } else { 0 }]));
            let mut list = "image,label,species,split,mask\n".to_owned();
            for split in ["train", "dev", "test"] {
                for i in 0..8 {
                    let name = format!("{split}-{i}.png");
                    mask.save(raw.join(&name)).unwrap();
                    writeln!(list, "{split}/live/{i}.png,live,,{split},").unwrap();
                    let attack = format!("{split}/attack/print/{i}.png");
                    writeln!(list, "{attack},attack,print/photo,{split},{name}").unwrap();
                }
            }
            fs::write(raw.join("list.csv"), list).unwrap();
            raw.join("list.csv")
        })
    }

    /// Prepared as `layout` from what `input` makes of the folder of pictures, and trained.
    fn of(layout: &str, input: impl Fn(&Path) -> PathBuf) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path();
        faces(&path.join("raw"));
        fs::write(path.join("config.toml"), CONFIG).unwrap();
        let prepare = ["prepare", layout, "--crop", "none", "--depth", "none"];
        let (raw, data) = (text(&input(&path.join("raw"))), text(&path.join("data")));
        fasgard(&[&prepare[..], &["--input", &raw, "--output", &data]].concat()).success();
        let setup = Self { dir };
        fasgard(&setup.train(&[])).success();
        setup
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn train(&self, more: &[&str]) -> Vec<&'static str> {
        // Leaked: a test's few words.
        let own = |name: &str| -> &'static str { text(&self.path(name)).leak() };
        let mut args = vec!["train", own("config.toml"), "--data", own("data")];
        args.extend(["--output", own("run")]);
        args.extend(
            more.iter()
                .map(|m| -> &'static str { (*m).to_owned().leak() }),
        );
        args
    }

    fn refused(&self, more: &[&str], code: i32, messages: &[&str]) {
        let mut assert = fasgard(&self.train(&[&["--resume"], more].concat()))
            .code(code)
            .stderr(contains("error:").and(contains("panicked").not()));
        for message in messages {
            assert = assert.stderr(contains(*message));
        }
    }

    /// Trains in another folder, which stops at a sample whose files changed; the message also says `what`.
    fn stops_by_name(&self, what: &str) {
        let mut train = self.train(&["--set", "train.steps=8"]);
        let run = train.iter().position(|a| a.ends_with("/run")).unwrap();
        train[run] = text(&self.path("other")).leak();
        fasgard(&train)
            .code(1)
            .stderr(contains("sample `").and(contains("changed after preparation")))
            .stderr(contains(what).and(contains("SHA-256")));
    }

    /// Replaces a file of the run by `change` of its bytes while `then` runs.
    fn with(&self, file: &str, change: &dyn Fn(Vec<u8>) -> Option<Vec<u8>>, then: &dyn Fn()) {
        let path = self.path(file);
        let good = fs::read(&path).unwrap();
        match change(good.clone()) {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        then();
        fs::write(&path, good).unwrap();
    }
}

const STEP: &str = "run/checkpoints/step-00000004";

/// `state.toml` with a replaced text and a right hash below.
fn restated(bytes: Vec<u8>, from: &str, to: &str) -> Option<Vec<u8>> {
    let text = String::from_utf8(bytes).unwrap();
    let (above, _) = text.rsplit_once("# sha256 ").unwrap();
    assert!(above.contains(from), "{above}");
    let above = above.replacen(from, to, 1);
    let hash = Sha256::digest(above.as_bytes());
    Some(format!("{above}# sha256 {hash:x}\n").into_bytes())
}

#[test]
fn of_another_configuration_or_seed() {
    let setup = Setup::new();
    setup.refused(
        &["--set", "train.steps=7", "--set", "model.width=0.25"],
        2,
        &[
            "the configuration differs",
            "key `model.width`: expected 0.125, found 0.25",
            "key `train.steps`: expected 4, found 7",
            "step-00000004",
        ],
    );
    setup.refused(&["--seed", "9"], 2, &["key `seed`: expected 0, found 9"]);
    setup.refused(
        &["--seed", "nine"],
        2,
        &["invalid value 'nine' for '--seed"],
    );
    setup.refused(&["--seed=-1"], 2, &["invalid value '-1' for '--seed"]);
    setup.refused(&["--set", "seed=nine"], 2, &["seed=nine", "u64"]);
    setup.refused(&["--set", "seed=1.5"], 2, &["seed=1.5", "u64"]);
    // As it was: it goes on, with nothing left to do.
    fasgard(&setup.train(&["--resume"])).success();
}

#[test]
fn of_another_version() {
    let setup = Setup::new();
    let state = format!("{STEP}/state.toml");
    let own = format!("fasgard = \"{}\"", env!("CARGO_PKG_VERSION"));
    setup.with(
        &state,
        &|bytes| restated(bytes, &own, "fasgard = \"0.0.9\""),
        &|| {
            setup.refused(
                &[],
                2,
                &["the version of fasgard differs", "expected 0.0.9, found"],
            )
        },
    );
    setup.with(
        &state,
        &|bytes| restated(bytes, "schema = 2", "schema = 3\nlayers = 3"),
        &|| setup.refused(&[], 1, &["expected schema 2, found 3", "another version"]),
    );
    // The first layout had no hash of its own.
    setup.with(
        &state,
        &|_| Some(b"schema = 1\nstep = 4\n".to_vec()),
        &|| setup.refused(&[], 1, &["expected schema 2, found 1", "another version"]),
    );
    setup.with(
        &state,
        &|bytes| restated(bytes, "step = 4", "step = 5"),
        &|| setup.refused(&[], 1, &["expected step 4 as its folder says, found 5"]),
    );
}

#[test]
fn damaged_in_any_file() {
    let setup = Setup::new();
    let model = fs::read(setup.path("run/model.safetensors")).unwrap();
    for file in ["weights.safetensors", "optimizer.bpk", "state.toml"] {
        let path = format!("{STEP}/{file}");
        let length = fs::metadata(setup.path(&path)).unwrap().len() as usize;
        let refused = || {
            setup.refused(
                &[],
                1,
                &[file, "the checkpoint is damaged; remove its folder"],
            );
        };
        // A flipped bit at the start, inside and at the end; cut in half; empty; gone.
        for at in [0, length / 3, length - 2] {
            let flip = |mut bytes: Vec<u8>| {
                bytes[at] ^= 1;
                Some(bytes)
            };
            setup.with(&path, &flip, &refused);
        }
        for keep in [length / 2, 0] {
            setup.with(&path, &|bytes| Some(bytes[..keep].to_vec()), &refused);
        }
        setup.with(&path, &|_| None, &refused);
    }
    // What the message says to do works, and ends with the same model.
    fs::remove_dir_all(setup.path(STEP)).unwrap();
    fasgard(&setup.train(&["--resume"])).success();
    assert!(fs::read(setup.path("run/model.safetensors")).unwrap() == model);
}

#[test]
fn damaged_best_weights_and_curves() {
    let setup = Setup::new();
    let best = "run/checkpoints/best.safetensors";
    let flip = |mut bytes: Vec<u8>| {
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        Some(bytes)
    };
    setup.with(best, &flip, &|| {
        setup.refused(
            &[],
            1,
            &["best.safetensors", "SHA-256", "the file is damaged"],
        );
    });
    setup.with(
        "run/metrics.csv",
        &|bytes| Some(bytes[..20].to_vec()),
        &|| setup.refused(&[], 1, &["metrics.csv", "found 20"]),
    );
    // A row that a program or a hand has made better.
    let better = |mut bytes: Vec<u8>| {
        let digit = bytes.iter_mut().skip(100).find(|b| **b == b'9');
        if let Some(digit) = digit {
            *digit = b'1';
        }
        Some(bytes)
    };
    setup.with("run/metrics.csv", &better, &|| {
        setup.refused(&[], 1, &["metrics.csv", "the file was changed"]);
    });
    fasgard(&setup.train(&["--resume"])).success();
}

#[test]
fn of_changed_data() {
    let setup = Setup::new();
    let manifest = "data/manifest.csv";
    // The first training row's hash, as if another picture had been prepared.
    let changed = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        let row = text.lines().find(|l| l.contains(",train,")).unwrap();
        let (start, hash) = row.rsplit_once(',').unwrap();
        assert_eq!(hash.len(), 64);
        Some(
            text.replace(row, &format!("{start},{}", "0".repeat(64)))
                .into_bytes(),
        )
    };
    setup.with(manifest, &changed, &|| {
        setup.refused(
            &[],
            2,
            &[
                "the data differs",
                "train sample `",
                "its image, label, box, mask or depth is another",
            ],
        );
    });
    let fewer = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        let row = text.lines().find(|l| l.contains(",dev,")).unwrap();
        Some(text.replace(&format!("{row}\n"), "").into_bytes())
    };
    setup.with(manifest, &fewer, &|| {
        setup.refused(&[], 2, &["the data differs", "dev sample `", "` is gone"]);
    });
    assert!(Path::new(&setup.path("run/checkpoints/samples.tsv")).exists());
    fasgard(&setup.train(&["--resume"])).success();
}

/// The manifest is as it was and a picture is not.
#[test]
fn a_changed_picture_stops_training_by_name() {
    let setup = Setup::new();
    let folder = setup.path("data/faces/train/live");
    let mut pictures: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    pictures.sort();
    fs::copy(&pictures[1], &pictures[0]).unwrap();
    setup.stops_by_name("SHA-256");
}

#[test]
fn of_changed_masks() {
    let setup = Setup::with_masks();
    let list = "data/maps.sha256";
    // The first row's mask was made anew, and the dataset says so.
    let changed = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        let line = text.lines().next().unwrap();
        let anew = format!("{}{}", "0".repeat(64), &line[64..]);
        Some(text.replace(line, &anew).into_bytes())
    };
    setup.with(list, &changed, &|| {
        setup.refused(
            &[],
            2,
            &[
                "the data differs",
                "its image, label, box, mask or depth is another",
            ],
        );
    });
    fasgard(&setup.train(&["--resume"])).success();
    // The list is as it was and a mask of training is not.
    let text = fs::read_to_string(setup.path(list)).unwrap();
    for line in text.lines() {
        let mask = setup.path("data").join(&line[66..]);
        GrayImage::new(40, 40).save(mask).unwrap();
    }
    setup.stops_by_name("mask");
}

//! Damaged files of weights and models: every one is read or refused, none panics, and what is read
//! holds. A few hundred by default; `FASGARD_FUZZ_SECONDS=120` goes on for so long, from other seeds
//! with `FASGARD_FUZZ_SEED`. The same properties as `fuzz/fuzz_targets/{pth,model}.rs`, without a
//! fuzzer.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

use std::{
    fs,
    io::{Cursor, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use fasgard_image::random::stream;
use fasgard_model::{BackboneWeights, CARD_KEY, ModelFile, write_tensors};
use rand::Rng;

const COUNT: usize = 300;

fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    fs::read(folder.join(name)).unwrap()
}

fn number(name: &str) -> u64 {
    std::env::var(name).map_or(0, |v| v.parse().unwrap())
}

/// Values that lengths and offsets do not like.
const ODD: [u64; 8] = [
    0,
    1,
    0x7f,
    0xff,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 40,
    u64::MAX,
];

/// One to four changes: bits, odd numbers, cuts, repeats, parts of another file.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], rng: &mut impl Rng) {
    for _ in 0..rng.random_range(1..5) {
        if bytes.is_empty() {
            return;
        }
        // Most of what steers a reader is at the beginning or at the end.
        let at = match rng.random_range(0..4) {
            0 => rng.random_range(0..bytes.len().min(256)),
            1 => bytes.len() - 1 - rng.random_range(0..bytes.len().min(2048)),
            _ => rng.random_range(0..bytes.len()),
        };
        match rng.random_range(0..6) {
            0 => bytes[at] ^= 1 << rng.random_range(0..8),
            1 => bytes[at] = rng.random(),
            2 => {
                let odd = ODD[rng.random_range(0..ODD.len())].to_le_bytes();
                let end = (at + rng.random_range(1..9)).min(bytes.len());
                let len = end - at;
                bytes[at..end].copy_from_slice(&odd[..len]);
            }
            3 => bytes.truncate(at),
            4 => {
                let end = (at + rng.random_range(1..200)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            _ => {
                let from = rng.random_range(0..other.len());
                let end = (from + rng.random_range(1..200)).min(other.len());
                bytes.splice(at..at, other[from..end].iter().copied());
            }
        }
    }
}

/// Calls `check` with damaged copies of the seeds; returns how many.
#[allow(clippy::print_stdout)] // says how far it got
fn run(purpose: &str, seeds: &[Vec<u8>], mut check: impl FnMut(&Path, &[u8])) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("damaged");
    let mut rng = stream(number("FASGARD_FUZZ_SEED"), purpose, 0, "");
    let (begin, seconds) = (Instant::now(), number("FASGARD_FUZZ_SECONDS"));
    let mut done = 0;
    while done < COUNT || begin.elapsed() < Duration::from_secs(seconds) {
        let mut bytes = seeds[rng.random_range(0..seeds.len())].clone();
        let other = &seeds[rng.random_range(0..seeds.len())];
        mutate(&mut bytes, other, &mut rng);
        fs::write(&path, &bytes).unwrap();
        check(&path, &bytes);
        done += 1;
    }
    println!("{purpose}: {done} files");
    done
}

#[test]
fn weights_of_pytorch() {
    let plain = fixture("lite0-plain.pth");
    // A small archive, so that its directory is hit, and a wheel.
    let mut zips = Vec::new();
    for members in [
        &[("x/data.pkl", &plain[32..2000]), ("x/data/0", &plain[..64])][..],
        &[
            ("a-1.dist-info/METADATA", &b"Name: a"[..]),
            ("b.pth", &plain),
        ],
    ] {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            let options = zip::write::SimpleFileOptions::default();
            out.start_file(*name, options).unwrap();
            out.write_all(bytes).unwrap();
        }
        zips.push(out.finish().unwrap().into_inner());
    }
    let resnet = fixture("resnet18-zip.pth");
    let seeds = [&zips[..], &[plain, resnet]].concat();
    let mut read = 0;
    let done = run("pth", &seeds, |path, _| {
        for weights in [
            BackboneWeights::from_efficientnet_lite0(path),
            BackboneWeights::from_torchvision(path),
        ]
        .into_iter()
        .flatten()
        {
            read += 1;
            for weight in weights.weights {
                assert!(weight.name.starts_with("backbone."), "{}", weight.name);
                assert!(
                    weight.values.iter().all(|v| v.is_finite()),
                    "{}",
                    weight.name
                );
                assert_eq!(weight.values.len(), weight.shape.iter().product::<usize>());
            }
        }
        let _ = ModelFile::from_minifasnet(path);
        let _ = ModelFile::from_cdcn(path);
    });
    // A changed value is still a value; most other changes are refused.
    assert!(read > 0 && read < done, "{read} of {done}");
}

#[test]
fn model_files() {
    let seed = model_file();
    let mut read = 0;
    let done = run("model", &[seed], |path, _| {
        let Ok(mut file) = ModelFile::read(path) else {
            return;
        };
        read += 1;
        file.write(path).unwrap();
        let mut again = ModelFile::read(path).unwrap();
        for list in [&mut again.weights, &mut file.weights] {
            list.sort_by(|a, b| a.name.cmp(&b.name));
        }
        assert_eq!(again, file);
    });
    assert!(read < done / 2, "{read} of {done}");
}

/// A model file without a network's weights: what they must be is checked when it is opened.
fn model_file() -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    let card = serde_json::json!({
        "schema": fasgard_model::SCHEMA, "name": "small", "fasgard": "0",
        "weights_sha256": fasgard_model::weights_sha256(&[]),
        "model": {"backbone": "resnet18", "tap": "layer2", "width": 0.125,
                  "supervision": {"target": "mask", "scales": [4, 2]}},
        "preprocess": {"size": 32}, "labels": ["attack", "live"], "thresholds": [],
        "support": null, "gap": null, "self_test": {"score": 0.5, "map_means": [0.25, 0.5]},
        "training": {"seed": 1, "steps": 2, "best_step": 2, "metric": "auc", "dev_value": 0.5, "data": []},
        "licence": "",
    });
    let metadata = [(CARD_KEY.to_owned(), card.to_string())].into();
    write_tensors(&path, &[], metadata).unwrap();
    ModelFile::read(&path).unwrap();
    fs::read(&path).unwrap()
}

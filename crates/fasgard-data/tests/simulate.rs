//! Simulated datasets: what is kept, what is made, what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::path::Path;

use common::{contents, folder_tree, go_on, with_threads};
use fasgard_data::simulate::{Artefact, SimulateOptions, simulate};
use fasgard_data::{
    AttackDepth, Dataset, EvalLoader, PrepareOptions, SyntheticOptions, TargetSpec, layout,
    prepare, read_manifest, write_manifest, write_synthetic,
};
use fasgard_image::{DecodeLimits, Preprocess, decode};
use fasgard_metrics::Split;
use fasgard_synth::{Attack, Presentation};

/// Rendered faces stand for real ones: one, one and one person, live and print.
fn source(dir: &Path) -> Dataset {
    let known = vec![Presentation::Live, Presentation::Print];
    let options = SyntheticOptions {
        identities: [2, 1, 1],
        shots: 1,
        presentations: [known.clone(), known.clone(), known],
        side: 96,
        ..SyntheticOptions::default()
    };
    write_synthetic(dir, &options, &go_on).unwrap()
}

fn small() -> SimulateOptions {
    SimulateOptions {
        side: 64,
        ..SimulateOptions::default()
    }
}

#[test]
fn crops_are_as_wide_as_the_source_or_as_asked() {
    let dir = tempfile::tempdir().unwrap();
    let source = source(&dir.path().join("source"));
    assert_eq!(source.infos()[0].wide_scale(), Some(1.6));
    // The same pictures, said to hold twice the face box.
    let toml = dir.path().join("source/dataset.toml");
    let text = fs::read_to_string(&toml).unwrap();
    let said = text.replace("wide_scale = 1.6", "wide_scale = 2.0");
    assert_ne!(said, text);
    fs::write(&toml, said).unwrap();
    let source = Dataset::open(dir.path().join("source")).unwrap();
    for (wide_scale, expected) in [(None, 2.0), (Some(2.4), 2.4)] {
        let out = dir.path().join(expected.to_string());
        let options = SimulateOptions {
            wide_scale,
            attacks: vec![Attack::ReplayPhone],
            side: 160,
            ..SimulateOptions::default()
        };
        let made = simulate(&source, &out, &options, &go_on).unwrap();
        assert_eq!(made.infos()[0].wide_scale(), Some(expected));
        for sample in made.samples().iter().filter(|s| s.row.label.is_live()) {
            let face = sample.row.face.unwrap();
            let picture = decode(sample.image_path(), &DecodeLimits::default(), true).unwrap();
            let w = picture.width();
            let found = f64::from(w as f32 / face.w.max(face.h));
            assert!((found / expected - 1.0).abs() < 0.02, "{found}");
        }
    }
}

#[test]
fn a_simulated_dataset_keeps_people_and_has_every_attack() {
    let dir = tempfile::tempdir().unwrap();
    let source = source(&dir.path().join("source"));
    let mut all = Vec::new();
    for threads in 1..=2 {
        let out = dir.path().join(threads.to_string());
        with_threads(threads, || simulate(&source, &out, &small(), &go_on)).unwrap();
        all.push(contents(&out));
    }
    assert!(all[0] == all[1], "files depend on the number of threads");
    let out = dir.path().join("1");
    let dataset = Dataset::open(&out).unwrap();
    let made = 1 + Attack::ALL.len();
    assert_eq!(dataset.samples().len(), 4 * made);
    assert_eq!(
        fasgard_data::prepare::check(&out).unwrap().intact as usize,
        4 * made
    );
    let info = &dataset.infos()[0];
    assert_eq!(
        (&*info.name, &*info.layout),
        ("synthetic-simulated", "simulated")
    );
    assert!(info.notes[0].contains("simulated") && info.parameters.contains_key("seed"));
    for live in source.samples().iter().filter(|s| s.row.label.is_live()) {
        let of: Vec<_> = dataset
            .samples()
            .iter()
            .filter(|s| s.row.sample.starts_with(&format!("{}/", live.row.sample)))
            .collect();
        assert_eq!(of.len(), made);
        for sample in of {
            let (row, was) = (&sample.row, &live.row);
            assert_eq!((row.split, &row.subject), (was.split, &was.subject));
            let presentation = row.class_name();
            assert_eq!(row.sample, format!("{}/{presentation}", was.sample));
            let video = format!("{}/{presentation}", was.video.as_ref().unwrap());
            assert_eq!(row.video.as_ref(), Some(&video));
            let attack = presentation.parse::<Attack>().ok();
            let partial = attack.is_some_and(Attack::is_partial);
            assert_eq!(row.mask.is_some(), partial, "{}", row.sample);
            assert_eq!(
                row.depth.is_some(),
                partial || attack.is_none(),
                "{}",
                row.sample
            );
            assert!(row.attributes.get("sim_device").is_some());
            assert_eq!(row.attributes.get("device"), was.attributes.get("device"));
        }
    }
    let targets = TargetSpec {
        mask: Some(16),
        depth: Some(16),
    };
    let preprocess = Preprocess {
        size: 32,
        ..Preprocess::default()
    };
    let loaded = EvalLoader::new(dataset.rows(Split::Test), preprocess, targets, made)
        .unwrap()
        .batch(0);
    assert!(loaded.failures.is_empty(), "{:?}", loaded.failures);
    let (masks, depths) = (loaded.batch.masks.unwrap(), loaded.batch.depths.unwrap());
    for (i, sample) in loaded.batch.samples.iter().enumerate() {
        let of = |values: &[f32]| values[i * 256..(i + 1) * 256].iter().sum::<f32>() / 256.0;
        let (mask, depth) = (of(&masks), of(&depths));
        if sample.ends_with("/live") {
            assert!(mask == 1.0 && depth > 0.1, "{sample}: {mask} {depth}");
        } else if sample.contains("/replay/") || sample.ends_with("print/photo") {
            assert!(mask == 0.0 && depth == 0.0, "{sample}: {mask} {depth}");
        } else {
            assert!(mask > 0.0 && mask < 1.0, "{sample}: {mask}");
        }
    }
}

#[test]
fn attacks_are_drawn_for_each_sample() {
    let dir = tempfile::tempdir().unwrap();
    let source = source(&dir.path().join("source"));
    let options = SimulateOptions {
        per_live: Some(3),
        name: Some("drawn".to_owned()),
        ..small()
    };
    let dataset = simulate(&source, &dir.path().join("out"), &options, &go_on).unwrap();
    assert_eq!(dataset.samples().len(), 4 * 4);
    let species: std::collections::BTreeSet<_> = dataset
        .samples()
        .iter()
        .map(|s| s.row.class_name())
        .collect();
    assert!(species.len() > 4, "every sample got the same: {species:?}");
    // A sample's files depend on nothing but itself.
    let one = SimulateOptions {
        attacks: vec![Attack::HalfMask],
        ..small()
    };
    let all = simulate(&source, &dir.path().join("all"), &small(), &go_on).unwrap();
    let one = simulate(&source, &dir.path().join("one"), &one, &go_on).unwrap();
    let hash = |d: &Dataset| -> Vec<_> {
        let of = |s: &&fasgard_data::Sample| s.row.class_name() == "mask/half";
        let rows = d.samples().iter().filter(of);
        rows.map(|s| s.row.sha256.clone()).collect()
    };
    assert_eq!(hash(&all), hash(&one));
}

#[test]
fn planes_and_other_pictures_by_option() {
    let dir = tempfile::tempdir().unwrap();
    let known = vec![Presentation::Live];
    let options = SyntheticOptions {
        identities: [2, 1, 1],
        shots: 2,
        presentations: [known.clone(), known.clone(), known],
        side: 96,
        ..SyntheticOptions::default()
    };
    let source = write_synthetic(&dir.path().join("source"), &options, &go_on).unwrap();
    let run = |name: &str, options: &SimulateOptions| {
        simulate(&source, &dir.path().join(name), options, &go_on).unwrap()
    };
    let own = SimulateOptions {
        attacks: vec![Attack::PrintPhoto, Attack::HalfMask],
        ..small()
    };
    let hashes = |d: &Dataset, species: &str| -> Vec<_> {
        let of = d.samples().iter().filter(|s| s.row.class_name() == species);
        of.map(|s| s.row.sha256.clone()).collect()
    };
    let plain = run("plain", &own);
    let planar = run(
        "planar",
        &SimulateOptions {
            attack_depth: AttackDepth::Planar,
            ..own.clone()
        },
    );
    assert_eq!(
        hashes(&plain, "print/photo"),
        hashes(&planar, "print/photo")
    );
    for sample in planar.samples() {
        let map = fasgard_image::decode_gray(sample.depth_path().unwrap(), &Default::default());
        let top = map.unwrap().pixels().map(|p| p.0[0]).max();
        let flat = sample.row.class_name() == "print/photo";
        assert_eq!(top == Some(128), flat, "{}: {top:?}", sample.row.sample);
    }
    let other = run(
        "other",
        &SimulateOptions {
            artefact: Artefact::Other,
            ..own.clone()
        },
    );
    let (a, b) = (hashes(&plain, "print/photo"), hashes(&other, "print/photo"));
    assert!(
        a.len() == 8 && a.iter().zip(&b).all(|(a, b)| a != b),
        "the same print"
    );
    assert_eq!(hashes(&plain, "live"), hashes(&other, "live"));
    assert_eq!(hashes(&plain, "mask/half"), hashes(&other, "mask/half"));
    let parameter = other.infos()[0].parameters["artefact"].as_str();
    assert_eq!(parameter, Some("other"));
    // Nobody has another picture where no subject is known.
    let manifest = dir.path().join("source/manifest.csv");
    let mut rows = read_manifest(&manifest).unwrap();
    rows.iter_mut().for_each(|row| row.subject = None);
    write_manifest(&manifest, &rows).unwrap();
    let unknown = Dataset::open(dir.path().join("source")).unwrap();
    let options = SimulateOptions {
        artefact: Artefact::Other,
        ..own
    };
    let alone = simulate(&unknown, &dir.path().join("alone"), &options, &go_on).unwrap();
    assert_eq!(hashes(&alone, "print/photo"), a);
}

#[test]
fn what_cannot_be_simulated_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("source");
    source(&path);
    let manifest = path.join("manifest.csv");
    let mut rows = read_manifest(&manifest).unwrap();
    // The first person's picture is broken, the second's eyes are not known, the third's box is
    // tiny, the fourth has none.
    let live: Vec<_> = (0..rows.len())
        .filter(|&i| rows[i].label.is_live())
        .collect();
    fs::write(rows[live[0]].image.under(&path), b"no picture").unwrap();
    rows[live[1]].eyes = None;
    write_manifest(&manifest, &rows).unwrap();
    let run = |options: SimulateOptions| {
        let out = dir.path().join("out");
        let _ = fs::remove_dir_all(&out);
        let source = Dataset::open(&path).unwrap();
        simulate(&source, &out, &options, &go_on)
    };
    let kept = run(small()).unwrap();
    let failures = fs::read_to_string(dir.path().join("out/failures.csv")).unwrap();
    let without = Attack::ALL.into_iter().filter(|a| !a.needs_eyes()).count();
    assert_eq!(
        kept.rows(Split::Train).len(),
        1 + without,
        "a twin and what needs no eyes"
    );
    assert!(
        failures.contains("expected both (eye_r, eye_l)") && failures.contains("mask/paper"),
        "{failures}"
    );
    let lost = &kept.infos()[0].counts;
    assert!(lost.iter().any(|c| c.expected == 2 && c.found == 0));

    let mut tiny = rows.clone();
    tiny[live[2]].face = tiny[live[2]].face.map(|f| fasgard_image::FaceBox {
        w: 10.0,
        h: 10.0,
        ..f
    });
    tiny[live[3]].face = None;
    write_manifest(&manifest, &tiny).unwrap();
    let error = run(small()).unwrap_err().to_string();
    for part in [
        "dev live (0 of 1)",
        "dev attack (0 of 10)",
        "test live",
        "test attack",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    let failures = fs::read_to_string(dir.path().join("out/failures.csv")).unwrap();
    assert!(
        failures.contains("at least 48 pixels") && failures.contains("expected a face box"),
        "{failures}"
    );
    assert!(!dir.path().join("out/manifest.csv").exists());

    rows.retain(|r| !r.label.is_live());
    write_manifest(&manifest, &rows).unwrap();
    let error = run(small()).unwrap_err().to_string();
    assert!(
        error.contains("`synthetic`") && error.contains("none among 4"),
        "{error}"
    );
    let wide = |scale| SimulateOptions {
        wide_scale: Some(scale),
        ..small()
    };
    for (options, key) in [
        (SimulateOptions { side: 8, ..small() }, "`side`"),
        (
            SimulateOptions {
                attacks: vec![],
                ..small()
            },
            "`attacks`",
        ),
        (
            SimulateOptions {
                attacks: vec![Attack::HalfMask; 2],
                ..small()
            },
            "`attacks`",
        ),
        (
            SimulateOptions {
                per_live: Some(11),
                ..small()
            },
            "`per-live`",
        ),
        (wide(4.1), "`wide-scale`"),
        (wide(f32::NAN), "`wide-scale`"),
        (
            SimulateOptions {
                name: Some(String::new()),
                ..small()
            },
            "`name`",
        ),
    ] {
        let error = run(options).unwrap_err().to_string();
        assert!(error.contains(key), "{error}");
    }
}

#[test]
fn several_sources_without_videos_become_one() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        folder_tree(&dir.path().join(name), 1);
        let options = PrepareOptions {
            crop: "center".parse().unwrap(),
            ..PrepareOptions::default()
        };
        let (raw, out) = (dir.path().join(name), dir.path().join(format!("{name}-p")));
        prepare(
            layout::by_name("folder").unwrap(),
            &raw,
            &out,
            &options,
            None,
            &go_on,
        )
        .unwrap();
    }
    let both = Dataset::open_all(["a", "b"].map(|n| dir.path().join(format!("{n}-p")))).unwrap();
    let options = SimulateOptions {
        attacks: vec![Attack::PrintPhoto],
        side: 48,
        ..small()
    };
    let dataset = simulate(&both, &dir.path().join("out"), &options, &go_on).unwrap();
    assert_eq!(dataset.samples().len(), 12);
    assert_eq!(dataset.infos()[0].name, "a+b-simulated");
    let row = &dataset.samples()[0].row;
    assert_eq!(
        (&*row.sample, &row.video),
        ("a/dev/live/p0/live", &None),
        "an absent video stays absent"
    );
}

//! The protocol files on manifests of the datasets' official sizes: every fold's counts as published.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod layouts_support;
mod trees;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use fasgard_data::ManifestRow;
use fasgard_data::protocol::{Fold, Protocol, Rows};
use fasgard_metrics::Split;

fn protocol(name: &str) -> Protocol {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocols");
    Protocol::read(folder.join(format!("{name}.toml"))).unwrap()
}

/// Each dataset's name is not its layout's, as after `prepare --name`.
fn layouts() -> [(&'static str, &'static str); 7] {
    [
        ("my-oulu", "oulu-npu"),
        ("my-casia", "casia-mfsd"),
        ("my-replay", "replay-attack"),
        ("my-msu", "msu-mfsd"),
        ("my-siw-m", "siw-m"),
        ("my-nuaa", "nuaa"),
        ("my-celeba", "celeba-spoof"),
    ]
}

fn rows<'a>(all: &'a [Vec<ManifestRow>]) -> Rows<'a> {
    Rows::new(all.iter().flatten(), layouts())
}

/// Live and attacks of train, dev and test.
fn counts(fold: &Fold) -> [[u64; 2]; 3] {
    fold.counts.each_ref().map(|c| [c.live, c.attack])
}

/// Train and dev together, and test.
fn with_dev(fold: &Fold) -> [[u64; 2]; 2] {
    let [a, b, c] = counts(fold);
    [[a[0] + b[0], a[1] + b[1]], c]
}

#[test]
fn oulu_npu() {
    let all = [trees::oulu_npu()];
    let rows = rows(&all);
    for (number, folds, expected) in [
        (1, 1, [[240, 960], [180, 720], [120, 480]]),
        (2, 1, [[360, 720], [270, 540], [360, 720]]),
        (3, 6, [[300, 1200], [225, 900], [60, 240]]),
        (4, 6, [[200, 400], [150, 300], [20, 40]]),
    ] {
        let protocol = protocol(&format!("oulu-npu-{number}"));
        let names = protocol.folds_of(&rows).unwrap();
        assert_eq!(names.len(), folds, "protocol {number}");
        for name in names {
            let fold = protocol.fold_of(&rows, &name).unwrap();
            assert_eq!(counts(&fold), expected, "protocol {number} fold {name}");
            assert_eq!(fold.counts.each_ref().map(|c| c.subjects), [20, 15, 20]);
            assert_eq!((fold.differences.len(), fold.checked), (0, true));
            // What is tested: the phone, the session, the instrument.
            for row in &all[0] {
                let phone = row.attributes.get("phone").unwrap();
                let session = row.attributes.get("session").unwrap();
                match fold.split(&row.key()) {
                    Some(Split::Test) => {
                        assert!(number < 3 || phone == name, "{}", row.sample);
                        assert!([2, 3].contains(&number) || session == "3");
                        let species = ["live", "print/2", "replay/2"];
                        assert!([1, 3].contains(&number) || species.contains(&row.class_name()));
                    }
                    Some(_) => {
                        assert!(number < 3 || phone != name, "{}", row.sample);
                        assert!([2, 3].contains(&number) || session != "3");
                    }
                    None => {}
                }
            }
        }
    }
}

#[test]
fn a_missing_video_is_a_difference_by_name() {
    let mut all = [trees::oulu_npu()];
    all[0].retain(|r| r.sample != "3_1_30_4");
    let rows = rows(&all);
    let fold = protocol("oulu-npu-1").fold_of(&rows, "1").unwrap();
    let differences: Vec<_> = fold.differences.iter().map(ToString::to_string).collect();
    assert_eq!(
        differences,
        ["fold `1`, dev attack: expected 720 as published, found 719"]
    );
}

#[test]
fn videos_are_counted_once_whatever_the_frames() {
    let mut frames = Vec::new();
    for row in trees::oulu_npu() {
        for frame in 0..2 {
            let mut row = row.clone();
            row.sample = format!("{}-{frame}", row.sample);
            row.frame = Some(frame);
            frames.push(row);
        }
    }
    let all = [frames];
    let fold = protocol("oulu-npu-4").fold_of(&rows(&all), "5").unwrap();
    assert_eq!(counts(&fold), [[200, 400], [150, 300], [20, 40]]);
    assert_eq!(fold.count(Split::Test).samples, 120);
    assert_eq!(fold.count(Split::Test).species["print/2"], 20);
}

#[test]
fn siw_m() {
    let all = [trees::siw_m()];
    let rows = rows(&all);
    let protocol = protocol("siw-m");
    let names = protocol.folds_of(&rows).unwrap();
    assert_eq!(names.len(), 13);
    let sizes = [99, 118, 72, 27, 88, 17, 40, 23, 61, 50, 160, 127, 86];
    assert_eq!(sizes.iter().sum::<u64>(), 968);
    for (name, size) in names.iter().zip(sizes) {
        let fold = protocol.fold_of(&rows, name).unwrap();
        assert_eq!(with_dev(&fold), [[528, 968 - size], [131, size]], "{name}");
        let species: Vec<_> = fold.count(Split::Test).species.keys().collect();
        assert_eq!(species, [name]);
        assert!(!fold.count(Split::Train).species.contains_key(name));
        // A fifth of 528 live videos, and of each species.
        assert_eq!(fold.count(Split::Dev).live, 106);
        assert_eq!(fold.count(Split::Dev).species.len(), 12);
        assert_eq!((fold.differences.len(), fold.checked), (0, true), "{name}");
        let notes = fold.notes.join("\n");
        assert!(notes.contains("subjects are not known"), "{notes}");
    }
}

#[test]
fn siw_m_without_some_videos_of_a_type() {
    let mut all = [trees::siw_m()];
    all[0].retain(|r| !(r.sample.starts_with("Mask_Silicone_1")));
    let rows = rows(&all);
    let protocol = protocol("siw-m");
    let differences = |fold: &str| -> Vec<String> {
        let fold = protocol.fold_of(&rows, fold).unwrap();
        fold.differences.iter().map(ToString::to_string).collect()
    };
    // Numbers 1 and 10 to 19.
    let total = "total attack: expected 968 as published, found 957";
    assert_eq!(
        differences("mask/silicone"),
        [
            format!("fold `mask/silicone`, {total}"),
            "fold `mask/silicone`, test attack: expected 27 as published, found 16".to_owned(),
        ]
    );
    assert_eq!(
        differences("mask/half"),
        [format!("fold `mask/half`, {total}")]
    );
}

#[test]
fn o_c_i_m() {
    let all = [
        trees::oulu_npu(),
        trees::casia_mfsd(),
        trees::replay_attack(),
        trees::msu_mfsd(),
    ];
    let rows = rows(&all);
    let protocol = protocol("ocim");
    let [o, c, i, m] = [[720, 2880], [150, 450], [140, 700], [70, 210]];
    let sum = |sets: [[u64; 2]; 3]| [0, 1].map(|k| sets.iter().map(|s| s[k]).sum::<u64>());
    let expected = [
        ("OCI-M", [sum([o, c, i]), m]),
        ("OMI-C", [sum([o, m, i]), c]),
        ("OCM-I", [sum([o, c, m]), i]),
        ("ICM-O", [sum([i, c, m]), o]),
    ];
    assert_eq!(
        protocol.folds_of(&rows).unwrap(),
        expected.each_ref().map(|(name, _)| *name)
    );
    for (name, expected) in expected {
        let fold = protocol.fold_of(&rows, name).unwrap();
        assert_eq!(with_dev(&fold), expected, "{name}");
        assert_eq!(fold.differences, []);
        // Replay-Attack's and OULU-NPU's own dev sets are in no split.
        let left_out = all.iter().flatten().filter(|r| {
            r.split == Some(Split::Dev) && ["my-oulu", "my-replay"].contains(&r.dataset.as_str())
        });
        let mut count = 0;
        for row in left_out {
            assert_eq!(fold.split(&row.key()), None);
            count += 1;
        }
        assert_eq!((fold.unassigned, count), (1350 + 360, 1350 + 360));
        // Whole subjects of each of the three sources are dev.
        let mut subjects: HashMap<(&str, &str), BTreeSet<Split>> = HashMap::new();
        for row in all.iter().flatten() {
            if let Some(split) = fold.split(&row.key()) {
                let subject = (row.dataset.as_str(), row.subject.as_deref().unwrap());
                subjects.entry(subject).or_default().insert(split);
            }
        }
        assert!(subjects.values().all(|s| s.len() == 1));
        let dev: BTreeSet<_> = subjects
            .iter()
            .filter(|(_, s)| s.contains(&Split::Dev))
            .map(|((dataset, _), _)| *dataset)
            .collect();
        assert_eq!(dev.len(), 3, "{name}");
    }
}

#[test]
fn casia_and_replay() {
    let all = [trees::casia_mfsd(), trees::replay_attack()];
    let rows = rows(&all);
    let protocol = protocol("casia-replay");
    let fold = protocol.fold_of(&rows, "casia-replay").unwrap();
    assert_eq!(with_dev(&fold), [[60, 180], [80, 400]]);
    // The same four subjects that the layout takes out of train.
    let dev = |r: &&ManifestRow| fold.split(&r.key()) == Some(Split::Dev);
    assert!(
        all[0]
            .iter()
            .filter(dev)
            .all(|r| r.split == Some(Split::Dev))
    );
    assert_eq!(counts(&fold)[1], [12, 36]);
    let fold = protocol.fold_of(&rows, "replay-casia").unwrap();
    assert_eq!(counts(&fold), [[60, 300], [60, 300], [90, 270]]);
    assert_eq!(fold.differences, []);
}

#[test]
fn nuaa_declares_its_overlap() {
    let all = [trees::nuaa()];
    let rows = rows(&all);
    let fold = protocol("nuaa").fold_of(&rows, "official").unwrap();
    assert_eq!(with_dev(&fold), [[1743, 1748], [3362, 5761]]);
    assert_eq!(fold.differences, []);
    let notes = fold.notes.join("\n");
    assert!(
        notes.contains("declared: ") && notes.contains("in train and in test"),
        "{notes}"
    );
    let fold = protocol("nuaa-sessions")
        .fold_of(&rows, "sessions")
        .unwrap();
    assert_eq!(counts(&fold), [[889, 855], [854, 893], [3362, 5761]]);
    assert_eq!(fold.differences, []);
}

#[test]
fn celeba_spoof() {
    let all = [trees::celeba_spoof()];
    let fold = protocol("celeba-spoof")
        .fold_of(&rows(&all), "intra")
        .unwrap();
    assert_eq!(with_dev(&fold), [[30, 300], [10, 100]]);
    assert_eq!(counts(&fold)[1], [6, 60]);
    assert!(!fold.checked);
}

#[test]
fn any_manifest() {
    let all = [
        trees::casia_mfsd(),
        trees::replay_attack(),
        trees::msu_mfsd(),
    ];
    let rows = rows(&all);
    let protocol_of = protocol;
    let protocol = protocol_of("leave-one-dataset-out");
    let names = protocol.folds_of(&rows).unwrap();
    assert_eq!(names, ["my-casia", "my-msu", "my-replay"]);
    let fold = protocol.fold_of(&rows, "my-msu").unwrap();
    assert_eq!(with_dev(&fold), [[150 + 200, 450 + 1000], [70, 210]]);

    let one = [trees::replay_attack()];
    let rows = Rows::new(one.iter().flatten(), layouts());
    let protocol = protocol_of("leave-one-species-out");
    let names = protocol.folds_of(&rows).unwrap();
    assert_eq!(names, ["print/paper", "replay/highdef", "replay/mobile"]);
    let fold = protocol.fold_of(&rows, "replay/mobile").unwrap();
    assert_eq!(counts(&fold), [[60, 180], [60, 180], [80, 160]]);
}

#[test]
fn k_fold_is_balanced_and_shares_no_subject() {
    let all = [trees::casia_mfsd(), trees::msu_mfsd()];
    let rows = rows(&all);
    let protocol = protocol("five-fold");
    let names = protocol.folds_of(&rows).unwrap();
    assert_eq!(names, ["1", "2", "3", "4", "5"]);
    let folds: Vec<_> = names
        .iter()
        .map(|n| protocol.fold_of(&rows, n).unwrap())
        .collect();
    for row in all.iter().flatten() {
        // Every row is test once and dev once, and dev is the next fold's test.
        let splits: Vec<_> = folds.iter().map(|f| f.split(&row.key()).unwrap()).collect();
        let test = splits.iter().position(|s| *s == Split::Test).unwrap();
        let mut expected = [Split::Train; 5];
        expected[test] = Split::Test;
        expected[(test + 4) % 5] = Split::Dev;
        assert_eq!(splits, expected);
    }
    for fold in &folds {
        // 220 live and 660 attacks of 85 subjects, 12 videos of each of 50 and 8 of each of 35.
        let [live, attack] = counts(fold)[2];
        assert!(
            (40..=48).contains(&live) && (120..=144).contains(&attack),
            "{live} {attack}"
        );
        assert_eq!(fold.count(Split::Test).subjects, 17);
    }
    // Another seed, another sharing; the same seed, the same one.
    let text = std::fs::read_to_string(protocol.path()).unwrap();
    let other = text.replace("seed = 0", "seed = 1");
    let other = Protocol::parse("other", other.as_bytes()).unwrap();
    let other = other.fold_of(&rows, "1").unwrap();
    let test = |f: &Fold| -> BTreeSet<String> {
        let keys = all.iter().flatten().map(ManifestRow::key);
        keys.filter(|k| f.split(k) == Some(Split::Test)).collect()
    };
    assert_ne!(test(&other), test(&folds[0]));
    assert_eq!(
        test(&protocol.fold_of(&rows, "1").unwrap()),
        test(&folds[0])
    );
}

/// No fold holds a row of the official test, a person of both sides or a session of both.
#[test]
fn nuaa_people() {
    let all = [trees::nuaa()];
    let rows = rows(&all);
    let protocol = protocol("nuaa-people");
    let names = protocol.folds_of(&rows).unwrap();
    assert_eq!(names.len(), 4);
    for name in names {
        let fold = protocol.fold_of(&rows, &name).unwrap();
        let [mut trained, mut tested] = [BTreeSet::new(), BTreeSet::new()];
        for row in &all[0] {
            let Some(split) = fold.split(&row.key()) else {
                continue;
            };
            assert_ne!(row.split, Some(Split::Test), "{name}: {}", row.sample);
            let seen = match split {
                Split::Test => &mut tested,
                _ => &mut trained,
            };
            seen.insert(format!("person {:?}", row.subject));
            seen.insert(format!("session {:?}", row.attributes.get("session")));
        }
        assert!(trained.len() > 4 && tested.len() > 4, "{name}");
        assert_eq!(trained.intersection(&tested).count(), 0, "{name}");
    }
}

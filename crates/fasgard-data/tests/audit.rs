//! Audits of datasets in which what is wrong was put in on purpose.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::path::Path;

use fasgard_data::audit::{Audit, LeakKind, audit};
use fasgard_data::protocol::Overlap;
use fasgard_data::{Dataset, DatasetInfo, ManifestRow, RelativePath, write_manifest};
use fasgard_image::{Rgb, RgbImage, encode_png};
use fasgard_metrics::{Label, Split};
use sha2::{Digest, Sha256};

/// A smooth picture of its own for every key, or a checked one.
fn picture(key: u32, checked: bool) -> RgbImage {
    RgbImage::from_fn(64, 64, |x, y| {
        let (x, y) = (x as f32 / 64.0, y as f32 / 64.0);
        let k = key as f32;
        let v = 110.0
            + 45.0 * ((3.0 + k % 5.0) * x + k).sin()
            + 45.0 * ((2.0 + k % 7.0) * y + 2.0 * k).cos();
        let check = if checked && ((x * 64.0) as u32).is_multiple_of(2) {
            40
        } else {
            0
        };
        Rgb([v as u8 + check; 3])
    })
}

struct Made {
    split: Split,
    subject: &'static str,
    live: bool,
    key: u32,
}

fn dataset(dir: &Path, made: &[Made]) -> Dataset {
    let mut rows = Vec::new();
    for (i, m) in made.iter().enumerate() {
        let bytes = encode_png(&picture(m.key, !m.live)).unwrap();
        let name = format!("{i}.png");
        std::fs::write(dir.join(&name), &bytes).unwrap();
        let (label, species) = match m.live {
            true => (Label::Live, None),
            false => (Label::Attack, Some("print/1".parse().unwrap())),
        };
        let image = RelativePath::new(&name).unwrap();
        let mut row = ManifestRow::new("made", i.to_string(), label, species, image);
        row.split = Some(m.split);
        row.subject = (!m.subject.is_empty()).then(|| m.subject.to_owned());
        row.sha256 = Some(format!("{:x}", Sha256::digest(&bytes)));
        rows.push(row);
    }
    DatasetInfo::new("made", "folder").write(dir).unwrap();
    write_manifest(dir.join("manifest.csv"), &rows).unwrap();
    Dataset::open(dir).unwrap()
}

/// Three people a split, each live and attacked, every picture another one.
fn clean() -> Vec<Made> {
    let mut made = Vec::new();
    for (s, split) in Split::ALL.into_iter().enumerate() {
        for (p, subject) in ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
            .iter()
            .enumerate()
        {
            if p / 3 == s {
                for live in [true, false] {
                    let key = 2 * p as u32 + u32::from(live);
                    made.push(Made {
                        split,
                        subject,
                        live,
                        key,
                    });
                }
            }
        }
    }
    made
}

fn found(audit: &Audit) -> Vec<(LeakKind, [Split; 2], u64)> {
    let leaks = audit.leaks.iter().filter(|l| l.kind != LeakKind::LookAlike);
    leaks.map(|l| (l.kind, l.splits, l.count)).collect()
}

#[test]
fn what_was_put_in_is_found() {
    use Split::{Dev, Test, Train};
    let none: &[(LeakKind, [Split; 2], u64)] = &[];
    let with = |more: Vec<Made>| {
        let mut made = clean();
        made.extend(more);
        let dir = tempfile::tempdir().unwrap();
        audit(&dataset(dir.path(), &made), &[], &|| {})
    };
    let clean = with(vec![]);
    assert_eq!(found(&clean), none);
    assert!(!clean.leaks_undeclared());
    assert_eq!(clean.balance[2].species["print/1"], 3);
    // The checks are in every attack: sharpness tells it, on every split and with the same sign.
    let sharp = clean
        .shortcuts
        .iter()
        .find(|s| s.feature == "sharpness")
        .unwrap();
    assert!(
        sharp.strong && !sharp.flips && sharp.test == Some(0.0),
        "{sharp:?}"
    );
    assert_eq!(clean.together.as_ref().unwrap().train, Some(1.0));

    // A person of train in test, with a new picture.
    let person = with(vec![
        Made {
            split: Test,
            subject: "a",
            live: true,
            key: 50,
        },
        Made {
            split: Test,
            subject: "a",
            live: false,
            key: 51,
        },
    ]);
    assert_eq!(found(&person), [(LeakKind::Subject, [Train, Test], 1)]);
    assert!(person.leaks_undeclared());
    // The same file, of a person who is not known.
    let file = with(vec![Made {
        split: Dev,
        subject: "",
        live: true,
        key: 1,
    }]);
    assert_eq!(found(&file), [(LeakKind::ExactDuplicate, [Train, Dev], 1)]);
    assert_eq!(file.leaks[0].examples, ["made/18 = made/0"]);
    // Nearly the same picture: the smooth one of an attack.
    let near = with(vec![Made {
        split: Test,
        subject: "",
        live: true,
        key: 0,
    }]);
    assert_eq!(found(&near), [(LeakKind::NearDuplicate, [Train, Test], 1)]);
    // Of another person it is a likeness.
    let alike = with(vec![
        Made {
            split: Test,
            subject: "z",
            live: true,
            key: 0,
        },
        Made {
            split: Test,
            subject: "z",
            live: false,
            key: 60,
        },
    ]);
    assert_eq!(found(&alike), none);
    assert!(alike.leaks.iter().any(|l| l.kind == LeakKind::LookAlike));
    assert!(!alike.leaks_undeclared());
}

#[test]
fn a_declared_overlap_is_no_failure() {
    let mut made = clean();
    made.push(Made {
        split: Split::Test,
        subject: "a",
        live: true,
        key: 50,
    });
    let dir = tempfile::tempdir().unwrap();
    let dataset = dataset(dir.path(), &made);
    let overlap = |splits| Overlap {
        splits,
        why: "so it was released".to_owned(),
    };
    let right = audit(&dataset, &[overlap([Split::Test, Split::Train])], &|| {});
    assert!(!right.leaks_undeclared());
    assert_eq!(
        right.leaks[0].declared.as_deref(),
        Some("so it was released")
    );
    let wrong = audit(&dataset, &[overlap([Split::Dev, Split::Test])], &|| {});
    assert!(wrong.leaks_undeclared());
}

#[test]
fn odd_labels_and_missing_images() {
    let mut made = clean();
    // A smooth picture as attack is checked, so: one person seen in one class, one image gone.
    made.push(Made {
        split: Split::Dev,
        subject: "y",
        live: true,
        key: 70,
    });
    let dir = tempfile::tempdir().unwrap();
    let dataset = dataset(dir.path(), &made);
    std::fs::remove_file(dir.path().join("3.png")).unwrap();
    let audit = audit(&dataset, &[], &|| {});
    assert_eq!(audit.unreadable, 1);
    assert!(audit.first_error.unwrap().contains("3.png"));
    let labels = audit.labels.join("\n");
    assert!(
        labels.contains("dev: 1 of 4 people are seen in one class only"),
        "{labels}"
    );
}

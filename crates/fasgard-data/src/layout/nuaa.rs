//! NUAA Photograph Imposter Database, raw images (Tan, Li, Liu, Jiang: "Face Liveness Detection
//! from a Single Image with Sparse Low Rank Bilinear Discriminative Model", ECCV 2010).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;

use fasgard_metrics::{Label, Split};

use super::dev::Cut;
use super::walk::Tree;
use super::{Layout, LayoutError, Scan, is_image, stem, trailing_number};
use crate::info::OfficialCount;
use crate::manifest::{ManifestRow, RelativePath, Rows};

/// `ClientRaw/` (live), `ImposterRaw/` (photographs held before the camera) and the four lists
/// `client_train_raw.txt`, `client_test_raw.txt`, `imposter_train_raw.txt`,
/// `imposter_test_raw.txt`, one `ID/ID_a_b_SESSION_NUMBER.jpg` a line (either slash).
///
/// - The subject is the ID, the session becomes the attribute `session`, the number the frame. All
///   images of one `ID_a_b_SESSION` are one video; published NUAA results count frames.
/// - The lists also name IDs whose folders are not part of the distribution: lines whose folder
///   does not exist are left out and counted in the notes.
/// - Listed images that are not there stay rows: the preparation fails on each by name.
/// - NUAA has no dev split: about a fifth of train, whole subjects with both their live and attack
///   images, becomes dev. The test split is the official one.
pub struct Nuaa;

struct List {
    file: &'static str,
    folder: &'static str,
    class: &'static str,
    label: Label,
    split: Split,
    /// The published number of images.
    published: u64,
}

const LISTS: [List; 4] = [
    List {
        file: "client_train_raw.txt",
        folder: "ClientRaw",
        class: "client",
        label: Label::Live,
        split: Split::Train,
        published: 1743,
    },
    List {
        file: "imposter_train_raw.txt",
        folder: "ImposterRaw",
        class: "imposter",
        label: Label::Attack,
        split: Split::Train,
        published: 1748,
    },
    List {
        file: "client_test_raw.txt",
        folder: "ClientRaw",
        class: "client",
        label: Label::Live,
        split: Split::Test,
        published: 3362,
    },
    List {
        file: "imposter_test_raw.txt",
        folder: "ImposterRaw",
        class: "imposter",
        label: Label::Attack,
        split: Split::Test,
        published: 5761,
    },
];

impl Layout for Nuaa {
    fn name(&self) -> &'static str {
        "nuaa"
    }

    fn summary(&self) -> &'static str {
        "NUAA raw images: ClientRaw/, ImposterRaw/ and the lists client_*_raw.txt, imposter_*_raw.txt"
    }

    fn scan(&self, input: &Path) -> Result<Scan, LayoutError> {
        for folder in ["ClientRaw", "ImposterRaw"] {
            if !input.join(folder).is_dir() {
                return Err(LayoutError::Structure {
                    path: input.to_owned(),
                    expected: format!("the folder `{folder}` of the raw NUAA images"),
                    found: "none of that name".to_owned(),
                });
            }
        }
        let (mut rows, mut official, mut notes) = (Rows::new(), Vec::new(), Vec::new());
        for list in &LISTS {
            let read = list.read(input)?;
            notes.extend(read.note);
            official.push(OfficialCount {
                part: format!("{} {}", list.split, list.label),
                expected: list.published,
                found: read.rows.len() as u64,
            });
            read.rows.iter().for_each(|row| rows.push(row));
        }
        if rows.is_empty() {
            return Err(LayoutError::NoImages {
                path: input.to_owned(),
            });
        }
        unique(input, &rows)?;
        let (missing, surplus) = compare(input, &rows)?;
        let cut = Cut {
            dataset: "NUAA",
            medium: "images",
            most: 3,
        };
        notes.push(cut.apply(&mut rows));
        notes.extend(shared_subjects(&rows));
        Ok(Scan {
            root: input.to_owned(),
            rows,
            official,
            notes,
            missing,
            surplus,
        })
    }
}

struct Listed {
    rows: Vec<ManifestRow>,
    note: Option<String>,
}

impl List {
    fn read(&self, input: &Path) -> Result<Listed, LayoutError> {
        let path = input.join(self.file);
        let mut bytes = Vec::new();
        fs::File::open(&path)
            // The lists have some 100 kB.
            .and_then(|file| file.take(64 << 20).read_to_end(&mut bytes))
            .map_err(|source| LayoutError::Read {
                path: path.clone(),
                expected: "a list of raw NUAA images",
                source,
            })?;
        let text = String::from_utf8_lossy(&bytes);
        let mut rows = Vec::new();
        let mut folders: BTreeMap<String, bool> = BTreeMap::new();
        let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let wrong = |expected: &str| LayoutError::Line {
                path: path.clone(),
                line: index + 1,
                expected: expected.to_owned(),
                found: line.chars().take(80).collect(),
            };
            let image = RelativePath::new(line).map_err(wrong)?;
            let (subject, name) = (image.as_str().split_once('/'))
                .filter(|(_, name)| !name.contains('/'))
                .ok_or_else(|| wrong("ID/FILE"))?;
            let exists = folders
                .entry(subject.to_owned())
                .or_insert_with(|| input.join(self.folder).join(subject).is_dir());
            if !*exists {
                *left_out.entry(subject.to_owned()).or_default() += 1;
                continue;
            }
            let row = self.row(subject, name);
            rows.push(row.ok_or_else(|| wrong("ID/ID_a_b_SESSION_NUMBER.jpg"))?);
        }
        let note = match (left_out.first_key_value(), left_out.last_key_value()) {
            (Some((first, _)), Some((last, _))) => Some(format!(
                "{}: {} lines of the IDs {first} to {last} were left out: {}/ has no folders of these names ({})",
                self.file,
                left_out.values().sum::<u64>(),
                self.folder,
                left_out
                    .iter()
                    .map(|(id, n)| format!("{id}: {n}"))
                    .collect::<Vec<_>>()
                    .join(", "),
            )),
            _ => None,
        };
        Ok(Listed { rows, note })
    }

    /// The row of `ID/ID_a_b_SESSION_NUMBER.jpg`.
    fn row(&self, subject: &str, name: &str) -> Option<ManifestRow> {
        let stem = stem(name);
        let fields: Vec<_> = stem.split('_').collect();
        let [id, _, _, session, number] = fields.as_slice() else {
            return None;
        };
        if !is_image(name) || *id != subject {
            return None;
        }
        let image = RelativePath::new(&format!("{}/{subject}/{name}", self.folder)).ok()?;
        let species = match self.label {
            Label::Live => None,
            Label::Attack => Some("print/photo".parse().ok()?),
        };
        let sample = format!("{}/{stem}", self.class);
        let mut row = ManifestRow::new("", sample, self.label, species, image);
        row.split = Some(self.split);
        row.subject = Some(subject.to_owned());
        row.video = Some(format!("{}/{}", self.class, fields[..4].join("_")));
        row.frame = Some(trailing_number(number).filter(|n| n.to_string() == **number)?);
        let session: u32 = session.parse().ok()?;
        row.attributes
            .insert("session", &session.to_string())
            .ok()?;
        Some(row)
    }
}

/// The listed images that are not there, and the images in the two folders that no list names.
fn compare(input: &Path, rows: &Rows) -> Result<(Vec<String>, Vec<String>), LayoutError> {
    let mut there = BTreeSet::new();
    let mut surplus = Vec::new();
    for folder in ["ClientRaw", "ImposterRaw"] {
        let tree = Tree::read(&input.join(folder))?;
        there.extend(tree.media.iter().map(|name| format!("{folder}/{name}")));
        surplus.extend(tree.unnamed.iter().map(|name| format!("{folder}/{name}")));
    }
    let listed: BTreeSet<String> = rows.iter().map(|r| r.image.to_string()).collect();
    let missing = listed.iter().filter(|name| !there.contains(*name));
    let missing = missing.cloned().collect();
    let unlisted = there.into_iter().filter(|name| !listed.contains(name));
    surplus.extend(unlisted);
    surplus.sort_unstable();
    Ok((missing, surplus))
}

fn unique(input: &Path, rows: &Rows) -> Result<(), LayoutError> {
    let mut seen = BTreeSet::new();
    match rows.iter().find(|row| !seen.insert(row.sample.clone())) {
        None => Ok(()),
        Some(row) => Err(LayoutError::Structure {
            path: input.to_owned(),
            expected: "every image once in the four lists".to_owned(),
            found: format!("`{}` twice", row.image),
        }),
    }
}

/// A caution about the official split, if it applies.
fn shared_subjects(rows: &Rows) -> Option<String> {
    let of = |test: bool| -> BTreeSet<String> {
        rows.iter()
            .filter(|r| (r.split == Some(Split::Test)) == test)
            .filter_map(|r| r.subject)
            .collect()
    };
    let (train, test) = (of(false), of(true));
    let shared: Vec<_> = train.intersection(&test).map(String::as_str).collect();
    (!shared.is_empty()).then(|| {
        format!(
            "the official test split shares subjects with train and dev: {}",
            shared.join(", ")
        )
    })
}

//! CelebA-Spoof (Zhang, Yin, Li, Yin, Yan, Shao, Liu: "CelebA-Spoof: Large-Scale Face Anti-Spoofing
//! Dataset with Rich Annotations", ECCV 2020).

mod labels;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fasgard_metrics::{Label, Split};

use super::annotations::{self, Annotations};
use super::dataset::count;
use super::dev::Cut;
use super::names::{is_image, stem};
use super::walk::Tree;
use super::{Layout, LayoutError, Scan, guess};
use crate::info::OfficialCount;
use crate::manifest::{ManifestRow, RelativePath, Rows};
use crate::packed::{Pool, Texts};
use labels::Labels;

/// `Data/{train,test}/SUBJECT/{live,spoof}/NUMBER.{png,jpg}`, `metas/intra_test/train_label.json`
/// and `test_label.json`; beside each image its box in `NUMBER_BB.txt`.
///
/// - The two label files are the lists of the splits; an image that none of them names is surplus.
///   There is no dev split: a fifth of the subjects of train, drawn by a hash, becomes dev.
/// - The spoof type gives the species, illumination and environment become attributes of attacks.
/// - Boxes are `x y w h score` in a frame of 224 x 224 pixels whatever the size of the image; an
///   empty file has no box.
pub struct CelebaSpoof;

const TREE: &str = "`Data/{train,test}/SUBJECT/{live,spoof}/` and `metas/intra_test/train_label.json`, `test_label.json`";

/// Image counts of the released label files, and those that the article gives for everything: the
/// authors kept the rest for a competition.
const LISTED: [(Split, u64); 2] = [(Split::Train, 494_405), (Split::Test, 67_170)];

/// The species by spoof type.
const SPECIES: [Option<&str>; 11] = [
    None,
    Some("print/photo"),
    Some("print/poster"),
    Some("print/a4"),
    Some("mask/face"),
    Some("mask/upper-body"),
    Some("mask/region"),
    Some("replay/pc"),
    Some("replay/pad"),
    Some("replay/phone"),
    Some("mask/3d"),
];
const ILLUMINATION: [&str; 5] = ["", "normal", "strong", "back", "dark"];
const ENVIRONMENT: [&str; 3] = ["", "indoor", "outdoor"];

/// The folder above `Data/` and `metas/`, relative to `input`: the input or a folder in it.
pub(super) fn base(input: &Path) -> Option<PathBuf> {
    let is_base = |folder: &Path| {
        let metas = folder.join("metas/intra_test");
        metas.join("train_label.json").is_file() || metas.join("test_label.json").is_file()
    };
    if is_base(input) {
        return Some(PathBuf::new());
    }
    let mut names: Vec<_> = std::fs::read_dir(input)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .collect();
    names.sort_unstable();
    let found = names.into_iter().find(|name| is_base(&input.join(name)));
    found.map(PathBuf::from)
}

impl Layout for CelebaSpoof {
    fn name(&self) -> &'static str {
        "celeba-spoof"
    }

    fn summary(&self) -> &'static str {
        "CelebA-Spoof: Data/{train,test}/SUBJECT/{live,spoof}/ and metas/intra_test/*_label.json"
    }

    fn scan(&self, input: &Path) -> Result<Scan, LayoutError> {
        let tree = Tree::read(input)?;
        let base = base(input)
            .as_deref()
            .and_then(Path::to_str)
            .map(str::to_owned);
        let Some(base) = base else {
            return Err(LayoutError::Structure {
                path: input.to_owned(),
                expected: TREE.to_owned(),
                found: guess::found(input, &tree, self.name()),
            });
        };
        let mut notes = tree.notes;
        let mut listed = Listed::new(base, tree.media);
        let mut lists = 0;
        for split in [Split::Train, Split::Test] {
            let path = input
                .join(&listed.base)
                .join(format!("metas/intra_test/{split}_label.json"));
            if !path.is_file() {
                notes.push(format!(
                    "there is no {split}_label.json: no image of {split} was taken"
                ));
                continue;
            }
            lists += 1;
            labels::read(&path, &mut |image, labels| {
                listed.take(split, &image, labels);
            })?;
        }
        if listed.rows.is_empty() {
            return Err(LayoutError::Structure {
                path: input.to_owned(),
                expected: TREE.to_owned(),
                found: format!(
                    "{} images named by {lists} label files, none of them there",
                    listed.missing.len()
                ),
            });
        }
        let mut rows = listed.rows;
        rows.sort_by_sample();
        if !listed.contrary.is_empty() {
            let shown: Vec<_> = listed.contrary.iter().take(3).map(String::as_str).collect();
            notes.push(format!(
                "{} images were left out because their labels contradict each other or their folder: {}{}",
                listed.contrary.len(),
                shown.join(", "),
                if shown.len() < listed.contrary.len() { ", ..." } else { "" }
            ));
        }
        if listed.twice > 0 {
            notes.push(format!(
                "{} lines name an image again: the first one counts",
                listed.twice
            ));
        }
        let boxed = |row: &ManifestRow| tree.texts.find(&box_file(row.image.as_str())).is_some();
        notes.push(format!(
            "{} of {} images have a box file (_BB.txt)",
            rows.iter().filter(boxed).count(),
            rows.len()
        ));
        let of = |split| rows.iter().filter(|r| r.split == Some(split)).count() as u64;
        let mut official: Vec<_> = LISTED
            .iter()
            .map(|&(split, expected)| OfficialCount {
                part: split.to_string(),
                expected,
                found: of(split),
            })
            .collect();
        let published = listed.published.into_iter();
        official.extend(count(
            published.map(|((split, species), n)| (split, species, n)),
            &rows,
        ));
        let cut = Cut {
            dataset: "CelebA-Spoof",
            medium: "images",
            most: 3,
        };
        notes.push(cut.apply(&mut rows));
        notes.push("of each split's label and species the expected counts are those of the label files; the article's 625,537 images include 63,962 that were not released".to_owned());
        let media = listed.media.iter().zip(&listed.used);
        let unused = media.filter(|(_, used)| !**used);
        let mut surplus: Vec<_> = unused.map(|(name, _)| name.to_owned()).collect();
        surplus.extend(tree.unnamed);
        surplus.sort_unstable();
        let mut missing = listed.missing;
        missing.sort_unstable();
        Ok(Scan {
            root: input.to_owned(),
            rows,
            official,
            notes,
            missing,
            surplus,
        })
    }

    fn annotations(&self, root: &Path, row: &ManifestRow) -> Result<Annotations, LayoutError> {
        let file = root.join(box_file(row.image.as_str()));
        Ok(annotations::celeba(&file)?.unwrap_or_default())
    }
}

fn box_file(image: &str) -> String {
    format!("{}_BB.txt", stem(image))
}

struct Listed {
    /// Of the folder above `Data/`, with a `/` at its end unless empty.
    base: String,
    /// The images that are there, sorted, and whether each is a row.
    media: Texts,
    used: Vec<bool>,
    rows: Rows,
    samples: Pool,
    published: BTreeMap<(Option<Split>, Option<&'static str>), u64>,
    missing: Vec<String>,
    contrary: Vec<String>,
    twice: u64,
}

impl Listed {
    fn new(base: String, media: Texts) -> Self {
        let base = if base.is_empty() {
            base
        } else {
            format!("{base}/")
        };
        Self {
            base,
            used: vec![false; media.len()],
            media,
            rows: Rows::new(),
            samples: Pool::default(),
            published: BTreeMap::new(),
            missing: Vec::new(),
            contrary: Vec::new(),
            twice: 0,
        }
    }

    /// Takes an image that a label file names.
    fn take(&mut self, split: Split, image: &str, labels: Labels) {
        let Some((sample, row)) = self.row(split, image, labels) else {
            self.contrary.push(image.chars().take(120).collect());
            return;
        };
        if !self.samples.insert(&sample) {
            self.twice += 1;
            return;
        }
        let species = SPECIES[usize::from(labels.spoof_type)];
        *self.published.entry((Some(split), species)).or_default() += 1;
        match self.media.find(row.image.as_str()) {
            Some(index) => {
                self.used[index] = true;
                self.rows.push(&row);
            }
            None => self.missing.push(row.image.to_string()),
        }
    }

    /// `None` if the name is none of the layout, or label, spoof type and folder contradict.
    fn row(&self, split: Split, image: &str, labels: Labels) -> Option<(String, ManifestRow)> {
        let own = image.strip_prefix("./").unwrap_or(image);
        let own = own.strip_prefix("Data/").unwrap_or(own);
        let [_, subject, class, file] = own.split('/').collect::<Vec<_>>()[..] else {
            return None;
        };
        let species = *SPECIES.get(usize::from(labels.spoof_type))?;
        let label = match (labels.spoof, species, class) {
            (0, None, "live") => Label::Live,
            (1, Some(_), "spoof") => Label::Attack,
            _ => return None,
        };
        if !is_image(file) || subject.is_empty() {
            return None;
        }
        let path = RelativePath::new(&format!("{}Data/{own}", self.base)).ok()?;
        let species = species.map(str::parse).transpose().ok()?;
        let sample = stem(own).to_owned();
        let mut row = ManifestRow::new("", sample.clone(), label, species, path);
        row.split = Some(split);
        row.subject = Some(subject.to_owned());
        for (key, names, value) in [
            ("environment", &ENVIRONMENT[..], labels.environment),
            ("illumination", &ILLUMINATION[..], labels.illumination),
        ] {
            // 0 is "live": nothing is known.
            if value > 0 {
                let name = names.get(usize::from(value))?;
                row.attributes.insert(key, name).ok()?;
            }
        }
        Some((sample, row))
    }
}

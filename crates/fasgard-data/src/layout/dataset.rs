//! Datasets of videos whose names say everything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fasgard_metrics::{Label, Split};

use super::annotations::{Annotations, Columns, Turn, frames};
use super::dev::Cut;
use super::names::{is_image, is_video, stem};
use super::walk::Tree;
use super::{LayoutError, Scan, guess};
use crate::info::OfficialCount;
use crate::manifest::{ManifestRow, RelativePath, Rows};

/// What the name of one video says.
pub(super) struct Video {
    /// Path without extension from the dataset's own top folder on, as the dataset spells it.
    pub(super) name: String,
    /// How many folders lie above that.
    pub(super) above: usize,
    pub(super) sample: String,
    pub(super) split: Option<Split>,
    pub(super) subject: Option<String>,
    /// Of attacks.
    pub(super) species: Option<&'static str>,
    pub(super) attributes: Vec<(&'static str, String)>,
}

/// A dataset of videos.
pub(super) trait Dataset: Sync {
    /// What lies on disk, for error messages.
    fn tree(&self) -> &'static str;

    /// The video of a path: folders and, last, the file's name without extension.
    fn parse(&self, parts: &[&str]) -> Option<Video>;

    /// The published files with their extensions, from the dataset's own top folder on.
    fn official(&self) -> Vec<String>;

    /// The published sizes beside `rows`, before a dev split is cut.
    fn counts(&self, rows: &Rows) -> Vec<OfficialCount> {
        let published = self.official();
        let videos = published.iter().filter_map(|name| {
            let video = self.parse(&parts(stem(name)))?;
            Some((video.split, video.species, 1))
        });
        count(videos, rows)
    }

    /// The published files that are not there.
    fn missing(&self, found: &BTreeSet<String>) -> Vec<String> {
        let missing = |name: &String| !found.contains(stem(name));
        self.official().into_iter().filter(missing).collect()
    }

    /// Whether a video belongs to the dataset but is no sample, and what it is then.
    fn aside(&self, _parts: &[&str]) -> Option<&'static str> {
        None
    }

    /// How to cut a dev split, if the dataset has none.
    fn cut(&self) -> Option<Cut> {
        None
    }

    /// Columns and extension of the annotation files, if there are any.
    fn annotation(&self) -> Option<(Columns, &'static str)> {
        None
    }

    /// Whether a video is stored upside down.
    fn turn(&self, _sample: &str) -> Turn {
        Turn::None
    }

    /// Whatever else a reader must know.
    fn notes(&self, _rows: &Rows) -> Vec<String> {
        Vec::new()
    }
}

/// The parts of a path.
pub(super) fn parts(path: &str) -> Vec<&str> {
    path.split('/').collect()
}

/// Lists a dataset's videos, names only.
pub(super) fn scan(
    dataset: &dyn Dataset,
    layout: &'static str,
    input: &Path,
) -> Result<Scan, LayoutError> {
    let tree = Tree::read(input)?;
    let mut found = Found::default();
    // Of two files of one name the one with fewer folders above it counts.
    let mut media: Vec<&str> = tree.media.iter().collect();
    media.sort_by_key(|name| name.matches('/').count());
    for path in media {
        found.take(dataset, path);
    }
    if found.rows.is_empty() {
        return Err(LayoutError::Structure {
            path: input.to_owned(),
            expected: dataset.tree().to_owned(),
            found: guess::found(input, &tree, layout),
        });
    }
    let mut notes = tree.notes;
    for (what, count) in &found.aside {
        notes.push(format!("{count} {what} were left out"));
    }
    if found.twice > 0 {
        notes.push(format!(
            "{} videos are there twice and were taken once; the others are among the surplus files",
            found.twice
        ));
    }
    let mut rows = found.rows;
    rows.sort_by_sample();
    if let Some((_, extension)) = dataset.annotation() {
        let annotated = |row: &ManifestRow| {
            let files = candidates(dataset, extension, row.image.as_str());
            files.iter().any(|file| tree.texts.find(file).is_some())
        };
        notes.push(format!(
            "{} of {} videos have an annotation file (.{extension})",
            rows.iter().filter(annotated).count(),
            rows.len()
        ));
    }
    let official = dataset.counts(&rows);
    let above = found.above.iter().max_by_key(|(_, count)| **count);
    let above = above.map_or("", |(folder, _)| folder.as_str());
    let missing = dataset.missing(&found.names);
    let missing = missing
        .iter()
        .map(|name| format!("{above}{name}"))
        .collect();
    let mut surplus = found.surplus;
    surplus.extend(tree.unnamed);
    surplus.sort_unstable();
    notes.extend(dataset.notes(&rows));
    if let Some(cut) = dataset.cut() {
        notes.push(cut.apply(&mut rows));
    }
    Ok(Scan {
        root: input.to_owned(),
        rows,
        official,
        notes,
        missing,
        surplus,
    })
}

#[derive(Default)]
struct Found {
    rows: Rows,
    names: BTreeSet<String>,
    samples: BTreeSet<String>,
    /// Folders above the dataset's own, with a `/` at their end, and how often.
    above: BTreeMap<String, u64>,
    surplus: Vec<String>,
    aside: BTreeMap<&'static str, u64>,
    twice: u64,
}

impl Found {
    fn take(&mut self, dataset: &dyn Dataset, path: &str) {
        if is_image(path) {
            self.surplus.push(path.to_owned());
            return;
        }
        let parts = parts(stem(path));
        if let Some(what) = dataset.aside(&parts) {
            *self.aside.entry(what).or_default() += 1;
            return;
        }
        let parsed = dataset.parse(&parts).filter(|_| is_video(path));
        let Some((video, row)) = parsed.and_then(|v| v.row(path).map(|row| (v, row))) else {
            self.surplus.push(path.to_owned());
            return;
        };
        if !self.samples.insert(video.sample) {
            self.twice += 1;
            self.surplus.push(path.to_owned());
            return;
        }
        let above: String = parts[..video.above.min(parts.len())]
            .iter()
            .flat_map(|part| [part, "/"])
            .collect();
        *self.above.entry(above).or_default() += 1;
        self.names.insert(video.name);
        self.rows.push(&row);
    }
}

impl Video {
    fn row(&self, path: &str) -> Option<ManifestRow> {
        let image = RelativePath::new(path).ok()?;
        let (label, species) = match self.species {
            None => (Label::Live, None),
            Some(species) => (Label::Attack, Some(species.parse().ok()?)),
        };
        let mut row = ManifestRow::new("", self.sample.clone(), label, species, image);
        row.split = self.split;
        row.subject.clone_from(&self.subject);
        row.video = Some(self.sample.clone());
        for (key, value) in &self.attributes {
            row.attributes.insert(key, value).ok()?;
        }
        Some(row)
    }
}

/// Counts of each split's live and attack videos and of its species, published beside found.
pub(super) fn count(
    published: impl Iterator<Item = (Option<Split>, Option<&'static str>, u64)>,
    rows: &Rows,
) -> Vec<OfficialCount> {
    type Key = (usize, usize, String);
    let mut cells: BTreeMap<Key, (u64, u64)> = BTreeMap::new();
    let keys = |split: Option<Split>, species: Option<&str>| -> Vec<Key> {
        let split = Split::ALL.iter().position(|s| Some(*s) == split);
        let split = split.unwrap_or(Split::ALL.len());
        match species {
            None => vec![(split, 0, "live".to_owned())],
            Some(species) => vec![
                (split, 1, "attack".to_owned()),
                (split, 2, species.to_owned()),
            ],
        }
    };
    for (split, species, videos) in published {
        for key in keys(split, species) {
            cells.entry(key).or_default().0 += videos;
        }
    }
    for row in rows.iter() {
        for key in keys(row.split, row.species.as_ref().map(|s| s.as_str())) {
            cells.entry(key).or_default().1 += 1;
        }
    }
    let part = |split: usize, name: String| match Split::ALL.get(split) {
        Some(split) => format!("{split} {name}"),
        None => name,
    };
    let official = |((split, _, name), (expected, found))| OfficialCount {
        part: part(split, name),
        expected,
        found,
    };
    cells.into_iter().map(official).collect()
}

/// Folders of annotation files that are distributed apart from the videos.
const FOLDERS: [&str; 3] = [
    "face-locations",
    "replayattack-face-locations",
    "replayattack-face-locations-v2",
];

/// Where the annotation file of a video may lie: beside it, or at its place in a folder of such
/// files, which may lie beside the dataset's folders or at the top of the input.
fn candidates(dataset: &dyn Dataset, extension: &str, video: &str) -> Vec<String> {
    let stem = stem(video);
    let beside = format!("{stem}.{extension}");
    let parts = parts(stem);
    let above = dataset.parse(&parts).map_or(0, |v| v.above);
    let (above, own) = parts.split_at(above.min(parts.len()));
    let own = format!("{}.{extension}", own.join("/"));
    let mut files = vec![beside, format!("{stem}.{}", extension.to_ascii_uppercase())];
    for folder in FOLDERS {
        files.push(format!("{folder}/{own}"));
        if !above.is_empty() {
            files.push(format!("{}/{folder}/{own}", above.join("/")));
        }
    }
    files
}

/// Reads the annotation file of a row's video.
pub(super) fn annotations(
    dataset: &dyn Dataset,
    root: &Path,
    row: &ManifestRow,
) -> Result<Annotations, LayoutError> {
    let Some((columns, extension)) = dataset.annotation() else {
        return Ok(Annotations::none());
    };
    let turned = dataset.turn(&row.sample) == Turn::Half;
    for file in candidates(dataset, extension, row.image.as_str()) {
        if let Some(annotations) = frames(&root.join(file), columns, turned)? {
            return Ok(annotations);
        }
    }
    Ok(Annotations::none())
}

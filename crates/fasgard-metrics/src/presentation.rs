//! From rows to presentations: what is counted once.

use std::{collections::HashMap, hash::Hash, path::Path};

use crate::{
    Label, Species,
    level::{Fuse, Level},
    score::{ScoreFile, ScoreRow},
};

/// One presentation of the evaluated set: a frame, or all frames of a video.
#[derive(Clone, Debug, PartialEq)]
pub struct Presentation<'a> {
    /// The sample's key, or the video's name.
    pub id: &'a str,
    /// The dataset it is from; empty = not known.
    pub dataset: &'a str,
    /// Ground truth.
    pub label: Label,
    /// PAI species of an attack; none for live.
    pub species: Option<&'a Species>,
    /// The score, fused over the frames that have one; none if none has: a non-response.
    pub score: Option<f64>,
    /// Indices into the file's rows, in the file's order.
    pub rows: Vec<usize>,
}

/// Rows of one video that cannot be one presentation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "score file {file}: video `{video}` has rows of {first} (sample `{first_sample}`) and of {second} (sample `{second_sample}`); give different recordings different names, or evaluate with --level frame"
)]
pub struct VideoConflict {
    /// The file.
    pub file: String,
    /// The video.
    pub video: String,
    /// What the first row says (label and species).
    pub first: String,
    /// The first row's sample.
    pub first_sample: String,
    /// What the other row says.
    pub second: String,
    /// The other row's sample.
    pub second_sample: String,
}

/// Video if any (dataset, split, video) has several rows, else frame.
pub fn default_level<'a>(files: impl IntoIterator<Item = &'a ScoreFile>) -> Level {
    for file in files {
        let mut seen = std::collections::HashSet::new();
        for row in file.rows.iter().filter(|row| !row.video.is_empty()) {
            if !seen.insert((&row.dataset, row.split, &row.video)) {
                return Level::Video;
            }
        }
    }
    Level::Frame
}

/// The presentations of a score file, in the order of their first rows.
///
/// # Errors
/// At video level, a video whose rows differ in label or species.
pub fn presentations<'a>(
    file: &'a ScoreFile,
    level: Level,
    fuse: Fuse,
) -> Result<Vec<Presentation<'a>>, Box<VideoConflict>> {
    let single = |(i, row): (usize, &'a ScoreRow)| Presentation::<'a> {
        id: row.sample.as_str(),
        dataset: row.dataset.as_str(),
        label: row.label,
        species: row.species.as_ref(),
        score: row.score,
        rows: vec![i],
    };
    if level == Level::Frame {
        return Ok(file.rows.iter().enumerate().map(single).collect());
    }
    let of_row = numbered(file.rows.len(), |i| {
        let row = &file.rows[i];
        (!row.video.is_empty()).then_some((&row.dataset, row.split, &row.video))
    });
    let mut presentations: Vec<Presentation<'a>> = Vec::new();
    for ((i, row), group) in file.rows.iter().enumerate().zip(of_row) {
        let Some(presentation) = presentations.get_mut(group as usize) else {
            let mut presentation = single((i, row));
            if !row.video.is_empty() {
                presentation.id = row.video.as_str();
            }
            presentations.push(presentation);
            continue;
        };
        let first = &file.rows[presentation.rows[0]];
        if (first.label, &first.species) != (row.label, &row.species) {
            return Err(conflict(&file.path, first, row));
        }
        presentation.rows.push(i);
    }
    let mut scores = Vec::new();
    for presentation in &mut presentations {
        scores.clear();
        scores.extend(presentation.rows.iter().filter_map(|&i| file.rows[i].score));
        presentation.score = fuse.fuse(&mut scores);
    }
    Ok(presentations)
}

/// The number of every row's group: rows of one key are one group, rows without a key each their
/// own; numbered in the order of their first rows.
pub(crate) fn numbered<K: Copy + Eq + Hash>(
    rows: usize,
    key: impl Fn(usize) -> Option<K>,
) -> Vec<u32> {
    let mut groups = HashMap::new();
    let mut next = 0;
    let mut take = || {
        next += 1;
        next - 1
    };
    let mut last: Option<(K, u32)> = None;
    (0..rows)
        .map(|i| {
            let Some(key) = key(i) else { return take() };
            // Rows of one group usually follow each other.
            if let Some((_, group)) = last.filter(|(k, _)| *k == key) {
                return group;
            }
            let group = *groups.entry(key).or_insert_with(&mut take);
            last = Some((key, group));
            group
        })
        .collect()
}

/// What two rows of one video say that cannot both be true.
pub(crate) fn conflict(path: &Path, first: &ScoreRow, second: &ScoreRow) -> Box<VideoConflict> {
    let what = |row: &ScoreRow| match &row.species {
        Some(species) => format!("{} {species}", row.label),
        None => row.label.to_string(),
    };
    Box::new(VideoConflict {
        file: path.display().to_string(),
        video: first.video.clone(),
        first: what(first),
        first_sample: first.sample.clone(),
        second: what(second),
        second_sample: second.sample.clone(),
    })
}

//! From rows to presentations: what is counted once.

use std::collections::{HashMap, hash_map::Entry};

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
    let mut presentations: Vec<Presentation<'a>> = Vec::new();
    let mut of_video = HashMap::new();
    for (i, row) in file.rows.iter().enumerate() {
        if row.video.is_empty() {
            presentations.push(single((i, row)));
            continue;
        }
        match of_video.entry((&row.dataset, row.split, &row.video)) {
            Entry::Vacant(entry) => {
                entry.insert(presentations.len());
                presentations.push(Presentation {
                    id: row.video.as_str(),
                    ..single((i, row))
                });
            }
            Entry::Occupied(entry) => {
                let presentation = &mut presentations[*entry.get()];
                let first = &file.rows[presentation.rows[0]];
                if (first.label, &first.species) != (row.label, &row.species) {
                    return Err(conflict(file, first, row));
                }
                presentation.rows.push(i);
            }
        }
    }
    let mut scores = Vec::new();
    for presentation in &mut presentations {
        scores.clear();
        scores.extend(presentation.rows.iter().filter_map(|&i| file.rows[i].score));
        presentation.score = fuse.fuse(&mut scores);
    }
    Ok(presentations)
}

fn conflict(file: &ScoreFile, first: &ScoreRow, second: &ScoreRow) -> Box<VideoConflict> {
    let what = |row: &ScoreRow| match &row.species {
        Some(species) => format!("{} {species}", row.label),
        None => row.label.to_string(),
    };
    Box::new(VideoConflict {
        file: file.path.display().to_string(),
        video: first.video.clone(),
        first: what(first),
        first_sample: first.sample.clone(),
        second: what(second),
        second_sample: second.sample.clone(),
    })
}

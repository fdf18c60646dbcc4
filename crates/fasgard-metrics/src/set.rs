//! The presentations of a table.

use std::{borrow::Cow, collections::BTreeMap};

use rayon::prelude::*;

use crate::{
    level::{Fuse, Level},
    presentation::{VideoConflict, conflict, numbered},
    ranked::{NoResponse, Ranked, SpeciesScores},
    resample::Unit,
    score::ScoreTable,
};

/// Presentations in the order of their first rows, with one score each.
#[derive(Debug)]
pub(crate) struct Set<'t> {
    table: &'t ScoreTable,
    /// None where every row is a presentation.
    videos: Option<Videos>,
    /// NaN where there is none.
    scores: Cow<'t, [f64]>,
}

/// Which rows are one presentation.
#[derive(Debug)]
struct Videos {
    /// Where each one's rows start in `rows`, and at the end how many there are.
    starts: Vec<usize>,
    rows: Vec<u32>,
}

/// Video if any (dataset, split, video) has several rows, else frame.
pub(crate) fn default_level<'a>(tables: impl IntoIterator<Item = &'a ScoreTable>) -> Level {
    for table in tables {
        if table.dataset.same().is_some() && table.split.same().is_some() {
            // Then a name is a video.
            let named = |id: u32| !table.videos.get(id).is_empty();
            let rows = table.video.iter().filter(|&id| named(id)).count();
            if rows > table.videos.iter().filter(|name| !name.is_empty()).count() {
                return Level::Video;
            }
            continue;
        }
        let mut seen = std::collections::HashSet::new();
        let repeated = (0..table.len()).any(|i| video(table, i).is_some_and(|v| !seen.insert(v)));
        if repeated {
            return Level::Video;
        }
    }
    Level::Frame
}

fn video(table: &ScoreTable, i: usize) -> Option<(u32, Option<crate::Split>, u32)> {
    let video = table.video.get(i);
    (!table.videos.get(video).is_empty()).then(|| (table.dataset.get(i), table.split.get(i), video))
}

impl<'t> Set<'t> {
    /// The presentations of a table.
    ///
    /// # Errors
    /// At video level, a video whose rows differ in label or species.
    pub(crate) fn of(
        table: &'t ScoreTable,
        level: Level,
        fuse: Fuse,
    ) -> Result<Self, Box<VideoConflict>> {
        if level == Level::Frame {
            return Ok(Self {
                table,
                videos: None,
                scores: Cow::Borrowed(&table.score),
            });
        }
        let of_row = numbered(table.len(), |i| video(table, i));
        let count = of_row.iter().max().map_or(0, |&last| last as usize + 1);
        let mut starts = vec![0usize; count + 1];
        for &group in &of_row {
            starts[group as usize + 1] += 1;
        }
        for i in 0..count {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut rows = vec![0u32; table.len()];
        for (i, &group) in of_row.iter().enumerate() {
            let place = &mut next[group as usize];
            rows[*place] = i as u32;
            *place += 1;
        }
        let videos = Videos { starts, rows };
        for group in 0..count {
            let rows = videos.of(group);
            let species = |row: u32| table.species.get(row as usize);
            if let Some(&other) = rows.iter().find(|row| species(**row) != species(rows[0])) {
                let (first, second) = (table.row(rows[0] as usize), table.row(other as usize));
                return Err(conflict(&table.path, &first, &second));
            }
        }
        let scores = (0..count)
            .into_par_iter()
            .map_init(Vec::new, |scores, group| {
                scores.clear();
                let all = videos
                    .of(group)
                    .iter()
                    .map(|&row| table.score[row as usize]);
                scores.extend(all.filter(|score| !score.is_nan()));
                fuse.fuse(scores).unwrap_or(f64::NAN)
            })
            .collect();
        Ok(Self {
            table,
            videos: Some(videos),
            scores: Cow::Owned(scores),
        })
    }

    /// The table.
    pub(crate) fn table(&self) -> &'t ScoreTable {
        self.table
    }

    /// Number of presentations.
    pub(crate) fn len(&self) -> usize {
        self.scores.len()
    }

    /// The score of presentation i.
    pub(crate) fn score(&self, i: usize) -> Option<f64> {
        Some(self.scores[i]).filter(|score| !score.is_nan())
    }

    /// The first row of presentation i.
    pub(crate) fn first(&self, i: usize) -> usize {
        match &self.videos {
            Some(videos) => videos.of(i)[0] as usize,
            None => i,
        }
    }

    /// The rows of presentation i.
    pub(crate) fn rows(&self, i: usize) -> impl Iterator<Item = usize> + '_ {
        let (one, several) = match &self.videos {
            Some(videos) => (None, videos.of(i)),
            None => (Some(i), &[][..]),
        };
        one.into_iter()
            .chain(several.iter().map(|&row| row as usize))
    }

    /// The name of the video that presentation i is; none at frame level or where it has none.
    pub(crate) fn video(&self, i: usize) -> Option<&'t str> {
        self.videos.as_ref()?;
        let name = self.table.videos.get(self.table.video.get(self.first(i)));
        (!name.is_empty()).then_some(name)
    }

    /// 0 for live, k for the table's species k - 1.
    pub(crate) fn species(&self, i: usize) -> u32 {
        self.table.species.get(self.first(i))
    }

    /// The scores of some presentations, ranked.
    pub(crate) fn rank(&self, of: impl Iterator<Item = usize>, policy: NoResponse) -> Ranked {
        let mut lists = vec![SpeciesScores::default(); self.table.species_names.values().len() + 1];
        for i in of {
            let list = &mut lists[self.species(i) as usize];
            match (self.score(i), policy) {
                // Adding 0 makes -0 and 0 tie when sorted by bits.
                (Some(score), _) => list.scores.push(score + 0.0),
                (None, NoResponse::Exclude) => list.without += 1,
                (None, NoResponse::Reject) => {
                    list.without += 1;
                    list.scores.push(f64::NEG_INFINITY);
                }
            }
        }
        let mut lists = lists.into_iter();
        let live = lists.next().unwrap_or_default();
        let species: BTreeMap<_, _> = (self.table.species_names.values().iter().cloned())
            .zip(lists)
            .filter(|(_, list)| !list.scores.is_empty() || list.without > 0)
            .collect();
        Ranked::of_lists(live, species, policy)
    }

    /// What the presentations can be drawn by, and the cluster of each; `wanted` or else the
    /// largest unit that is known of all. None if `wanted` is not known of all.
    pub(crate) fn clusters(&self, wanted: Option<Unit>) -> Option<(Unit, Vec<u32>)> {
        let table = self.table;
        let by = |unit: Unit| -> Option<Vec<u32>> {
            let (column, texts) = match unit {
                Unit::Subject => (&table.subject, &table.subjects),
                Unit::Video => (&table.video, &table.videos),
                Unit::Presentation => return Some((0..self.len() as u32).collect()),
            };
            let known = |i| !texts.get(column.get(self.first(i))).is_empty();
            (0..self.len()).all(known).then(|| {
                numbered(self.len(), |i| {
                    let row = self.first(i);
                    Some((table.dataset.get(row), column.get(row)))
                })
            })
        };
        match wanted {
            Some(unit) => Some((unit, by(unit)?)),
            None => [Unit::Subject, Unit::Video, Unit::Presentation]
                .into_iter()
                .find_map(|unit| Some((unit, by(unit)?))),
        }
    }
}

impl Videos {
    fn of(&self, group: usize) -> &[u32] {
        &self.rows[self.starts[group]..self.starts[group + 1]]
    }
}

//! Which frames belong together.

use std::{collections::HashMap, hash::Hash, path::PathBuf, str::FromStr};

use fasgard_metrics::ScoreRow;
use fasgard_model::ClusterUnit;

use super::super::predict::inputs::Input;
use crate::failure::misuse;

/// The value of `--cluster`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// The largest unit that is known of all.
    Auto,
    /// This one.
    Unit(ClusterUnit),
    /// Every frame by itself.
    Presentation,
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "auto" => Self::Auto,
            "subject" => Self::Unit(ClusterUnit::Subject),
            "video" => Self::Unit(ClusterUnit::Video),
            "folder" => Self::Unit(ClusterUnit::Folder),
            "presentation" => Self::Presentation,
            _ => {
                return Err(format!(
                    "--cluster: expected auto, subject, video, folder or presentation, found `{text}`"
                ));
            }
        })
    }
}

/// What photos and videos are counted by; none = as if their frames were independent.
pub(super) fn of_media<'a>(
    choice: Choice,
    mut inputs: impl Iterator<Item = &'a Input>,
) -> anyhow::Result<Option<ClusterUnit>> {
    match choice {
        Choice::Presentation => Ok(None),
        // Photos alone: whose they are is not known.
        Choice::Auto => Ok(inputs.any(|i| i.video).then_some(ClusterUnit::Video)),
        Choice::Unit(ClusterUnit::Subject) => Err(misuse(
            "--cluster subject: photos and videos do not say who is shown; give the folder of every person and --cluster folder, or a score file (--scores) whose column `subject` is filled",
        )),
        Choice::Unit(unit) => Ok(Some(unit)),
    }
}

/// What the rows of a score file are counted by; none = as if they were independent.
pub(super) fn of_rows(
    choice: Choice,
    rows: &[&ScoreRow],
    file: &str,
) -> anyhow::Result<Option<ClusterUnit>> {
    let lacking = |unit| rows.iter().find(|row| value(row, unit).is_empty());
    match choice {
        Choice::Presentation => Ok(None),
        Choice::Auto => Ok([ClusterUnit::Subject, ClusterUnit::Video]
            .into_iter()
            .find(|unit| lacking(*unit).is_none())),
        Choice::Unit(ClusterUnit::Folder) => Err(misuse(
            "--cluster folder: a score file has no folders; give subject or video, or the photos themselves (--live)",
        )),
        Choice::Unit(unit) => match lacking(unit) {
            Some(row) => Err(misuse(format!(
                "{file}: --cluster {unit} needs column `{unit}` in every row, and it is empty in that of sample `{}`; fill it, or use --cluster auto",
                row.sample
            ))),
            None => Ok(Some(unit)),
        },
    }
}

fn value(row: &ScoreRow, unit: ClusterUnit) -> &str {
    match unit {
        ClusterUnit::Subject => &row.subject,
        ClusterUnit::Video | ClusterUnit::Folder => &row.video,
    }
}

/// What tells a row's cluster from others: names are unique within a dataset.
pub(super) fn key_of_row(row: &ScoreRow, unit: ClusterUnit) -> (String, String) {
    (row.dataset.clone(), value(row, unit).to_owned())
}

/// What tells a file's cluster from others.
pub(super) fn key_of_file(input: &Input, unit: ClusterUnit) -> PathBuf {
    match unit {
        ClusterUnit::Folder => input.path.parent().map(PathBuf::from).unwrap_or_default(),
        ClusterUnit::Subject | ClusterUnit::Video => input.path.clone(),
    }
}

/// Numbers from 0, one a key.
pub(super) struct Numbers<K>(HashMap<K, u32>);

impl<K: Eq + Hash> Numbers<K> {
    pub(super) fn new() -> Self {
        Self(HashMap::new())
    }

    pub(super) fn of(&mut self, key: K) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(key).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use fasgard_metrics::{Label, Status};

    use super::*;

    fn input(path: &str, video: bool) -> Input {
        Input {
            path: path.into(),
            place: path.into(),
            video,
        }
    }

    fn row(subject: &str, video: &str) -> ScoreRow {
        ScoreRow {
            sample: format!("{subject}/{video}"),
            dataset: "cam".into(),
            split: None,
            subject: subject.into(),
            video: video.into(),
            frame: None,
            label: Label::Live,
            species: None,
            attributes: Default::default(),
            score: Some(0.5),
            logit: None,
            status: Status::Ok,
        }
    }

    #[test]
    fn photos_are_independent_unless_their_folders_count_and_a_video_is_one() {
        let (photos, mixed) = (
            [input("anna/1.jpg", false), input("anna/2.jpg", false)],
            [input("anna/1.jpg", false), input("anna/2.mp4", true)],
        );
        let of = |choice, inputs: &[Input]| of_media(choice, inputs.iter());
        assert_eq!(of(Choice::Auto, &photos).unwrap(), None);
        assert_eq!(of(Choice::Auto, &mixed).unwrap(), Some(ClusterUnit::Video));
        assert_eq!(of(Choice::Presentation, &mixed).unwrap(), None);
        assert!(of(Choice::Unit(ClusterUnit::Subject), &photos).is_err());
        let mut numbers = Numbers::new();
        let mut ids = |unit| photos.each_ref().map(|p| numbers.of(key_of_file(p, unit)));
        assert_eq!(ids(ClusterUnit::Folder), [0, 0]);
        assert_eq!(ids(ClusterUnit::Video), [1, 2]);
    }

    #[test]
    fn rows_are_counted_by_the_largest_unit_that_all_name() {
        let rows = [row("anna", "1"), row("bert", "2"), row("", "3")];
        let of =
            |choice, rows: &[ScoreRow]| of_rows(choice, &rows.iter().collect::<Vec<_>>(), "s.csv");
        assert_eq!(
            of(Choice::Auto, &rows[..2]).unwrap(),
            Some(ClusterUnit::Subject)
        );
        assert_eq!(of(Choice::Auto, &rows).unwrap(), Some(ClusterUnit::Video));
        assert_eq!(of(Choice::Auto, &[row("", "")]).unwrap(), None);
        let error = of(Choice::Unit(ClusterUnit::Subject), &rows).unwrap_err();
        assert!(error.to_string().contains("`/3`"), "{error}");
        assert!(of(Choice::Unit(ClusterUnit::Folder), &rows).is_err());
        for bad in ["", "person", "Video"] {
            assert!(bad.parse::<Choice>().is_err(), "{bad}");
        }
    }
}

//! Choosing samples: worst errors first, then right answers from the least to the most certain.

use std::collections::{BTreeMap, HashMap, HashSet};

use fasgard_metrics::ScoreRow;

use crate::inputs::Run;

/// Samples of live or of one species.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    /// `live` or the species.
    pub(crate) name: String,
    /// Samples with a score of any model.
    pub(crate) total: usize,
    /// Of these, samples that any model gets wrong.
    pub(crate) wrong: usize,
    /// The chosen ones.
    pub(crate) picks: Vec<Pick>,
}

/// A chosen sample.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pick {
    pub(crate) dataset: String,
    pub(crate) sample: String,
    pub(crate) subject: String,
    pub(crate) live: bool,
    /// Each model's score, in the order of models.
    pub(crate) scores: Vec<Option<f64>>,
    /// Whether any model gets it wrong.
    pub(crate) wrong: bool,
    /// How far on the wrong side of its threshold the worst model's score lies; below 0 = right.
    error: f64,
    video: String,
}

/// Up to `count` samples of each group: live first, then species by name. Errors fill at most two
/// thirds if there are right answers to show, and a recording is shown once where others are left.
/// `usable` says whether a sample can be shown at all (it has maps).
pub(crate) fn select(runs: &[Run], count: usize, usable: impl Fn(&ScoreRow) -> bool) -> Vec<Group> {
    let mut all: Vec<Pick> = Vec::new();
    let mut species: Vec<String> = Vec::new();
    let mut index: HashMap<(&str, &str), usize> = HashMap::new();
    for (model, run) in runs.iter().enumerate() {
        let Some(test) = &run.test else { continue };
        let threshold = run.evaluation.as_ref().map(|e| e.threshold.value());
        for row in &test.rows {
            let Some(score) = row.score.filter(|_| usable(row)) else {
                continue;
            };
            let place = *index.entry((&row.dataset, &row.sample)).or_insert_with(|| {
                all.push(Pick {
                    dataset: row.dataset.clone(),
                    sample: row.sample.clone(),
                    subject: row.subject.clone(),
                    live: row.label.is_live(),
                    scores: vec![None; runs.len()],
                    wrong: false,
                    error: f64::NEG_INFINITY,
                    video: row.video.clone(),
                });
                species.push(
                    row.species
                        .as_ref()
                        .map_or("live", |s| s.as_str())
                        .to_owned(),
                );
                all.len() - 1
            });
            let pick = &mut all[place];
            pick.scores[model] = Some(score);
            // Without a threshold the middle of a probability orders samples, and nothing is wrong.
            let cut = threshold.unwrap_or(0.5);
            let error = if pick.live { cut - score } else { score - cut };
            pick.error = pick.error.max(error);
            let accepted = score > cut;
            pick.wrong |= threshold.is_some() && accepted != pick.live;
        }
    }
    let mut groups: BTreeMap<(bool, String), Vec<Pick>> = BTreeMap::new();
    for (pick, name) in all.into_iter().zip(species) {
        groups.entry((!pick.live, name)).or_default().push(pick);
    }
    groups
        .into_iter()
        .map(|((_, name), picks)| choose(name, picks, count))
        .collect()
}

fn choose(name: String, mut picks: Vec<Pick>, count: usize) -> Group {
    let key = |p: &Pick| (p.dataset.clone(), p.sample.clone());
    picks.sort_by(|a, b| {
        b.error
            .total_cmp(&a.error)
            .then_with(|| key(a).cmp(&key(b)))
    });
    let total = picks.len();
    let (wrong, right): (Vec<Pick>, Vec<Pick>) = picks.into_iter().partition(|p| p.wrong);
    let errors = wrong.len();
    let most = if right.is_empty() {
        count
    } else {
        count
            .saturating_sub(count / 3)
            .max(count.saturating_sub(right.len()))
    };
    let mut chosen = distinct(wrong, most);
    let left = count - chosen.len();
    // Evenly from the least certain to the most certain right answer.
    let spread: Vec<Pick> = (0..left.min(right.len()))
        .map(|i| {
            right[i * (right.len() - 1) / left.min(right.len()).saturating_sub(1).max(1)].clone()
        })
        .collect();
    chosen.extend(spread);
    Group {
        name,
        total,
        wrong: errors,
        picks: chosen,
    }
}

/// The first `count`, preferring one a recording.
fn distinct(picks: Vec<Pick>, count: usize) -> Vec<Pick> {
    let mut seen = HashSet::new();
    let (first, again): (Vec<_>, Vec<_>) = picks.into_iter().enumerate().partition(|(_, p)| {
        p.video.is_empty() || seen.insert((p.dataset.clone(), p.video.clone()))
    });
    let mut chosen: Vec<_> = first.into_iter().chain(again).take(count).collect();
    chosen.sort_by_key(|(i, _)| *i);
    chosen.into_iter().map(|(_, p)| p).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(sample: &str, error: f64, video: &str) -> Pick {
        Pick {
            dataset: String::new(),
            sample: sample.to_owned(),
            subject: String::new(),
            live: true,
            scores: Vec::new(),
            wrong: error > 0.0,
            error,
            video: video.to_owned(),
        }
    }

    fn names(group: &Group) -> Vec<&str> {
        group.picks.iter().map(|p| p.sample.as_str()).collect()
    }

    #[test]
    fn worst_errors_first_then_right_ones() {
        let errors = [-0.4, 0.1, 0.3, -0.1, 0.2, -0.3, -0.2];
        let picks = errors
            .iter()
            .map(|&e| pick(&e.to_string(), e, ""))
            .collect();
        let group = choose("live".to_owned(), picks, 4);
        assert_eq!(names(&group), ["0.3", "0.2", "0.1", "-0.1"]);
        assert_eq!((group.total, group.wrong), (7, 3));
        let picks = (0..6)
            .map(|i| pick(&i.to_string(), -0.1 * f64::from(i) - 0.1, ""))
            .collect();
        assert_eq!(names(&choose("live".to_owned(), picks, 3)), ["0", "2", "5"]);
    }

    #[test]
    fn a_recording_is_shown_once_where_others_are_left() {
        let picks = vec![
            pick("a1", 0.4, "a"),
            pick("a2", 0.3, "a"),
            pick("b1", 0.2, "b"),
            pick("c", 0.1, ""),
        ];
        assert_eq!(
            names(&choose("x".to_owned(), picks.clone(), 3)),
            ["a1", "b1", "c"]
        );
        assert_eq!(
            names(&choose("x".to_owned(), picks, 4)),
            ["a1", "a2", "b1", "c"]
        );
        assert!(choose("x".to_owned(), Vec::new(), 4).picks.is_empty());
        assert!(
            choose("x".to_owned(), vec![pick("a", -1.0, "")], 0)
                .picks
                .is_empty()
        );
    }
}

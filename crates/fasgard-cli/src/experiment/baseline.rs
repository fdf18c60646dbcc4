//! Rows that every detector must beat: local binary patterns with logistic regression, and the best
//! single number.

use std::path::Path;

use fasgard_data::features::{HAND, Logistic, SampleFeatures, auc, extract};
use fasgard_data::{Dataset, Sample, checks::any_class};
use fasgard_image::random::stream;
use fasgard_metrics::{ScoreFile, ScoreRow, Split, Status};
use rand::Rng;

use super::cell::{Begin, CellFile, begin, figures, finish, score_files};
use super::plan::FoldData;
use super::{CellReport, Experiment, State, Watch, plan};

/// The patterns' row.
const LBP: &str = "LBP + logistic regression";
/// The single feature's row.
pub(super) const SINGLE: &str = "best single feature";
/// The file in a cell's folder that says what a baseline decided by.
const NOTE: &str = "baseline.txt";
/// Most samples that the regression is fitted to; of more, so many are drawn by a hash of names.
const MOST: usize = 20_000;
/// Ridge of the regression.
const RIDGE: f64 = 1e-3;
/// Changes with the features, so that old cells are done anew.
const VERSION: &str = "baseline 1";

type Features = Vec<(Sample, Result<SampleFeatures, String>)>;

/// The baselines of a fold.
pub(super) fn run(
    experiment: &Experiment,
    data: &FoldData<'_>,
    watch: &mut dyn Watch,
) -> Vec<CellReport> {
    let fold = data.fold;
    // Read once, by the first baseline that needs it.
    let mut read: Option<[Features; 3]> = None;
    let mut reports = Vec::new();
    for (name, score) in [
        (
            LBP,
            patterns as fn(&[Features; 3]) -> anyhow::Result<Scores>,
        ),
        (SINGLE, single),
    ] {
        if watch.cancelled() {
            break;
        }
        let folder = plan::folder(experiment, &fold.name, name);
        let done = one(experiment, data, &folder, name, score, &mut read, watch);
        let (state, note, figures) = match done {
            Ok((state, note, figures)) => {
                (state, Some(note).filter(|n| !n.is_empty()), Some(figures))
            }
            Err(error) => {
                let reason = crate::failure::message(&error);
                watch.line(&format!("{} / {name}: failed: {reason}", fold.name));
                (State::Failed(reason), None, None)
            }
        };
        reports.push(CellReport {
            fold: fold.name.clone(),
            model: name.to_owned(),
            seed: None,
            note,
            folder,
            state,
            figures,
        });
    }
    reports
}

/// Scores of dev and of test, and what they are made of.
struct Scores {
    sets: [Vec<Option<f64>>; 2],
    note: String,
}

fn one(
    experiment: &Experiment,
    data: &FoldData<'_>,
    folder: &Path,
    name: &str,
    score: fn(&[Features; 3]) -> anyhow::Result<Scores>,
    read: &mut Option<[Features; 3]>,
    watch: &mut dyn Watch,
) -> anyhow::Result<(State, String, super::Figures)> {
    let file = CellFile::new(experiment, name, None, VERSION, data);
    let (state, scores) = match begin(folder, &file, watch)? {
        Begin::Done(scores) => (State::Unchanged, *scores),
        Begin::Open => {
            if read.is_none() {
                watch.line(&format!("{}: features of the baselines", data.fold.name));
                *read = Some(features(&data.dataset)?);
            }
            let sets = read
                .as_ref()
                .ok_or_else(|| anyhow::anyhow!("no features"))?;
            let made = score(sets)?;
            for ((set, scores), path) in sets[1..].iter().zip(&made.sets).zip(score_files(folder)) {
                let rows: Vec<ScoreRow> =
                    set.iter().zip(scores).map(|(s, v)| row(&s.0, *v)).collect();
                ScoreFile::write(path, &rows)?;
            }
            fasgard_image::write_atomic(folder.join(NOTE), made.note.as_bytes())?;
            (State::Done, finish(folder, file)?)
        }
    };
    let note = std::fs::read_to_string(folder.join(NOTE)).unwrap_or_default();
    Ok((state, note, figures(experiment, folder, &scores)?))
}

/// Features of train, dev and test.
fn features(dataset: &Dataset) -> anyhow::Result<[Features; 3]> {
    let of = |split| -> anyhow::Result<Features> {
        let samples = any_class(dataset, split)?;
        let found = extract(&samples, &|| {});
        let found = found.into_iter().map(|f| f.map_err(|e| e.to_string()));
        Ok(samples.into_iter().zip(found).collect())
    };
    Ok([of(Split::Train)?, of(Split::Dev)?, of(Split::Test)?])
}

/// Logistic regression on the patterns of train.
fn patterns(sets: &[Features; 3]) -> anyhow::Result<Scores> {
    let mut train: Vec<_> = sets[0]
        .iter()
        .filter_map(|(s, f)| Some((s, f.as_ref().ok()?)))
        .map(|(s, f)| {
            let key = s.row.key();
            (stream(0, "baseline", 0, &key).random::<u64>(), key, s, f)
        })
        .collect();
    let all = train.len();
    if all > MOST {
        train.sort_unstable_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        train.truncate(MOST);
    }
    let rows: Vec<_> = train
        .iter()
        .map(|(_, _, s, f)| (f.lbp.as_slice(), s.row.label.is_live()))
        .collect();
    let model = Logistic::fit(&rows, RIDGE)?;
    let scores = |set: &Features| {
        let probability = |f: &SampleFeatures| model.probability(&f.lbp);
        set.iter()
            .map(|(_, f)| f.as_ref().ok().map(probability))
            .collect()
    };
    Ok(Scores {
        sets: [scores(&sets[1]), scores(&sets[2])],
        note: match all > MOST {
            true => format!("fitted to {MOST} of {all} samples, drawn by a hash of their names"),
            false => String::new(),
        },
    })
}

/// The feature, and the sign, of highest AUC on dev.
fn single(sets: &[Features; 3]) -> anyhow::Result<Scores> {
    let mut best: Option<(f64, usize, f64)> = None;
    for i in 0..HAND.len() {
        let values = sets[1]
            .iter()
            .filter_map(|(s, f)| Some((f.as_ref().ok()?.hand[i], s.row.label.is_live())));
        let auc = auc(values).unwrap_or(0.5);
        let (sign, auc) = if auc < 0.5 {
            (-1.0, 1.0 - auc)
        } else {
            (1.0, auc)
        };
        if best.is_none_or(|(most, ..)| auc > most) {
            best = Some((auc, i, sign));
        }
    }
    let (auc, i, sign) = best.ok_or_else(|| anyhow::anyhow!("no features"))?;
    let scores = |set: &Features| {
        let value = |f: &SampleFeatures| sign * f.hand[i];
        set.iter()
            .map(|(_, f)| f.as_ref().ok().map(value))
            .collect()
    };
    Ok(Scores {
        sets: [scores(&sets[1]), scores(&sets[2])],
        note: format!(
            "{}, {} is live, chosen on dev (AUC {auc:.3})",
            HAND[i],
            if sign > 0.0 { "more" } else { "less" }
        ),
    })
}

fn row(sample: &Sample, score: Option<f64>) -> ScoreRow {
    let row = &sample.row;
    ScoreRow {
        sample: row.sample.clone(),
        dataset: row.dataset.clone(),
        split: row.split,
        subject: row.subject.clone().unwrap_or_default(),
        video: row.video.clone().unwrap_or_default(),
        frame: row.frame.and_then(|f| f.try_into().ok()),
        label: row.label,
        species: row.species.clone(),
        attributes: row.attributes.clone(),
        score,
        logit: None,
        status: match score {
            Some(_) => Status::Ok,
            None => Status::Error("decode".into()),
        },
    }
}

//! Whether the other models differ from the first: paired tests on the same presentations.

use fasgard_metrics::resample::{Bootstrap, holm, paired::paired};
use fasgard_metrics::{Fuse, ScoreFile, ScoreRow};

use super::cell::score_files;
use super::outcome::Comparison;
use super::{CellReport, Experiment, Watch};

/// The compared figures.
const FIGURES: [&str; 3] = ["acer", "hter", "eer"];

/// Compares every other model with the first: fold by fold, and over all folds together where there
/// are several. Seeds are taken together; clusters are people, or videos where no person is known.
pub(super) fn with_first(
    experiment: &Experiment,
    cells: &[CellReport],
    watch: &mut dyn Watch,
) -> Vec<Comparison> {
    let Some(first) = experiment.models.first().map(|m| m.name.as_str()) else {
        return Vec::new();
    };
    let mut others: Vec<&str> = Vec::new();
    for cell in cells {
        if cell.model != first && !others.contains(&cell.model.as_str()) {
            others.push(&cell.model);
        }
    }
    let mut folds: Vec<Option<&str>> = Vec::new();
    folds.extend(experiment.folds.iter().map(|f| Some(f.name.as_str())));
    if folds.len() > 1 {
        folds.push(None);
    }
    let mut comparisons = Vec::new();
    for &fold in &folds {
        let Some(reference) = pool(experiment, cells, first, fold) else {
            continue;
        };
        for other in &others {
            let Some(own) = pool(experiment, cells, other, fold) else {
                continue;
            };
            match compare(experiment, other, fold, &own, &reference) {
                Ok(comparison) => comparisons.push(comparison),
                Err(error) => watch.line(&format!("{other} against {first}: {error}")),
            }
        }
    }
    correct(&mut comparisons);
    comparisons
}

fn compare(
    experiment: &Experiment,
    model: &str,
    fold: Option<&str>,
    own: &ScoreFile,
    reference: &ScoreFile,
) -> anyhow::Result<Comparison> {
    let level = experiment.protocol.file().level;
    let aggregation = experiment.convention.aggregation();
    // Scores are relative to their thresholds.
    let found = paired(
        (own, 0.0),
        (reference, 0.0),
        level,
        Fuse::default(),
        aggregation,
        Bootstrap::default(),
    )?;
    let mut figures = Vec::new();
    for (name, difference) in FIGURES.into_iter().zip([found.acer, found.hter, found.eer]) {
        // An EER of scores from several trained models on one axis means nothing.
        let one = fold.is_some() && experiment.seeds.len() == 1;
        if let Some(difference) = difference.filter(|_| one || name != "eer") {
            figures.push((name.to_owned(), difference.value, difference.p));
        }
    }
    Ok(Comparison {
        model: model.to_owned(),
        fold: fold.map(str::to_owned),
        figures,
        holm: Vec::new(),
    })
}

/// Fills in the corrected p-values: of each figure over all comparisons that have it.
fn correct(comparisons: &mut [Comparison]) {
    for figure in FIGURES {
        let own = |c: &Comparison| {
            c.figures
                .iter()
                .find(|(name, ..)| name == figure)
                .map(|f| f.2)
        };
        let (places, raw): (Vec<usize>, Vec<f64>) = comparisons
            .iter()
            .enumerate()
            .filter_map(|(i, c)| Some((i, own(c)?)))
            .unzip();
        for (i, p) in places.into_iter().zip(holm(&raw)) {
            comparisons[i].holm.push((figure.to_owned(), p));
        }
    }
}

/// The test scores of a model's cells of one fold or of all, each relative to its threshold. None
/// unless every cell is there. A baseline has one cell and stands beside every seed.
fn pool(
    experiment: &Experiment,
    cells: &[CellReport],
    model: &str,
    fold: Option<&str>,
) -> Option<ScoreFile> {
    let mut rows: Vec<ScoreRow> = Vec::new();
    for own in experiment
        .folds
        .iter()
        .filter(|f| fold.is_none_or(|n| n == f.name))
    {
        for &seed in &experiment.seeds {
            let cell = cells.iter().find(|c| {
                c.fold == own.name && c.model == model && c.seed.is_none_or(|s| s == seed)
            })?;
            let threshold = cell.figures?.threshold;
            if !threshold.is_finite() {
                return None;
            }
            let [_, test] = score_files(&cell.folder);
            for mut row in ScoreFile::read(test).ok()?.rows {
                // One person is one cluster whatever the fold and seed.
                if row.subject.is_empty() {
                    let unit = if row.video.is_empty() {
                        &row.sample
                    } else {
                        &row.video
                    };
                    row.subject = format!("video {unit}");
                }
                row.sample = format!("{}/{seed}/{}", own.name, row.sample);
                if !row.video.is_empty() {
                    row.video = format!("{}/{seed}/{}", own.name, row.video);
                }
                row.score = row.score.map(|s| s - threshold);
                rows.push(row);
            }
        }
    }
    (!rows.is_empty()).then(|| ScoreFile {
        path: model.into(),
        sha256: String::new(),
        rows,
        ignored_columns: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_is_a_family_of_its_own() {
        let comparison = |fold: &str, figures: &[(&str, f64)]| Comparison {
            model: "ps".to_owned(),
            fold: Some(fold.to_owned()),
            figures: figures
                .iter()
                .map(|(n, p)| ((*n).to_owned(), 0.1, *p))
                .collect(),
            holm: Vec::new(),
        };
        let mut all = [
            comparison("a", &[("acer", 0.01), ("hter", 0.03), ("eer", 0.04)]),
            comparison("b", &[("acer", 0.04), ("hter", 0.02)]),
        ];
        correct(&mut all);
        let pairs = |pairs: &[(&str, f64)]| -> Vec<(String, f64)> {
            pairs.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect()
        };
        assert_eq!(
            all[0].holm,
            pairs(&[("acer", 0.02), ("hter", 0.04), ("eer", 0.04)])
        );
        assert_eq!(all[1].holm, pairs(&[("acer", 0.04), ("hter", 0.04)]));
    }
}

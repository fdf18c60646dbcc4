//! AUC among samples that are alike in the best single feature: a detector that only measures
//! sharpness falls to one half.

use std::collections::HashMap;

use fasgard_data::features::auc;
use fasgard_metrics::ScoreFile;

use super::CellReport;
use super::cell::score_files;

/// Groups of like samples.
const GROUPS: usize = 10;

/// Gives every cell of a fold its matched AUC; `feature` names the row whose scores are the feature.
pub(super) fn add(cells: &mut [CellReport], feature: &str) {
    let test = |cell: &CellReport| {
        let [_, test] = score_files(&cell.folder);
        ScoreFile::read(test).ok()
    };
    let Some(values) = cells.iter().find(|c| c.model == feature).and_then(test) else {
        return;
    };
    for cell in cells.iter_mut() {
        let matched = test(cell).and_then(|scores| matched(&scores, &values));
        if let Some(figures) = &mut cell.figures {
            figures.matched_auc = matched;
        }
    }
}

/// The share of pairs of a live sample and an attack that are rightly ordered, of the pairs within
/// the same tenth of the feature; none if no tenth has both classes. Samples, not videos, are counted.
fn matched(scores: &ScoreFile, values: &ScoreFile) -> Option<f64> {
    let keys = values.rows.iter();
    let values: HashMap<_, f64> = keys
        .filter_map(|r| Some(((r.dataset.as_str(), r.sample.as_str()), r.score?)))
        .collect();
    let mut rows: Vec<(f64, &str, f64, bool)> = scores
        .rows
        .iter()
        .filter_map(|r| {
            let value = values.get(&(r.dataset.as_str(), r.sample.as_str()))?;
            Some((*value, r.sample.as_str(), r.score?, r.label.is_live()))
        })
        .collect();
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
    let (mut won, mut pairs) = (0.0, 0.0);
    for group in 0..GROUPS {
        let (from, to) = (
            group * rows.len() / GROUPS,
            (group + 1) * rows.len() / GROUPS,
        );
        let own = &rows[from..to];
        let live = own.iter().filter(|r| r.3).count();
        let count = (live * (own.len() - live)) as f64;
        if let Some(auc) = auc(own.iter().map(|r| (r.2, r.3))) {
            won += auc * count;
            pairs += count;
        }
    }
    (pairs > 0.0).then(|| won / pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(scores: &[f64]) -> ScoreFile {
        let mut text = "dataset,sample,split,subject,video,frame,label,species,score\n".to_owned();
        for (i, score) in scores.iter().enumerate() {
            let (label, species) = if i % 2 == 0 {
                ("live", "")
            } else {
                ("attack", "print/1")
            };
            text += &format!("d,{i},test,,,,{label},{species},{score}\n");
        }
        ScoreFile::parse("scores.csv", text.as_bytes()).unwrap()
    }

    #[test]
    fn only_what_the_feature_does_not_tell_counts() {
        // Twenty pairs of a live sample and an attack; the feature rises by pairs.
        let values: Vec<f64> = (0..40).map(|i| f64::from(i / 2)).collect();
        let feature = file(&values);
        // A detector that is the feature: in a tenth (two pairs) both live are above one attack of
        // four, ties count half: (0.5 + 0 + 1 + 0.5) / 4.
        assert_eq!(matched(&feature, &feature), Some(0.5));
        // One that is right within every pair but drifts with the feature.
        let right: Vec<f64> = values
            .iter()
            .enumerate()
            .map(|(i, v)| v - f64::from(i as u32 % 2) * 1.5)
            .collect();
        assert_eq!(matched(&file(&right), &feature), Some(1.0));
        assert_eq!(matched(&feature, &file(&[1.0])), None);
    }
}

//! What a reader should know before believing the figures.

use std::collections::{BTreeSet, HashSet};

use super::{Evaluation, Request, Warning, WarningCode};
use crate::{
    Species, Split,
    level::Level,
    score::{ScoreFile, UNKNOWN_SPECIES},
    threshold::Source,
};

/// Below this many presentations one error moves a rate by more than 3 percentage points.
const FEW: u64 = 30;

pub(super) fn warnings(evaluation: &Evaluation, request: &Request<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |code, text: String| warnings.push(Warning { code, text });
    let test = request.test;
    for (name, file, expected, code) in [
        ("dev", request.dev, Split::Dev, WarningCode::DevNotDev),
        ("test", Some(test), Split::Test, WarningCode::TestNotTest),
    ] {
        let Some(file) = file else { continue };
        let path = file.path.display();
        let other = file
            .rows
            .iter()
            .filter(|row| row.split.is_some_and(|split| split != expected))
            .count();
        if other > 0 {
            let of = file.rows.len();
            warn(
                code,
                format!(
                    "{path}: {other} of {of} rows are not of split {expected}, though it is used as the {name} set"
                ),
            );
        }
        if !file.ignored_columns.is_empty() {
            let columns = file.ignored_columns.join(", ");
            warn(
                WarningCode::IgnoredColumns,
                format!("{path}: columns not read: {columns}"),
            );
        }
        let unknown = file
            .rows
            .iter()
            .filter(|row| {
                row.species
                    .as_ref()
                    .is_some_and(|s| s.as_str() == UNKNOWN_SPECIES)
            })
            .count();
        if unknown > 0 {
            warn(
                WarningCode::UnknownSpecies,
                format!(
                    "{path}: {unknown} attack rows name no species and count as {UNKNOWN_SPECIES}; a maximum over species may be too low"
                ),
            );
        }
        let datasets: HashSet<&str> = file.rows.iter().map(|r| r.dataset.as_str()).collect();
        if datasets.len() > 1 {
            let mut names: Vec<_> = datasets.into_iter().collect();
            names.sort_unstable();
            let n = names.len();
            names.truncate(5);
            warn(
                WarningCode::SeveralDatasets,
                format!(
                    "{path}: {n} datasets in one file ({}{}); their figures are of the mixture, see --by dataset",
                    names.join(", "),
                    if n > 5 { ", ..." } else { "" }
                ),
            );
        }
        let outside = file
            .rows
            .iter()
            .filter(|r| r.score.is_some_and(|s| !(0.0..=1.0).contains(&s)))
            .count();
        if outside > 0 {
            warn(
                WarningCode::OutsideUnit,
                format!(
                    "{path}: {outside} scores are outside [0, 1]: rates are right, but the scores are no probabilities and ECE is undefined"
                ),
            );
        }
        if evaluation.level == Level::Frame
            && crate::presentation::default_level([file]) == Level::Video
        {
            warn(
                WarningCode::FramesOfVideos,
                format!(
                    "{path}: frames of the same videos are counted one by one; they are not independent, so the intervals are too narrow"
                ),
            );
        }
    }
    if let Some(dev) = request.dev {
        overlap(dev, test, &mut warn);
        species(dev, test, &mut warn);
    }
    let outcomes = evaluation.outcomes();
    for (convention, outcome) in &outcomes {
        if outcome.threshold.from.source == Source::Test {
            warn(
                WarningCode::ThresholdFromTest,
                format!(
                    "{convention}: flattering, because the threshold was chosen on the evaluated set itself"
                ),
            );
        }
        if outcome.threshold.value == f64::NEG_INFINITY {
            warn(
                WarningCode::AcceptsAll,
                format!(
                    "{convention}: the threshold {} is minus infinity: every presentation is accepted",
                    outcome.threshold.criterion
                ),
            );
        }
    }
    if let Some(by) = outcomes.first().and_then(|(_, o)| o.by.as_ref())
        && by.values.keys().all(|k| k == super::by::NONE)
    {
        let key = &by.attribute;
        warn(
            WarningCode::NoAttribute,
            format!("no presentation of the test set has `{key}`: the breakdown has one part"),
        );
    }
    // Counts and AUC do not depend on the convention.
    let Some((_, outcome)) = outcomes.first() else {
        return warnings;
    };
    for (name, figures) in [("dev", outcome.dev.as_ref()), ("test", Some(&outcome.test))] {
        let Some(figures) = figures else { continue };
        if let Some(auc) = figures.auc.value.filter(|auc| *auc < 0.5) {
            warn(
                WarningCode::ReversedScores,
                format!(
                    "{name}: AUC {auc:.3} is below 0.5: attacks score above live; scores look reversed (higher must mean more likely live)"
                ),
            );
        }
        let counts = &figures.counts;
        for (class, scored, missing) in [
            ("live", counts.live, counts.live_nonresponse),
            ("attack", counts.attack, counts.attack_nonresponse),
        ] {
            if missing > 0 {
                let of = scored + missing;
                warn(
                    WarningCode::NonResponses,
                    format!(
                        "{name}: {missing} of {of} {class} presentations have no score and are left out of the error rates"
                    ),
                );
            }
            if scored == 0 {
                warn(
                    WarningCode::MissingClass,
                    format!(
                        "{name}: no {class} presentation has a score; figures that need one are undefined"
                    ),
                );
            } else if scored < FEW {
                warn(
                    WarningCode::FewPresentations,
                    format!(
                        "{name}: only {scored} {class} presentations: one error is {:.1} percentage points",
                        100.0 / scored as f64
                    ),
                );
            }
        }
        let few: Vec<String> = figures
            .apcer_by_species
            .iter()
            .filter_map(|(species, rate)| Some((species, rate.of.filter(|of| *of < FEW)?)))
            .map(|(species, of)| format!("{species} ({of})"))
            .collect();
        if !few.is_empty() && counts.attack >= FEW {
            warn(
                WarningCode::FewPresentations,
                format!(
                    "{name}: species with fewer than {FEW} presentations: {}",
                    few.join(", ")
                ),
            );
        }
    }
    warnings
}

fn overlap(dev: &ScoreFile, test: &ScoreFile, warn: &mut impl FnMut(WarningCode, String)) {
    if dev.sha256 == test.sha256 {
        return warn(
            WarningCode::DevIsTest,
            "dev and test are the same file: the threshold was chosen on the evaluated scores"
                .to_owned(),
        );
    }
    // Keys made of line numbers say nothing about what is in the line.
    let generated = |sample: &str| sample.starts_with("line-");
    let samples: HashSet<_> = dev
        .rows
        .iter()
        .map(|row| (&row.dataset, &row.sample))
        .collect();
    let shared = test
        .rows
        .iter()
        .filter(|row| !generated(&row.sample) && samples.contains(&(&row.dataset, &row.sample)))
        .count();
    if shared > 0 {
        warn(
            WarningCode::DevIsTest,
            format!("{shared} samples of the test set are in the dev set too"),
        );
    }
    let subjects = |file: &ScoreFile| -> HashSet<(String, String)> {
        let mut subjects = HashSet::new();
        let mut last = None;
        // Rows of one subject usually follow each other: one look-up for each run.
        for row in file.rows.iter().filter(|row| !row.subject.is_empty()) {
            let key = (&row.dataset, &row.subject);
            if last != Some(key) {
                subjects.insert((key.0.clone(), key.1.clone()));
                last = Some(key);
            }
        }
        subjects
    };
    let (of_dev, of_test) = (subjects(dev), subjects(test));
    let shared = of_test.intersection(&of_dev).count();
    if shared > 0 {
        let of = of_test.len();
        warn(
            WarningCode::SharedSubjects,
            format!("{shared} of {of} subjects of the test set are in the dev set too"),
        );
    }
}

/// Species that the threshold was not chosen with; built so in OULU-NPU 2 and 4.
fn species(dev: &ScoreFile, test: &ScoreFile, warn: &mut impl FnMut(WarningCode, String)) {
    let of = |file: &ScoreFile| -> BTreeSet<Species> {
        let mut set = BTreeSet::new();
        for species in file.rows.iter().filter_map(|r| r.species.as_ref()) {
            if !set.contains(species) {
                set.insert(species.clone());
            }
        }
        set
    };
    let new: Vec<String> = of(test)
        .difference(&of(dev))
        .map(|s| s.to_string())
        .collect();
    if !new.is_empty() {
        warn(
            WarningCode::SpeciesNotInDev,
            format!(
                "species of the test set that the dev set lacks: {}; the threshold was chosen without them",
                new.join(", ")
            ),
        );
    }
}

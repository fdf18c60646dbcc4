//! What a reader should know before believing the figures.

use super::{Evaluation, Request, Warning, WarningCode, overlap::overlap};
use crate::{Split, level::Level, score::UNKNOWN_SPECIES, set::default_level, threshold::Source};

/// Below this many presentations one error moves a rate by more than 3 percentage points.
const FEW: u64 = 30;

pub(super) fn warnings(evaluation: &Evaluation, request: &Request<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |code, text: String| warnings.push(Warning { code, text });
    let (dev, test) = (request.dev.as_deref(), &*request.test);
    for (name, file, expected, code) in [
        ("dev", dev, Split::Dev, WarningCode::DevNotDev),
        ("test", Some(test), Split::Test, WarningCode::TestNotTest),
    ] {
        let Some(file) = file else { continue };
        let path = file.path.display();
        let other = (file.split.iter())
            .filter(|split| split.is_some_and(|split| split != expected))
            .count();
        if other > 0 {
            let of = file.len();
            warn(
                code,
                format!(
                    "{path}: {other} of {of} rows are not of split {expected}, though it is used as the {name} set"
                ),
            );
        }
        if let Some(origin) = file.origin.as_ref()
            && origin.scores_sha256 != file.sha256
        {
            warn(
                WarningCode::StaleNote,
                format!(
                    "{path}: the note beside it is about another file (SHA-256 {}, found {}): the scores changed after `fasgard score`, so the model named in it may not have made them",
                    short(&origin.scores_sha256),
                    short(&file.sha256)
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
        let names = file.species_names.values();
        let unknown = names.iter().position(|s| s.as_str() == UNKNOWN_SPECIES);
        let unknown = unknown.map_or(0, |at| {
            let id = at as u32 + 1;
            file.species.iter().filter(|s| *s == id).count()
        });
        if unknown > 0 {
            warn(
                WarningCode::UnknownSpecies,
                format!(
                    "{path}: {unknown} attack rows name no species and count as {UNKNOWN_SPECIES}; a maximum over species may be too low"
                ),
            );
        }
        if file.datasets.len() > 1 {
            let mut names: Vec<_> = file.datasets.iter().collect();
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
        let outside = (file.score.iter())
            .filter(|s| !s.is_nan() && !(0.0..=1.0).contains(*s))
            .count();
        if outside > 0 {
            warn(
                WarningCode::OutsideUnit,
                format!(
                    "{path}: {outside} scores are outside [0, 1]: rates are right, but the scores are no probabilities and ECE is undefined"
                ),
            );
        }
        if evaluation.level == Level::Frame && default_level([file]) == Level::Video {
            warn(
                WarningCode::FramesOfVideos,
                format!(
                    "{path}: frames of the same videos are counted one by one; they are not independent, so the intervals are too narrow"
                ),
            );
        }
    }
    if let Some(dev) = dev {
        overlap(dev, test, &mut warn);
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
    let breakdowns = outcomes.first().map(|(_, o)| o.by.as_slice());
    for by in breakdowns.unwrap_or_default() {
        if by.values.keys().any(|k| k != super::by::NONE) {
            continue;
        }
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

/// The start of a hash: enough to tell files apart.
pub(crate) fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}

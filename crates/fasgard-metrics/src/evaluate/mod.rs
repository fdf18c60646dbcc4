//! From score files to an evaluation.

mod by;
mod figures;
mod overlap;
mod text;
mod types;
mod warnings;

use std::borrow::Cow;

use crate::{
    convention::{ByConvention, Convention, ConventionChoice},
    level::{Fuse, Level},
    presentation::VideoConflict,
    ranked::{NoResponse, Ranked},
    resample::{Bootstrap, Clustered, Unit, intervals},
    score::{ScoreTable, Scores},
    set::{Set, default_level},
    threshold::{Criterion, Provenance, Source, Threshold, ThresholdError, choose},
};

pub(crate) use text::grid;
pub(crate) use warnings::short;

pub use types::{
    Breakdown, Counts, Evaluation, Files, Outcome, Results, SCHEMA, ScoreFileNote, SetFigures,
    Warning, WarningCode,
};

/// What to evaluate, and how.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Scores the threshold is chosen on.
    pub dev: Option<Cow<'a, ScoreTable>>,
    /// Scores that are reported on.
    pub test: Cow<'a, ScoreTable>,
    /// The criterion; none = the convention's own. A given one holds for every convention.
    pub threshold: Option<Criterion>,
    /// Which convention, or all.
    pub convention: ConventionChoice,
    /// What counts as one presentation; none = video if any video of either file has several
    /// rows, else frame.
    pub level: Option<Level>,
    /// How a video's frames are fused.
    pub fuse: Fuse,
    /// What presentations without a score count as.
    pub no_response: NoResponse,
    /// Break the test set down by each of these: `dataset`, `split`, `subject`, `video`, `species`,
    /// `family`, or a key of the attributes (`device`, `session`).
    pub by: Vec<String>,
    /// Draw clusters of the test set for intervals of the composites.
    pub bootstrap: Option<Bootstrap>,
    /// What is drawn; none = subjects if all are known, else videos if all are, else presentations.
    pub cluster: Option<Unit>,
}

impl<'a> Request<'a> {
    /// Everything but the files by default: convention `iso`, its own threshold, level by the
    /// files, mean fusion.
    pub fn new<S: Scores + ?Sized>(dev: Option<&'a S>, test: &'a S) -> Self {
        Self {
            dev: dev.map(Scores::table),
            test: test.table(),
            threshold: None,
            convention: ConventionChoice::default(),
            level: None,
            fuse: Fuse::default(),
            no_response: NoResponse::default(),
            by: Vec::new(),
            bootstrap: None,
            cluster: None,
        }
    }
}

/// An evaluation that cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EvaluateError {
    /// The criterion looks at a dev set and there is none.
    #[error(
        "threshold {criterion} of convention {convention} is chosen on a dev set, and none is given; pass --dev DEV.csv, or --threshold value=X, or --convention target-eer (flattering: its threshold is chosen on the test set)"
    )]
    MissingDev {
        /// The criterion.
        criterion: Criterion,
        /// The convention it would be used by.
        convention: Convention,
    },
    /// A video is live and attack at once, or of two species.
    #[error(transparent)]
    Conflict(#[from] Box<VideoConflict>),
    /// The unit to be drawn is not known of every presentation.
    #[error(
        "score file {file}: --cluster {unit} needs column `{unit}` in every row, and it is empty in some; fill it, or use --cluster auto"
    )]
    Cluster {
        /// The file.
        file: String,
        /// The unit.
        unit: Unit,
    },
    /// A class is missing where the threshold is chosen.
    #[error("score file {file}: {source}")]
    Threshold {
        /// The file the threshold would be chosen on.
        file: String,
        /// What is missing.
        source: ThresholdError,
    },
}

/// Evaluates a test set, and the dev set beside it if there is one.
///
/// # Errors
/// See [`EvaluateError`]. A test set without live or without attack presentations is no error: the
/// figures that need them are undefined and say why.
pub fn evaluate(request: &Request<'_>) -> Result<Evaluation, EvaluateError> {
    let (dev, test, fuse) = (request.dev.as_deref(), &*request.test, request.fuse);
    let level = request
        .level
        .unwrap_or_else(|| default_level(dev.into_iter().chain([test])));
    let rank = |set: &Set<'_>| -> (Ranked, Counts) {
        let ranked = set.rank(0..set.len(), request.no_response);
        let counts = figures::counts(set.table().len(), &ranked);
        (ranked, counts)
    };
    let dev_set = dev.map(|dev| Set::of(dev, level, fuse)).transpose()?;
    let ranked_dev = dev_set.as_ref().map(rank);
    drop(dev_set);
    let set = Set::of(test, level, fuse)?;
    let ranked_test = rank(&set);
    let parts: Vec<(&String, Vec<by::Part>)> = (request.by.iter())
        .map(|key| (key, by::parts(&set, key, request.no_response)))
        .collect();
    let outcome = |convention: Convention| -> Result<Outcome, EvaluateError> {
        let criterion = request
            .threshold
            .unwrap_or_else(|| convention.default_criterion());
        let aggregation = convention.aggregation();
        let (source, file, ranked) = match criterion {
            Criterion::TargetEer => (Source::Test, test, &ranked_test.0),
            Criterion::Eer | Criterion::MinAcer | Criterion::Bpcer(_) | Criterion::Apcer(_) => {
                match (dev, &ranked_dev) {
                    (Some(file), Some((ranked, _))) => (Source::Dev, file, ranked),
                    _ => {
                        return Err(EvaluateError::MissingDev {
                            criterion,
                            convention,
                        });
                    }
                }
            }
            // Looks at no set.
            Criterion::Value(_) => (Source::Given, test, &ranked_test.0),
        };
        let threshold = match criterion {
            Criterion::Value(value) => Threshold::given(value),
            _ => Threshold {
                value: choose(ranked, criterion, aggregation).map_err(|source| {
                    EvaluateError::Threshold {
                        file: file.path.display().to_string(),
                        source,
                    }
                })?,
                criterion,
                from: Provenance {
                    source,
                    file: Some(file.path.display().to_string()),
                    sha256: Some(file.sha256.clone()),
                    split: file.split(),
                    level: Some(level),
                    fuse: (level == Level::Video).then_some(fuse),
                    live: ranked.live_scored(),
                    attack: ranked.attack_scored(),
                },
            },
        };
        let figures = |(ranked, counts): &(Ranked, Counts)| {
            figures::figures(ranked, *counts, threshold.value, aggregation)
        };
        Ok(Outcome {
            apcer_aggregation: aggregation,
            note: figures::note(threshold.from.source),
            dev: ranked_dev.as_ref().map(figures),
            test: figures(&ranked_test),
            intervals: match request.bootstrap {
                Some(bootstrap) => {
                    let set = Clustered::of(
                        &set,
                        request.cluster,
                        threshold.value,
                        aggregation,
                        request.no_response,
                    )
                    .ok_or_else(|| EvaluateError::Cluster {
                        file: test.path.display().to_string(),
                        unit: request.cluster.unwrap_or(Unit::Subject),
                    })?;
                    Some(intervals(&set, bootstrap))
                }
                None => None,
            },
            by: (parts.iter())
                .map(|(attribute, parts)| Breakdown {
                    attribute: (*attribute).clone(),
                    values: parts
                        .iter()
                        .map(|(name, part)| (name.clone(), figures(part)))
                        .collect(),
                })
                .collect(),
            threshold,
        })
    };
    let results = match request.convention {
        ConventionChoice::One(convention) => Results::One(Box::new(outcome(convention)?)),
        ConventionChoice::All => Results::All {
            conventions: Convention::ALL
                .into_iter()
                .map(|convention| Ok((convention, outcome(convention)?)))
                .collect::<Result<ByConvention<_>, EvaluateError>>()?,
        },
    };
    let mut evaluation = Evaluation {
        schema: SCHEMA,
        convention: request.convention,
        level,
        fuse: (level == Level::Video).then_some(fuse),
        no_response: request.no_response,
        files: Files {
            dev: dev.map(ScoreFileNote::of_table),
            test: ScoreFileNote::of_table(test),
        },
        warnings: Vec::new(),
        results,
    };
    evaluation.warnings = warnings::warnings(&evaluation, request);
    Ok(evaluation)
}

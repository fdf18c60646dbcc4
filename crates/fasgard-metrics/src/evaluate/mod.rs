//! From score files to an evaluation.

mod by;
mod figures;
mod table;
mod types;
mod warnings;

use crate::{
    convention::{ByConvention, Convention, ConventionChoice},
    level::{Fuse, Level},
    presentation::{VideoConflict, default_level, presentations},
    ranked::{NoResponse, Ranked},
    resample::{Bootstrap, Clustered, intervals},
    score::ScoreFile,
    threshold::{Criterion, Provenance, Source, Threshold, ThresholdError, choose},
};

pub use types::{
    Breakdown, Counts, Evaluation, Files, Outcome, Results, SCHEMA, ScoreFileNote, SetFigures,
    Warning, WarningCode,
};

/// What to evaluate, and how.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Scores the threshold is chosen on.
    pub dev: Option<&'a ScoreFile>,
    /// Scores that are reported on.
    pub test: &'a ScoreFile,
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
    /// Break the test set down by this: `dataset`, `split`, `subject`, `species`, `family`, or a key
    /// of the attributes (`device`, `session`).
    pub by: Option<&'a str>,
    /// Draw clusters of the test set for intervals of the composites.
    pub bootstrap: Option<Bootstrap>,
}

impl<'a> Request<'a> {
    /// Everything but the files by default: convention `iso`, its own threshold, level by the
    /// files, mean fusion.
    pub fn new(dev: Option<&'a ScoreFile>, test: &'a ScoreFile) -> Self {
        Self {
            dev,
            test,
            threshold: None,
            convention: ConventionChoice::default(),
            level: None,
            fuse: Fuse::default(),
            no_response: NoResponse::default(),
            by: None,
            bootstrap: None,
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
    let Request {
        dev, test, fuse, ..
    } = *request;
    let level = request
        .level
        .unwrap_or_else(|| default_level(dev.into_iter().chain([test])));
    let rank = |file: &ScoreFile| -> Result<(Ranked, Counts), Box<VideoConflict>> {
        let presentations = presentations(file, level, fuse)?;
        let ranked = Ranked::with(&presentations, request.no_response);
        let counts = figures::counts(file.rows.len(), &ranked);
        Ok((ranked, counts))
    };
    let ranked_dev = dev.map(rank).transpose()?;
    let ranked_test = rank(test)?;
    let parts = match request.by {
        Some(key) => by::parts(test, level, fuse, request.no_response, key)?,
        None => Vec::new(),
    };
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
                    let set = presentations(test, level, fuse)?;
                    let set = Clustered::new(
                        test,
                        &set,
                        threshold.value,
                        aggregation,
                        request.no_response,
                    );
                    Some(intervals(&set, bootstrap))
                }
                None => None,
            },
            by: request.by.map(|attribute| Breakdown {
                attribute: attribute.to_owned(),
                values: parts
                    .iter()
                    .map(|(name, part)| (name.clone(), figures(part)))
                    .collect(),
            }),
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
            dev: dev.map(ScoreFileNote::of),
            test: ScoreFileNote::of(test),
        },
        warnings: Vec::new(),
        results,
    };
    evaluation.warnings = warnings::warnings(&evaluation, request);
    Ok(evaluation)
}

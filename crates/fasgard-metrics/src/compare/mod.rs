//! Two systems on the same samples.

mod same;
mod text;

use serde::{Deserialize, Serialize};

use crate::{
    convention::{Aggregation, Convention, ConventionChoice},
    evaluate::{EvaluateError, Request, ScoreFileNote, SetFigures, Warning, evaluate},
    level::{Fuse, Level},
    ranked::NoResponse,
    resample::{
        Bootstrap, Unit,
        paired::{Paired, PairedError, Plan, paired_by},
    },
    score::ScoreTable,
    set::default_level,
    threshold::{Criterion, Threshold},
};

pub use same::DifferentSamples;

/// The version of the comparison's JSON. Keys may be added; none is renamed.
const SCHEMA: u32 = 1;

/// What to compare, and how.
#[derive(Clone, Copy, Debug)]
pub struct CompareRequest<'a> {
    /// Scores of system A.
    pub a: &'a ScoreTable,
    /// Scores of system B, of the same samples.
    pub b: &'a ScoreTable,
    /// Scores that A's threshold is chosen on.
    pub dev_a: Option<&'a ScoreTable>,
    /// Scores that B's threshold is chosen on.
    pub dev_b: Option<&'a ScoreTable>,
    /// How APCER aggregates, and the default threshold.
    pub convention: Convention,
    /// The criterion, of both; none = the convention's own.
    pub threshold: Option<Criterion>,
    /// What counts as one presentation; none = video if any video has several rows, else frame.
    pub level: Option<Level>,
    /// How a video's frames are fused.
    pub fuse: Fuse,
    /// What presentations without a score count as; with `Exclude` only presentations that both
    /// scored are compared.
    pub no_response: NoResponse,
    /// How often to draw.
    pub bootstrap: Bootstrap,
    /// What is drawn; none = the largest unit that is known of all.
    pub cluster: Option<Unit>,
}

impl<'a> CompareRequest<'a> {
    /// Everything but the files by default.
    pub fn new(a: &'a ScoreTable, b: &'a ScoreTable) -> Self {
        Self {
            a,
            b,
            dev_a: None,
            dev_b: None,
            convention: Convention::Iso,
            threshold: None,
            level: None,
            fuse: Fuse::default(),
            no_response: NoResponse::default(),
            bootstrap: Bootstrap::default(),
            cluster: None,
        }
    }
}

/// The outcome: what `fasgard compare --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Version of this format.
    pub schema: u32,
    /// The convention.
    pub convention: Convention,
    /// How APCER aggregates.
    pub apcer_aggregation: Aggregation,
    /// What counts as one presentation.
    pub level: Level,
    /// How a video's frames are fused; null at frame level.
    pub fuse: Option<Fuse>,
    /// What presentations without a score count as.
    pub no_response: NoResponse,
    /// How often was drawn, and from which seed.
    pub bootstrap: Bootstrap,
    /// System A.
    pub a: System,
    /// System B.
    pub b: System,
    /// The paired tests: `common`, `left_out`, `unit`, `clusters`, `mcnemar`, and the differences
    /// `acer`, `hter`, `eer`, `auc`, each A - B.
    pub paired: Paired,
    /// What a reader should know; of A, of B, or of both.
    pub warnings: Vec<Warning>,
}

/// One of the two, on its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// Its scores.
    pub file: ScoreFileNote,
    /// What its threshold was chosen on; null if given or chosen on the scores themselves.
    pub dev: Option<ScoreFileNote>,
    /// Its threshold.
    pub threshold: Threshold,
    /// What to say beside the figures; null if nothing.
    pub note: Option<String>,
    /// Its figures on all its presentations, also those that the other one has no score for.
    pub test: SetFigures,
}

/// Two systems that cannot be compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CompareError {
    /// Rows differ in more than their scores.
    #[error(transparent)]
    Different(#[from] DifferentSamples),
    /// One of them cannot be evaluated.
    #[error("system {system}: {source}")]
    Evaluate {
        /// `A` or `B`.
        system: &'static str,
        /// Why.
        source: EvaluateError,
    },
    /// A dev set is missing.
    #[error(
        "threshold {criterion} of system {system} is chosen on a dev set, and none is given; pass {flag} DEV.csv, or --threshold value=X"
    )]
    MissingDev {
        /// `A` or `B`.
        system: &'static str,
        /// `--dev-a` or `--dev-b`.
        flag: &'static str,
        /// The criterion.
        criterion: Criterion,
    },
    /// The pairing failed.
    #[error(transparent)]
    Paired(#[from] PairedError),
}

/// Compares two systems on the same samples, each at its own threshold.
///
/// # Errors
/// See [`CompareError`].
pub fn compare(request: &CompareRequest<'_>) -> Result<Comparison, CompareError> {
    let CompareRequest { a, b, .. } = *request;
    same::check(a, b)?;
    let files = [Some(a), Some(b), request.dev_a, request.dev_b];
    let level = (request.level).unwrap_or_else(|| default_level(files.into_iter().flatten()));
    let mut warnings: Vec<Warning> = Vec::new();
    let mut system = |name: &'static str,
                      flag: &'static str,
                      test: &ScoreTable,
                      dev: Option<&ScoreTable>|
     -> Result<System, CompareError> {
        let evaluation = evaluate(&Request {
            convention: ConventionChoice::One(request.convention),
            threshold: request.threshold,
            level: Some(level),
            fuse: request.fuse,
            no_response: request.no_response,
            ..Request::new(dev, test)
        })
        .map_err(|source| match source {
            EvaluateError::MissingDev { criterion, .. } => CompareError::MissingDev {
                system: name,
                flag,
                criterion,
            },
            source => CompareError::Evaluate {
                system: name,
                source,
            },
        })?;
        for warning in &evaluation.warnings {
            let text = format!("{name}: {}", warning.text);
            warnings.push(Warning {
                text,
                ..warning.clone()
            });
        }
        let outcomes = evaluation.outcomes();
        let outcome = outcomes.into_iter().next().map(|(_, outcome)| outcome);
        // One convention was asked for, so there is one outcome.
        let outcome = outcome.ok_or(CompareError::MissingDev {
            system: name,
            flag,
            criterion: Criterion::Eer,
        })?;
        Ok(System {
            file: evaluation.files.test.clone(),
            dev: evaluation.files.dev.clone(),
            threshold: outcome.threshold.clone(),
            note: outcome.note.clone(),
            test: outcome.test.clone(),
        })
    };
    let of_a = system("A", "--dev-a", a, request.dev_a)?;
    let of_b = system("B", "--dev-b", b, request.dev_b)?;
    // What is true of both is said once.
    let mut both: Vec<Warning> = Vec::new();
    for warning in &warnings {
        let Some(text) = warning.text.strip_prefix("A: ") else {
            continue;
        };
        if warnings
            .iter()
            .any(|w| w.text.strip_prefix("B: ") == Some(text))
        {
            both.push(Warning {
                text: text.to_owned(),
                ..warning.clone()
            });
        }
    }
    warnings.retain(|w| !both.iter().any(|b| w.text.get(3..) == Some(&*b.text)));
    both.append(&mut warnings);
    let aggregation = request.convention.aggregation();
    let plan = Plan {
        level,
        fuse: request.fuse,
        aggregation,
        no_response: request.no_response,
        bootstrap: request.bootstrap,
        cluster: request.cluster,
    };
    let paired = paired_by((a, of_a.threshold.value), (b, of_b.threshold.value), &plan)?;
    Ok(Comparison {
        schema: SCHEMA,
        convention: request.convention,
        apcer_aggregation: aggregation,
        level,
        fuse: (level == Level::Video).then_some(request.fuse),
        no_response: request.no_response,
        bootstrap: request.bootstrap,
        a: of_a,
        b: of_b,
        paired,
        warnings: both,
    })
}

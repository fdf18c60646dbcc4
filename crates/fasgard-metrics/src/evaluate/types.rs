//! `evaluation.json`, as types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Split,
    convention::{Aggregation, ByConvention, Convention, ConventionChoice},
    level::{Fuse, Level},
    metrics::{calibration::Calibration, operating::OperatingPoint},
    ranked::NoResponse,
    rate::Rate,
    resample::ClusterIntervals,
    score::{Origin, ScoreFile, ScoreTable},
    threshold::{Threshold, value},
};

/// The version of `evaluation.json` written here. Keys may be added; none is renamed.
pub const SCHEMA: u32 = 1;

/// An evaluation: `evaluation.json`.
///
/// For one convention the keys of its [`Outcome`] stand beside these; for `all` there is
/// `"conventions": {"iso": {...}, "oulu": {...}, "pooled": {...}, "target-eer": {...}}` instead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Version of this format.
    pub schema: u32,
    /// The convention, or `all`.
    pub convention: ConventionChoice,
    /// What counts as one presentation.
    pub level: Level,
    /// How a video's frames are fused; null at frame level.
    pub fuse: Option<Fuse>,
    /// What presentations without a score count as.
    #[serde(default)]
    pub no_response: NoResponse,
    /// The score files.
    pub files: Files,
    /// What a reader should know before believing the figures.
    pub warnings: Vec<Warning>,
    /// The figures.
    #[serde(flatten)]
    pub results: Results,
}

impl Evaluation {
    /// The outcomes with their conventions, in the order of tables.
    pub fn outcomes(&self) -> Vec<(Convention, &Outcome)> {
        match (&self.results, self.convention) {
            (Results::One(outcome), ConventionChoice::One(convention)) => {
                vec![(convention, outcome)]
            }
            // Not written by this library; the aggregation alone does not name a convention.
            (Results::One(outcome), ConventionChoice::All) => vec![(Convention::Iso, outcome)],
            (Results::All { conventions }, _) => conventions
                .iter()
                .map(|(c, outcome)| (*c, outcome))
                .collect(),
        }
    }

    /// The outcome of a convention, if it was evaluated.
    pub fn outcome(&self, convention: Convention) -> Option<&Outcome> {
        self.outcomes()
            .into_iter()
            .find(|(c, _)| *c == convention)
            .map(|(_, outcome)| outcome)
    }
}

/// The outcome of one convention, or of all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Results {
    /// Of every convention.
    All {
        /// By convention.
        conventions: ByConvention<Outcome>,
    },
    /// Of the one that was asked for.
    One(Box<Outcome>),
}

/// Threshold and figures under one convention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How `apcer` aggregates.
    pub apcer_aggregation: Aggregation,
    /// The threshold and where it came from.
    pub threshold: Threshold,
    /// What to say beside the figures (a flattering threshold); null if nothing.
    pub note: Option<String>,
    /// Figures of the dev set at the threshold; null without a dev set.
    pub dev: Option<SetFigures>,
    /// Figures of the test set at the threshold.
    pub test: SetFigures,
    /// 95 % intervals of the test set's composites, clusters drawn; absent unless asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intervals: Option<ClusterIntervals>,
    /// The test set broken down by attributes, at the same threshold; absent unless asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Breakdown>,
}

/// The figures of one set at one threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetFigures {
    /// How many presentations there are.
    pub counts: Counts,
    /// APCER, aggregated as `apcer_aggregation` says. A maximum has the counts and interval of the
    /// worst group, which do not allow for its having been picked as the worst.
    pub apcer: Rate,
    /// BPCER.
    pub bpcer: Rate,
    /// (APCER + BPCER) / 2.
    pub acer: Rate,
    /// EER of this set, whatever the threshold in use.
    pub eer: Rate,
    /// The threshold of this set's EER; null if undefined; may be `"-inf"`.
    #[serde(with = "value::optional")]
    pub eer_threshold: Option<f64>,
    /// (pooled APCER + BPCER) / 2.
    pub hter: Rate,
    /// Area under the ROC curve.
    pub auc: Rate,
    /// APCER of all attacks together.
    pub apcer_pooled: Rate,
    /// The family of highest APCER; null without attacks.
    pub worst_family: Option<String>,
    /// APCER by family (`print`).
    pub apcer_by_family: BTreeMap<String, Rate>,
    /// The species of highest APCER; null without attacks.
    pub worst_species: Option<String>,
    /// APCER by species (`print/1`).
    pub apcer_by_species: BTreeMap<String, Rate>,
    /// Attack presentations without a score.
    pub apnrr: Rate,
    /// The same by species.
    pub apnrr_by_species: BTreeMap<String, Rate>,
    /// Live presentations without a score.
    pub bpnrr: Rate,
    /// APCER where BPCER is at most 10, 5, 1 and 0.1 %, thresholds chosen on this very set.
    #[serde(default)]
    pub apcer_at_bpcer: Vec<OperatingPoint>,
    /// BPCER where APCER is at most 10, 5, 1 and 0.1 %, thresholds chosen on this very set.
    #[serde(default)]
    pub bpcer_at_apcer: Vec<OperatingPoint>,
    /// Live presentations accepted where at most 10, 5, 1 and 0.1 % of all attacks are.
    #[serde(default)]
    pub tpr_at_fpr: Vec<OperatingPoint>,
    /// ECE and reliability curve; null in files of earlier versions.
    #[serde(default)]
    pub calibration: Option<Calibration>,
}

/// Figures of parts of the test set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breakdown {
    /// The attribute.
    pub attribute: String,
    /// The figures by its value; presentations that do not have it stand under `(none)`, videos
    /// whose frames differ in it under `(several)`.
    pub values: BTreeMap<String, SetFigures>,
}

/// How much there is in a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows of the score file.
    pub rows: u64,
    /// Live presentations with a score.
    pub live: u64,
    /// Attack presentations with a score.
    pub attack: u64,
    /// Live presentations without a score; not in BPCER.
    pub live_nonresponse: u64,
    /// Attack presentations without a score; not in APCER.
    pub attack_nonresponse: u64,
}

/// The score files of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// The dev scores; null without.
    pub dev: Option<ScoreFileNote>,
    /// The test scores.
    pub test: ScoreFileNote,
}

/// Which file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreFileNote {
    /// As it was named.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// The split that every row has; null if rows differ or do not say.
    pub split: Option<Split>,
    /// Rows.
    pub rows: u64,
    /// What the note beside the file says of the model that made it; absent without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

impl ScoreFileNote {
    /// The note of a file.
    pub fn of(file: &ScoreFile) -> Self {
        Self {
            path: file.path.display().to_string(),
            sha256: file.sha256.clone(),
            split: file.split(),
            rows: file.rows.len() as u64,
            origin: None,
        }
    }

    /// The note of a table.
    pub fn of_table(table: &ScoreTable) -> Self {
        Self {
            path: table.path.display().to_string(),
            sha256: table.sha256.clone(),
            split: table.split(),
            rows: table.len() as u64,
            origin: table.origin.clone(),
        }
    }
}

/// Something a reader should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// For programs.
    pub code: WarningCode,
    /// For people.
    pub text: String,
}

/// The kinds of warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarningCode {
    /// AUC below 0.5: attacks score above live.
    ReversedScores,
    /// The threshold was chosen on the evaluated set.
    ThresholdFromTest,
    /// The dev file's rows are not of split `dev`.
    DevNotDev,
    /// The test file's rows are not of split `test`.
    TestNotTest,
    /// Dev and test are the same file, or share samples.
    DevIsTest,
    /// A subject is in both sets.
    SharedSubjects,
    /// So few presentations that one error moves a rate by more than 3 points.
    FewPresentations,
    /// Presentations without a score.
    NonResponses,
    /// Attacks of unknown species.
    UnknownSpecies,
    /// Frames counted one by one although they belong to videos.
    FramesOfVideos,
    /// Columns that were not read.
    IgnoredColumns,
    /// A species of the test set that the dev set lacks.
    SpeciesNotInDev,
    /// A file holds several datasets.
    SeveralDatasets,
    /// Scores outside [0, 1]: of a foreign system, no probabilities.
    OutsideUnit,
    /// Dev and test scores come from different models.
    OtherModel,
    /// The note beside a score file is about another file.
    StaleNote,
    /// No presentation has the attribute of a breakdown.
    NoAttribute,
    /// A class is missing from the test set.
    MissingClass,
    /// The threshold is minus infinity: every presentation is accepted.
    AcceptsAll,
}

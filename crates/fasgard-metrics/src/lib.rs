//! PAD scores, thresholds, error rates, intervals, curves and conventions. No tensors.
//!
//! Everywhere in fasgard a **score is higher when the sample is more likely live**, a sample is
//! accepted as live if `score > threshold`, `live` is 1 (bona fide) and `attack` is 0.
//!
//! [`ScoreFile`] reads and writes score files, [`evaluate()`] turns them into an [`Evaluation`]
//! (`evaluation.json`), [`curves`] holds what plots need.

mod attributes;
pub mod compare;
pub mod convention;
pub mod curves;
mod evaluate;
mod interval;
mod label;
mod level;
pub mod localization;
pub mod metrics;
mod presentation;
mod ranked;
mod rate;
pub mod resample;
pub mod score;
mod set;
mod species;
mod split;
pub mod threshold;

pub use attributes::{Attributes, AttributesError};
pub use convention::{Aggregation, Convention, ConventionChoice, ParseConventionError};
pub use evaluate::{
    Breakdown, Counts, EvaluateError, Evaluation, Files, Outcome, Request, Results, SCHEMA,
    ScoreFileNote, SetFigures, Warning, WarningCode, evaluate,
};
pub use interval::clopper_pearson;
pub use label::{Label, ParseLabelError};
pub use level::{Fuse, Level, ParseFuseError, ParseLevelError};
pub use presentation::{Presentation, VideoConflict, default_level, presentations};
pub use ranked::{NoResponse, ParseNoResponseError, Ranked, SpeciesScores};
pub use rate::Rate;
pub use score::{
    Origin, RowError, ScoreFile, ScoreFileError, ScoreRow, ScoreTable, Scores, Status,
};
pub use species::{ParseSpeciesError, Species};
pub use split::{ParseSplitError, Split};
pub use threshold::{
    Criterion, ParseCriterionError, Provenance, Source, Threshold, ThresholdError,
};

//! PAD scores, thresholds, error rates, intervals, curves and conventions. No tensors.
//!
//! Everywhere in fasgard a **score is higher when the sample is more likely live**, a sample is
//! accepted as live if `score > threshold`, `live` is 1 (bona fide) and `attack` is 0.

mod attributes;
mod label;
mod species;
mod split;

pub use attributes::{Attributes, AttributesError};
pub use label::{Label, ParseLabelError};
pub use species::{ParseSpeciesError, Species};
pub use split::{ParseSplitError, Split};

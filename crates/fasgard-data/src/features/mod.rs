//! Features that need no training of a network: one number a sample (sharpness, size, ...), local
//! binary patterns, and the logistic regression on them. Baselines and audits are made of these.

mod extract;
mod logistic;

pub use extract::{HAND, SampleFeatures, extract};
pub use fasgard_metrics::localization::rank_auc as auc;
pub use logistic::{FitError, Logistic};

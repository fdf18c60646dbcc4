//! Layers, backbones, heads, the supervision pyramid and its losses. Knows nothing of files.
//!
//! A pixel-wise supervised detector is *backbone x supervision*: a [`Detector`] is built from a
//! [`ModelConfig`] and turns images `[N, 3, S, S]` into a [`Prediction`]: one map per scale of its
//! [`Pyramid`] and, for the `binary` and `mask` targets, a final logit.
//!
//! Conventions: live is 1, attack is 0. Images come in as `[batch, 3, height, width]`; inside, features
//! and maps are `[batch, height, width, channels]`, the layout in which convolutions are fast.

pub mod backbones;
mod compute;
mod config;
mod detector;
pub mod graph;
pub mod heads;
mod init;
pub mod layers;
pub mod losses;
mod pyramid;
mod summary;
mod weights;

pub use compute::{Compute, Precision};
pub use config::{
    BackboneKind, ConfigError, ModelConfig, Reduction, Score, Supervision, Target, TargetPool,
};
pub use detector::{Detector, InferenceDetector, Loss, LossTerm, Prediction, Scores, Targets};
pub use init::Init;
pub use pyramid::Pyramid;
pub use summary::{LayerInfo, Summary, Trace};
pub use weights::{
    NamedTensor, WeightsError, load_backbone, load_weights, named_weights, stable_ids,
};

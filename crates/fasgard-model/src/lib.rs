//! The model file, weights with their whole contract, and the predictor that keeps it. No training.
//!
//! A model file is one safetensors file. Its tensors are the detector's weights, named by their
//! path; the metadata key [`CARD_KEY`] holds a [`ModelCard`] as JSON: architecture, [`Preprocess`],
//! label order, thresholds with provenance, self-test vector, training card, licence.
//!
//! [`Preprocess`]: fasgard_image::Preprocess

mod calibrate;
mod card;
mod dev_scores;
mod error;
pub mod export;
mod file;
mod import;
mod predict;
mod self_test;

pub use calibrate::{
    Calibration, CalibrationError, CameraClusters, CameraScores, ClusterUnit, Clustered, calibrate,
    frames_needed,
};
pub use card::{DataCard, ModelCard, ProtocolCard, SCHEMA, TrainingCard};
pub use dev_scores::{DevScores, ScoreQuantiles};
pub use error::ModelError;
pub use file::{CARD_KEY, ModelFile, read_tensors, tensor_bytes, weights_sha256, write_tensors};
pub use import::{BackboneWeights, WEIGHTS_KEY, WeightsCard};
pub use predict::{
    CropSource, FrameAnswer, MapLevel, NoDecision, Predictor, PredictorOptions, Session,
    SessionAnswer, Timings, Verdict,
};
pub(crate) use self_test::decimal;
pub use self_test::{SELF_TEST_TOLERANCE, SelfTest};

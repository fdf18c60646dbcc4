//! The model file: weights with their whole contract. No training.
//!
//! A model file is one safetensors file. Its tensors are the detector's weights, named by their
//! path; the metadata key [`CARD_KEY`] holds a [`ModelCard`] as JSON: architecture, [`Preprocess`],
//! label order, thresholds with provenance, self-test vector, training card, licence.
//!
//! [`Preprocess`]: fasgard_image::Preprocess

mod card;
mod error;
mod file;
mod self_test;

pub use card::{DataCard, ModelCard, ProtocolCard, SCHEMA, TrainingCard};
pub use error::ModelError;
pub use file::{CARD_KEY, ModelFile, read_tensors, weights_sha256, write_tensors};
pub use self_test::{SELF_TEST_TOLERANCE, SelfTest};

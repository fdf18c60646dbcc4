//! Face anti-spoofing with pyramid supervision: the public API in one place.
//!
//! | module | what it holds |
//! |---|---|
//! | [`metrics`] | scores, thresholds, error rates, intervals, conventions |
//! | [`image`] | bounded decoding, crops, `Preprocess`, augmentation |
//! | [`synth`] | rendered faces and attacks |
//! | [`data`] | layouts, prepared datasets, loaders |
//! | [`nn`] | backbones, heads, the pyramid, losses |
//! | [`model`] | the model file, the predictor, calibration |
//! | [`face`] | face boxes, the 468-point mesh, pseudo-depth |
//! | [`train`] | configurations, the training loop, checkpoints, scoring |
//!
//! A verdict on one photo, by a trained model file:
//!
//! ```no_run
//! use fasgard::{image::{DecodeLimits, decode}, model::{Predictor, PredictorOptions}};
//!
//! let predictor = Predictor::open("model.safetensors", &PredictorOptions::default())?;
//! let photo = decode("photo.jpg", &DecodeLimits::default(), true)?;
//! let answer = predictor.image(&photo, None);
//! println!("{} {:?}", answer.verdict, answer.score);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everywhere live is 1, attack is 0, and a higher score is more likely live.

pub use fasgard_data as data;
pub use fasgard_face as face;
pub use fasgard_image as image;
pub use fasgard_metrics as metrics;
pub use fasgard_model as model;
pub use fasgard_nn as nn;
pub use fasgard_synth as synth;
pub use fasgard_train as train;

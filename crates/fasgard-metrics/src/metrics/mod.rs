//! The figures, one a file.

pub mod acer;
pub mod apcer;
pub mod auc;
pub mod bpcer;
pub mod calibration;
pub mod eer;
pub mod hter;
pub mod nonresponse;
pub mod operating;

pub(crate) const NO_LIVE: &str = "no live presentation has a score";
pub(crate) const NO_ATTACK: &str = "no attack presentation has a score";

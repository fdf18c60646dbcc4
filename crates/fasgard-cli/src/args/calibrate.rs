//! Arguments of `fasgard calibrate`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(
    after_help = "Example: fasgard calibrate model.safetensors --live my-camera/live --attack my-camera/attack --bpcer 1% --output calibrated.safetensors"
)]
pub(crate) struct Calibrate {
    /// Model file
    pub(crate) model: PathBuf,
    /// Live images or videos of the camera, or folders of them
    #[arg(long, required_unless_present = "scores", num_args = 1..)]
    pub(crate) live: Vec<PathBuf>,
    /// Attacks before the same camera
    #[arg(long, num_args = 1..)]
    pub(crate) attack: Vec<PathBuf>,
    /// Instead of both: a score file of the camera's frames that `fasgard score` made with this model
    #[arg(long, value_name = "FILE", conflicts_with_all = ["live", "attack"])]
    pub(crate) scores: Option<PathBuf>,
    /// Which frames are not independent: those of one subject or video (columns of the score file),
    /// of one video file, or of one folder; presentation (all are), or auto (the largest unit that is
    /// known of all; photos count as independent)
    #[arg(long, value_name = "UNIT", default_value = "auto")]
    pub(crate) cluster: String,
    /// Share of live frames that may be rejected, such as 1% or 0.01
    #[arg(long, default_value = "1%")]
    pub(crate) bpcer: String,
    /// The calibrated model file
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Score file of the model's dev split (default: what the model file keeps of it, else
    /// scores-dev.csv beside it)
    #[arg(long)]
    pub(crate) dev: Option<PathBuf>,
    /// auto (find the face; needs `fasgard models install`) or none (images are face crops already)
    #[arg(long, default_value = "auto", value_parser = ["auto", "none"])]
    pub(crate) crop: String,
    /// Frames of a video: uniform:N, every:N, all or random:N
    #[arg(long, default_value = "uniform:10")]
    pub(crate) frames: String,
    /// Print the calibration as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

//! Arguments of `fasgard predict`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(
    after_help = "Example: fasgard predict runs/ps/model.safetensors photo.jpg clip.mp4 --overlay seen/"
)]
pub(crate) struct Predict {
    /// Model file
    pub(crate) model: PathBuf,
    /// Images, videos, or folders of them
    #[arg(required = true, num_args = 1..)]
    pub(crate) inputs: Vec<PathBuf>,
    /// auto (find the face; needs `fasgard models install`) or none (images are face crops already)
    #[arg(long, default_value = "auto", value_parser = ["auto", "none"])]
    pub(crate) crop: String,
    /// Live if the score is above this (default: the model file's threshold)
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) threshold: Option<f64>,
    /// Frames of a video: uniform:N, every:N, all or random:N
    #[arg(long, default_value = "uniform:10")]
    pub(crate) frames: String,
    /// How a video's frames are fused: mean, median, max, min, trimmed or peak
    #[arg(long, default_value = "mean")]
    pub(crate) fuse: String,
    /// Write pictures with the maps over the face into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) overlay: Option<PathBuf>,
    /// Print one JSON object a file
    #[arg(long)]
    pub(crate) json: bool,
}

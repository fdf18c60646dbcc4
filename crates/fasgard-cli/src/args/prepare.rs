//! Arguments of `fasgard prepare`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(
    after_help = "Example: fasgard prepare folder --input recordings/ --output prepared/
Example: fasgard prepare oulu-npu --input OULU/ --output prepared/ --frames uniform:10
Example: fasgard prepare check prepared/"
)]
pub(crate) struct Prepare {
    /// How the input lies on disk: folder, csv, nuaa, oulu-npu, siw-m, casia-mfsd, replay-attack,
    /// msu-mfsd or celeba-spoof; or `check`
    pub(crate) layout: String,
    /// With `check`: the prepared dataset whose files are compared with their hashes
    pub(crate) dir: Option<PathBuf>,
    /// The raw dataset
    #[arg(long, required_unless_present = "dir")]
    pub(crate) input: Option<PathBuf>,
    /// The prepared dataset's folder
    #[arg(long, required_unless_present = "dir")]
    pub(crate) output: Option<PathBuf>,
    /// Count and check names, write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// none (images are face crops already), center (a centred square), box (the dataset's face
    /// boxes, else the detector's), eyes (aligned by the eyes) or mesh
    #[arg(long, default_value = "box")]
    pub(crate) crop: String,
    /// Depth maps of live samples: auto, mesh (needs the face weights), eyes (a canonical face) or none
    #[arg(long, default_value = "auto")]
    pub(crate) depth: String,
    /// Depth of attacks: zero (nothing stored) or planar
    #[arg(long, default_value = "zero")]
    pub(crate) attack_depth: String,
    /// Frames of a video: uniform:N, every:N, all or random:N
    #[arg(long, default_value = "uniform:10")]
    pub(crate) frames: String,
    /// Only media whose path below the input matches, with * and ?
    #[arg(long, value_name = "PATTERN")]
    pub(crate) only: Option<String>,
    /// At most so many media of each split, label and species
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Side of stored crops as a multiple of the face box's longer side, 1 to 4 (default: 1.6). A model that
    /// looks further around the face, as its crop_scale says, needs more
    #[arg(long, value_name = "X")]
    pub(crate) wide_scale: Option<f32>,
    /// Longest side of stored images in pixels
    #[arg(long)]
    pub(crate) max_side: Option<u32>,
    /// Store PNG instead of JPEG
    #[arg(long)]
    pub(crate) png: bool,
    /// Name of the dataset (default: the layout's or the input folder's)
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Replace what is in the output folder
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Print the summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

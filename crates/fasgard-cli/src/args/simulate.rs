//! Arguments of `fasgard simulate`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(
    after_help = "Example: fasgard simulate --data prepared/ --output simulated/ --attacks print/photo,replay/screen,mask/half"
)]
pub(crate) struct Simulate {
    /// Prepared datasets with live faces
    #[arg(long, required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// The simulated dataset's folder
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Attacks to make, by species, separated by commas (default: all)
    #[arg(long, value_delimiter = ',')]
    pub(crate) attacks: Vec<String>,
    /// Attacks of each live image, drawn from --attacks (default: all of them)
    #[arg(long)]
    pub(crate) per_live: Option<u32>,
    /// Largest side of stored crops in pixels
    #[arg(long, default_value_t = 256)]
    pub(crate) side: u32,
    /// Side of stored crops over the longer side of the face box, 1.6 to 4 (default: as wide as the
    /// datasets hold, see `prepare --wide-scale`)
    #[arg(long)]
    pub(crate) wide_scale: Option<f32>,
    /// Depth of prints and displays: zero (nothing stored) or planar (the face's outline at one depth)
    #[arg(long, default_value = "zero")]
    pub(crate) attack_depth: String,
    /// What prints and displays show: same (the live picture itself) or other (another one of the
    /// same subject, where there is one)
    #[arg(long, default_value = "same")]
    pub(crate) artefact: String,
    /// Seed of everything that is drawn
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Name of the dataset (default: the source's with -simulated)
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Replace what is in the output folder
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Print the counts as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

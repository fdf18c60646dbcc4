//! Arguments of `fasgard localize`.

use std::path::PathBuf;

use clap::Args;

use super::FoldArgs;

#[derive(Args)]
#[command(
    after_help = "Example: fasgard localize runs/ps/model.safetensors --data simulated/ --split test --output runs/ps/localization.json
Example: fasgard localize experiment/cells/partial-mouth/resnet18-ps/seed-0/model.safetensors --data simulated/ --protocol protocols/leave-one-species-out.toml --fold partial/mouth --pictures seen/"
)]
pub(crate) struct Localize {
    /// Model file; one without maps is measured by its class activation map
    pub(crate) model: PathBuf,
    /// Prepared datasets with masks
    #[arg(long, required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// train, dev or test: whose attacks with masks are measured
    #[arg(long, default_value = "test")]
    pub(crate) split: fasgard_metrics::Split,
    /// train, dev or test: whose attacks with masks the maps' thresholds are chosen on
    #[arg(long, default_value = "dev")]
    pub(crate) dev: fasgard_metrics::Split,
    /// Only these species of --split, separated by commas (default: all attacks with a mask)
    #[arg(long, value_delimiter = ',')]
    pub(crate) species: Vec<fasgard_metrics::Species>,
    /// whole or face (cells on the face or the artefact, by the depth map) [default: whole; face for
    /// depth models]
    #[arg(long, value_parser = ["whole", "face"])]
    pub(crate) region: Option<String>,
    /// Steps of the deletion and insertion curves; 0 leaves them out
    #[arg(long, default_value_t = 16)]
    pub(crate) steps: usize,
    /// Pictures of the curves, evenly spread over those that are measured
    #[arg(long, default_value_t = 48)]
    pub(crate) curve_images: usize,
    /// Write this many pictures with truth and maps, evenly spread, into --pictures
    #[arg(long, default_value_t = 8)]
    pub(crate) picture_count: usize,
    /// Folder for pictures: what the network sees, the truth, every map
    #[arg(long, value_name = "DIR")]
    pub(crate) pictures: Option<PathBuf>,
    /// Seed of the random weights that the model is compared with
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Samples in a batch
    #[arg(long, default_value_t = 32)]
    pub(crate) batch: usize,
    /// Where tensors live: cpu, cuda or wgpu (a build has the last two by cargo feature)
    #[arg(long, default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) fold: FoldArgs,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write the JSON to a file
    #[arg(long)]
    pub(crate) output: Option<PathBuf>,
}

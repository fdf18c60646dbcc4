//! Arguments of `fasgard score`.

use std::path::PathBuf;

use clap::Args;

use super::FoldArgs;

#[derive(Args)]
#[command(
    after_help = "Example: fasgard score runs/ps/model.safetensors --data prepared/ --split test --output runs/ps/scores-test.csv --maps runs/ps/maps-test.safetensors"
)]
pub(crate) struct Score {
    /// Model file
    pub(crate) model: PathBuf,
    /// Prepared datasets
    #[arg(long, required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// train, dev or test
    #[arg(long)]
    pub(crate) split: fasgard_metrics::Split,
    /// The score file (CSV)
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Also write the predicted maps (safetensors)
    #[arg(long)]
    pub(crate) maps: Option<PathBuf>,
    /// Samples in a batch
    #[arg(long, default_value_t = 32)]
    pub(crate) batch: usize,
    /// Where tensors live: cpu, cuda or wgpu (a build has the last two by cargo feature)
    #[arg(long, default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) fold: FoldArgs,
    /// Print counts as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

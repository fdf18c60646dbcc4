//! Arguments of `fasgard train`, and the fold that other commands take too.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(
    after_help = "Example: fasgard train configs/resnet18-ps.toml --data prepared/ --output runs/ps"
)]
pub(crate) struct Train {
    /// Experiment configuration (TOML)
    pub(crate) config: PathBuf,
    /// Prepared datasets
    #[arg(long, required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// The run's folder
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Go on from the latest checkpoint
    #[arg(long)]
    pub(crate) resume: bool,
    /// Seed, instead of the configuration's
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Start from the weights of this model file, or from a backbone of `fasgard import`
    #[arg(long)]
    pub(crate) init: Option<PathBuf>,
    /// Override a key, such as --set train.steps=500 (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// Where tensors live: cpu, cuda or wgpu (a build has the last two by cargo feature)
    #[arg(long, default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) fold: FoldArgs,
    /// Print the outcome as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The fold of a protocol that assigns the splits.
#[derive(Args)]
pub(crate) struct FoldArgs {
    /// Protocol file (TOML) whose fold assigns train, dev and test instead of the manifests
    #[arg(long, value_name = "FILE", requires = "fold")]
    pub(crate) protocol: Option<PathBuf>,
    /// The protocol's fold (`fasgard experiment PROTOCOL --data DIR --dry-run` lists them)
    #[arg(long, value_name = "NAME", requires = "protocol")]
    pub(crate) fold: Option<String>,
}

//! Arguments of `fasgard experiment` and `fasgard audit`.

use std::path::PathBuf;

use clap::Args;

use super::FoldArgs;

#[derive(Args)]
#[command(
    after_help = "Example: fasgard experiment protocols/oulu-npu-1.toml --data prepared/oulu --dry-run
Example: fasgard experiment protocols/leave-one-species-out.toml --data prepared/ --configs configs/resnet18-8x8.toml configs/resnet18-ps.toml --seeds 0,1,2 --output experiment/"
)]
pub(crate) struct Experiment {
    /// Protocol file (TOML)
    pub(crate) protocol: PathBuf,
    /// Prepared datasets
    #[arg(long, required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// Experiment configurations; the first is the baseline of significance tests
    #[arg(long, num_args = 1.., required_unless_present = "dry_run")]
    pub(crate) configs: Vec<PathBuf>,
    /// Seeds, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "0")]
    pub(crate) seeds: Vec<u64>,
    /// The experiment's folder; the same command goes on where it was
    #[arg(long, required_unless_present = "dry_run")]
    pub(crate) output: Option<PathBuf>,
    /// Only these folds
    #[arg(long, num_args = 1..)]
    pub(crate) fold: Vec<String>,
    /// Override a key of every configuration, such as --set train.steps=500 (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// iso, oulu, pooled or target-eer (default: the protocol's)
    #[arg(long)]
    pub(crate) convention: Option<String>,
    /// eer, bpcer=1%, apcer=1%, value=X or target-eer (default: the protocol's)
    #[arg(long)]
    pub(crate) threshold: Option<String>,
    /// Published results (TOML) beside ours (default: published.toml beside the protocol)
    #[arg(long, value_name = "FILE")]
    pub(crate) published: Option<PathBuf>,
    /// Leave out the classical baselines
    #[arg(long)]
    pub(crate) no_baselines: bool,
    /// Print folds and counts, train nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Samples in a batch of scoring
    #[arg(long, default_value_t = 32)]
    pub(crate) batch: usize,
    /// Where tensors live: cpu
    #[arg(long, default_value = "cpu")]
    pub(crate) device: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(
    after_help = "Example: fasgard audit prepared/nuaa --protocol protocols/nuaa.toml --fold official"
)]
pub(crate) struct Audit {
    /// Prepared datasets
    #[arg(required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) fold: FoldArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write the JSON to a file, such as audit.json for `fasgard report`
    #[arg(long)]
    pub(crate) output: Option<PathBuf>,
}

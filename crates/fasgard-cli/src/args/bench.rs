//! Arguments of `fasgard bench`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(
    after_help = "Example: fasgard bench train --config configs/resnet18-ps.toml --batch 16 --size 128 --steps 10"
)]
pub(crate) struct Bench {
    /// train or infer
    #[arg(value_parser = ["train", "infer"])]
    pub(crate) what: String,
    /// Experiment configuration (TOML)
    #[arg(long, required_unless_present = "model")]
    pub(crate) config: Option<PathBuf>,
    /// infer: a model file instead of a configuration with drawn weights
    #[arg(long, conflicts_with_all = ["config", "size", "sets"])]
    pub(crate) model: Option<PathBuf>,
    /// Images in a batch
    #[arg(long, default_value_t = 8)]
    pub(crate) batch: usize,
    /// Side of the input in pixels (default: the configuration's)
    #[arg(long)]
    pub(crate) size: Option<u32>,
    /// Timed steps, after two that are not timed
    #[arg(long, default_value_t = 10)]
    pub(crate) steps: usize,
    /// Override a key of the configuration (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// Where tensors live: cpu, cuda or wgpu (a build has the last two by cargo feature)
    #[arg(long, default_value = "cpu")]
    pub(crate) device: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

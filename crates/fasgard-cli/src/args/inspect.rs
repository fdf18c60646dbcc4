//! Arguments of `fasgard inspect`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(after_help = "Example: fasgard inspect configs/resnet50-ps.toml")]
pub(crate) struct Inspect {
    /// Model file (.safetensors) or configuration (.toml)
    pub(crate) file: PathBuf,
    /// Run the model file's self-test
    #[arg(long)]
    pub(crate) verify: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

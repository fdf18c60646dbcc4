//! Arguments of `fasgard demo`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(after_help = "Example: fasgard demo --output fasgard-demo")]
pub(crate) struct Demo {
    /// Folder for everything that the demo makes
    #[arg(long, default_value = "fasgard-demo")]
    pub(crate) output: PathBuf,
    /// Seed of faces and weights
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Training steps of each of the three models
    #[arg(long, default_value_t = 0, hide = true)]
    pub(crate) steps: u64,
    /// People per split: train,dev,test
    #[arg(long, value_delimiter = ',', hide = true)]
    pub(crate) identities: Vec<u32>,
    /// Where tensors live: cpu, cuda or wgpu (a build has the last two by cargo feature)
    #[arg(long, default_value = "cpu")]
    pub(crate) device: String,
}

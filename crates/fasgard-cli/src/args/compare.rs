//! Arguments of `fasgard compare`.

use std::path::PathBuf;

use clap::Args;

use super::Counting;

#[derive(Args)]
#[command(
    after_help = "Example: fasgard compare runs/ps/scores-test.csv runs/8x8/scores-test.csv --dev-a runs/ps/scores-dev.csv --dev-b runs/8x8/scores-dev.csv"
)]
pub(crate) struct Compare {
    /// Scores of system A
    pub(crate) a: PathBuf,
    /// Scores of system B, of the same samples
    pub(crate) b: PathBuf,
    /// Scores that A's threshold is chosen on
    #[arg(long, value_name = "DEV.csv")]
    pub(crate) dev_a: Option<PathBuf>,
    /// Scores that B's threshold is chosen on
    #[arg(long, value_name = "DEV.csv")]
    pub(crate) dev_b: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) counting: Counting,
    /// iso, oulu, pooled or target-eer: how APCER aggregates, and the default threshold
    #[arg(long, default_value = "iso")]
    pub(crate) convention: String,
    /// Number of draws of whole subjects
    #[arg(long, value_name = "N[,SEED]", default_value = "2000")]
    pub(crate) bootstrap: String,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write the JSON to a file
    #[arg(long)]
    pub(crate) output: Option<PathBuf>,
}

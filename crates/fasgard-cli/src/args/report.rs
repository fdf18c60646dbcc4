//! Arguments of `fasgard report`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(
    after_help = "Example: fasgard report runs/single runs/ps --data prepared/ --output report.html"
)]
pub(crate) struct Report {
    /// Run folders with config.toml, metrics.csv, scores-dev.csv, scores-test.csv,
    /// maps-test.safetensors and evaluation.json (what is missing is said)
    #[arg(required = true, num_args = 1..)]
    pub(crate) runs: Vec<PathBuf>,
    /// Prepared datasets: where the gallery's images come from
    #[arg(long, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// What `fasgard audit --output` wrote (default: audit.json of a run's or its experiment's folder)
    #[arg(long, num_args = 1.., value_name = "audit.json")]
    pub(crate) audit: Vec<PathBuf>,
    /// The report (HTML)
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Title of the report
    #[arg(long, default_value = "Presentation attack detection")]
    pub(crate) title: String,
    /// Also write the tables as Markdown, LaTeX and CSV into this folder
    #[arg(long)]
    pub(crate) tables: Option<PathBuf>,
    /// Samples shown of live and of each species
    #[arg(long, default_value_t = 6)]
    pub(crate) gallery: usize,
}

//! Arguments of `fasgard evaluate`, and the counting rules that `compare` takes too.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(
    after_help = "Example: fasgard evaluate --dev runs/ps/scores-dev.csv --test runs/ps/scores-test.csv --convention iso
Example: fasgard evaluate --test theirs.csv --threshold value=0.5 --by device --bootstrap 2000"
)]
pub(crate) struct Evaluate {
    /// Scores that the threshold is chosen on
    #[arg(long)]
    pub(crate) dev: Option<PathBuf>,
    /// Scores that are reported on
    #[arg(long)]
    pub(crate) test: PathBuf,
    #[command(flatten)]
    pub(crate) counting: Counting,
    /// iso, oulu, pooled, target-eer or all
    #[arg(long, default_value = "iso")]
    pub(crate) convention: String,
    /// Break the test set down by this: dataset, split, subject, video, species, family, or a key of
    /// the attributes such as device or session (repeatable)
    #[arg(long, value_name = "ATTRIBUTE")]
    pub(crate) by: Vec<String>,
    /// Intervals of ACER, HTER, EER and AUC from N draws of whole subjects [default N: 2000]
    #[arg(long, value_name = "N[,SEED]", num_args = 0..=1, default_missing_value = "2000")]
    pub(crate) bootstrap: Option<String>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write the JSON to a file
    #[arg(long)]
    pub(crate) output: Option<PathBuf>,
}

/// What counts as a presentation, where the threshold comes from, and what is drawn.
#[derive(Args)]
pub(crate) struct Counting {
    /// eer, bpcer=1%, apcer=1%, min-acer, value=X or target-eer (default: the convention's)
    #[arg(long)]
    pub(crate) threshold: Option<String>,
    /// frame or video (default: video if any video has several rows)
    #[arg(long)]
    pub(crate) level: Option<String>,
    /// How a video's frames are fused: mean, median, max, min, trimmed (mean without the outer
    /// tenths) or peak (mean of the lowest fifth)
    #[arg(long, default_value = "mean")]
    pub(crate) fuse: String,
    /// Presentations without a score: exclude (left out and reported) or reject (count as attack)
    #[arg(long, value_name = "POLICY", default_value = "exclude")]
    pub(crate) no_response: String,
    /// Seed of the draws, instead of the one after --bootstrap N,
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// What is drawn: subject, video, presentation, or auto (subjects where all are known)
    #[arg(long, value_name = "UNIT", default_value = "auto")]
    pub(crate) cluster: String,
}

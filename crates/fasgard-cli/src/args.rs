//! The command line: one file a command.

mod bench;
mod calibrate;
mod compare;
mod demo;
mod evaluate;
mod experiment;
mod export;
mod import;
mod inspect;
mod localize;
mod models;
mod predict;
mod prepare;
mod report;
mod score;
mod serve;
mod simulate;
mod train;

use clap::{Args, Parser, Subcommand};

pub(crate) use bench::Bench;
pub(crate) use calibrate::Calibrate;
pub(crate) use compare::Compare;
pub(crate) use demo::Demo;
pub(crate) use evaluate::{Counting, Evaluate};
pub(crate) use experiment::{Audit, Experiment};
pub(crate) use export::{CheckOptions, Export, ExportFace, ExportFormat, ExportOnnx};
pub(crate) use import::Import;
pub(crate) use inspect::Inspect;
pub(crate) use localize::Localize;
pub(crate) use models::{Models, ModelsAction};
pub(crate) use predict::Predict;
pub(crate) use prepare::Prepare;
pub(crate) use report::Report;
pub(crate) use score::Score;
pub(crate) use serve::Serve;
pub(crate) use simulate::Simulate;
pub(crate) use train::{FoldArgs, Train};

/// Face presentation attack detection with pyramid supervision.
#[derive(Parser)]
#[command(name = "fasgard", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Render faces and attacks, train three twins on them, evaluate, write a report
    Demo(Demo),
    /// Turn raw recordings into a prepared dataset, or check one
    Prepare(Prepare),
    /// Auxiliary face weights: install them, or say what is installed
    Models(Models),
    /// Make presentation attacks of the live faces of prepared datasets
    Simulate(Simulate),
    /// Train a detector
    Train(Train),
    /// Score a split of prepared data with a model
    Score(Score),
    /// Error rates, thresholds and intervals from score files
    Evaluate(Evaluate),
    /// Whether one system is better than another on the same samples: paired tests
    Compare(Compare),
    /// Whether a model's maps point at the attack: measured with masks
    Localize(Localize),
    /// A protocol's folds x configurations x seeds: train, score, evaluate, tables
    Experiment(Experiment),
    /// Leaks between splits, shortcuts and balance of prepared datasets
    Audit(Audit),
    /// One self-contained HTML report from run folders
    Report(Report),
    /// Live, attack or no decision: judge images, videos or folders with a model
    Predict(Predict),
    /// Answer over HTTP, with a web page
    Serve(Serve),
    /// Set a model's threshold for your own camera
    Calibrate(Calibrate),
    /// Turn weights of another project into a file that training can start from
    Import(Import),
    /// Write a model for other runtimes: ONNX, checked with ONNX Runtime
    Export(Export),
    /// Shapes, parameters and cost of a model file or config
    Inspect(Inspect),
    /// Time training steps or inference on synthetic tensors
    Bench(Bench),
    /// Shell completions
    Completions(Completions),
}

#[derive(Args)]
#[command(after_help = "Example: fasgard completions bash > fasgard.bash")]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

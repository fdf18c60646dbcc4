//! The commands, one a file.

mod audit;
mod bench;
mod calibrate;
mod canvas;
mod compare;
mod completions;
mod counts;
mod demo;
mod evaluate;
mod experiment;
mod export;
pub(crate) mod fold;
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

use crate::args::Command;

/// Runs a command.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Demo(args) => demo::run(&args),
        Command::Prepare(args) => prepare::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Localize(args) => localize::run(&args),
        Command::Experiment(args) => experiment::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}

/// Prints results: to standard output, where other programs read them. A closed pipe is no error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Says of a model that has seen rendered faces only that it is not for real ones: at every use.
fn note_if_rendered(card: &fasgard_model::ModelCard) {
    if card.is_rendered_only() {
        crate::progress::say(
            "note: this model was trained on rendered faces only; it is not for real faces",
        );
    }
}

/// Warns of prepared data whose stored crops end before what a model looks at, `scale` times the
/// face box, does.
fn warn_if_narrow(dataset: &fasgard_data::Dataset, scale: f32) {
    for (name, held) in narrower(dataset, f64::from(scale) - 1e-3) {
        crate::progress::say(&format!(
            "warning: up to {scale} times the face box is looked at, and dataset `{name}` holds {held} times: the rest is black; prepare it again with a larger --wide-scale (4 at most), or use `fasgard predict` on whole photos"
        ));
    }
}

/// The prepared datasets whose stored crops hold less than `scale` times the face box, and how much.
fn narrower(dataset: &fasgard_data::Dataset, scale: f64) -> impl Iterator<Item = (&str, f64)> {
    let held = (dataset.infos().iter()).map(|info| Some((info.name.as_str(), info.wide_scale()?)));
    held.flatten().filter(move |(_, held)| *held < scale)
}

/// Prints a value as JSON.
pub(crate) fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

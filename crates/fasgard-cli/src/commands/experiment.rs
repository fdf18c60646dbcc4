//! `fasgard experiment`.

use std::path::Path;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use fasgard_data::Dataset;
use fasgard_data::protocol::{Fold, Protocol};
use fasgard_image::write_atomic;
use fasgard_metrics::{Convention, ConventionChoice};
use fasgard_train::{ExperimentConfig, Observer};

use super::{fold::announce, train::Watcher};
use crate::{
    args::Experiment as Args,
    device,
    experiment::{self, Experiment, Outcome, State, Watch, table},
    failure::misuse,
    progress::say,
};

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let protocol = Protocol::read(&args.protocol).map_err(misuse)?;
    let dataset = Dataset::open_all(&args.data).map_err(misuse)?;
    let folds = folds(&protocol, &dataset, &args.fold)?;
    if args.dry_run {
        return match args.json {
            true => super::print_json(&summary(&protocol, &folds)),
            false => super::print(&experiment::describe(&protocol, &folds)),
        };
    }
    // The command line asks for it unless this is a dry run.
    let Some(output) = &args.output else {
        return Err(misuse(
            "--output: expected the experiment's folder, found none",
        ));
    };
    let device = device::open(&args.device)?;
    let models = models(args)?;
    let file = protocol.file();
    let parsed = |text: &Option<String>| text.as_deref().map(str::parse).transpose();
    let experiment = Experiment {
        convention: match &args.convention {
            Some(text) => convention(text)?,
            None => file.convention,
        },
        // Another convention has its own threshold.
        threshold: match (parsed(&args.threshold).map_err(misuse)?, &args.convention) {
            (None, None) => file.threshold,
            (given, _) => given,
        },
        published: published(args, &file.name)?,
        seeds: seeds(&args.seeds)?,
        batch: args.batch.max(1),
        baselines: !args.no_baselines,
        output: output.clone(),
        protocol,
        dataset,
        folds,
        models,
    };
    for fold in &experiment.folds {
        announce(fold);
    }
    std::fs::create_dir_all(output)
        .map_err(|e| misuse(format!("{}: cannot create: {e}", output.display())))?;
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        // The first asks for an end at the next step; the second does not wait.
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })?;
    let outcome = experiment::run(&experiment, &device, &mut Terminal { stop })?;
    report(&experiment, &outcome, output, args.json)
}

/// Writes and prints the tables; fails if a cell failed or the experiment was stopped.
fn report(
    experiment: &Experiment,
    outcome: &Outcome,
    output: &Path,
    json: bool,
) -> anyhow::Result<()> {
    let results = serde_json::json!({
        "schema": 1,
        "protocol": experiment.protocol.file().name,
        "protocol_sha256": experiment.protocol.sha256(),
        "convention": experiment.convention,
        "seeds": experiment.seeds,
        "folds": summary(&experiment.protocol, &experiment.folds)["folds"],
        "cells": outcome.cells,
        "comparisons": outcome.comparisons,
        "finished": !outcome.stopped,
    });
    write_atomic(
        output.join("results.json"),
        &serde_json::to_vec_pretty(&results)?,
    )?;
    if !outcome.stopped {
        let tables = table::build(experiment, outcome);
        table::write(&tables, output)?;
        match json {
            true => super::print_json(&results)?,
            false => super::print(&table::terminal(&tables))?,
        }
    }
    let count =
        |wanted: &dyn Fn(&State) -> bool| outcome.cells.iter().filter(|c| wanted(&c.state)).count();
    let failed = count(&|s| matches!(s, State::Failed(_)));
    say(&format!(
        "{} cells done, {} unchanged, {failed} failed: {}",
        count(&|s| *s == State::Done),
        count(&|s| *s == State::Unchanged),
        output.display()
    ));
    anyhow::ensure!(
        !outcome.stopped,
        "stopped; what is done is kept: go on with the same command"
    );
    anyhow::ensure!(
        failed == 0,
        "{failed} of {} cells failed; mend the cause and give the same command again",
        outcome.cells.len()
    );
    Ok(())
}

/// One convention: a table has one.
fn convention(text: &str) -> anyhow::Result<Convention> {
    match text.parse().map_err(misuse)? {
        ConventionChoice::One(convention) => Ok(convention),
        ConventionChoice::All => Err(misuse(
            "--convention: expected iso, oulu, pooled or target-eer, found all; a table has one",
        )),
    }
}

/// The folds asked for, assigned and checked before anything runs.
fn folds(protocol: &Protocol, dataset: &Dataset, only: &[String]) -> anyhow::Result<Vec<Fold>> {
    let names = match only.is_empty() {
        true => protocol.folds(dataset).map_err(misuse)?,
        false => only.to_vec(),
    };
    experiment::distinct(names.iter().map(String::as_str)).map_err(|(a, b)| {
        misuse(format!(
            "folds: expected names that differ in letters or digits, found `{a}` and `{b}`"
        ))
    })?;
    let fold = |name: &String| protocol.fold(dataset, name).map_err(misuse);
    names.iter().map(fold).collect()
}

fn models(args: &Args) -> anyhow::Result<Vec<ExperimentConfig>> {
    let mut models = Vec::new();
    for path in &args.configs {
        let config = ExperimentConfig::read(path, &args.sets).map_err(misuse)?;
        if config.protocol.is_some() {
            return Err(misuse(format!(
                "{}: key `protocol`: it is of a run's config.toml; remove the key",
                path.display()
            )));
        }
        models.push(config);
    }
    experiment::distinct(models.iter().map(|m| m.name.as_str())).map_err(|(a, b)| {
        misuse(format!(
            "--configs: key `name`: expected different names, found `{a}` and `{b}`"
        ))
    })?;
    Ok(models)
}

fn seeds(seeds: &[u64]) -> anyhow::Result<Vec<u64>> {
    for (i, seed) in seeds.iter().enumerate() {
        if seeds[..i].contains(seed) {
            return Err(misuse(format!(
                "--seeds: expected every seed once, found {seed} twice"
            )));
        }
    }
    Ok(seeds.to_vec())
}

/// The published rows of a protocol: of the file that is given, else of the one beside the protocol
/// if there is one.
fn published(args: &Args, protocol: &str) -> anyhow::Result<Vec<experiment::Published>> {
    let beside = args.protocol.with_file_name("published.toml");
    match &args.published {
        Some(path) => experiment::read_published(path, protocol).map_err(misuse),
        None if beside.is_file() => experiment::read_published(&beside, protocol).map_err(misuse),
        None => Ok(Vec::new()),
    }
}

fn summary(protocol: &Protocol, folds: &[Fold]) -> serde_json::Value {
    let folds: Vec<_> = folds
        .iter()
        .map(|fold| {
            serde_json::json!({
                "name": fold.name,
                "counts": fold.counts,
                "unassigned": fold.unassigned,
                "checked": fold.checked,
                "differences": fold.differences,
                "notes": fold.notes,
            })
        })
        .collect();
    serde_json::json!({
        "protocol": protocol.file().name,
        "title": protocol.file().title,
        "level": protocol.file().level,
        "notes": protocol.file().notes,
        "sha256": protocol.sha256(),
        "folds": folds,
    })
}

struct Terminal {
    stop: Arc<AtomicBool>,
}

impl Watch for Terminal {
    fn line(&mut self, text: &str) {
        say(text);
    }

    fn observer(&mut self, cell: &str) -> Box<dyn Observer> {
        Box::new(Watcher::new(cell.to_owned(), Arc::clone(&self.stop)))
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

//! `fasgard evaluate`.

use fasgard_image::write_atomic;
use fasgard_metrics::{
    Criterion, Evaluation, Fuse, Level, NoResponse, Request, ScoreTable, evaluate,
    resample::{Bootstrap, Unit},
};

use crate::{
    args::{Counting, Evaluate},
    failure::misuse,
};

pub(super) fn run(args: &Evaluate) -> anyhow::Result<()> {
    // What was asked for is checked before large files are read.
    let convention = args.convention.parse().map_err(misuse)?;
    let counted = Counted::parse(&args.counting)?;
    let bootstrap = match &args.bootstrap {
        Some(text) => Some(counted.draws(text)?),
        None if counted.seed.is_some() => {
            return Err(misuse("--seed is of the draws; add --bootstrap"));
        }
        None => None,
    };
    let dev = args
        .dev
        .as_ref()
        .map(ScoreTable::read)
        .transpose()
        .map_err(misuse)?;
    let test = ScoreTable::read(&args.test).map_err(misuse)?;
    let request = Request {
        convention,
        threshold: counted.threshold,
        level: counted.level,
        fuse: counted.fuse,
        no_response: counted.no_response,
        by: args.by.clone(),
        bootstrap,
        cluster: counted.cluster,
        ..Request::new(dev.as_ref(), &test)
    };
    let evaluation = evaluate(&request).map_err(misuse)?;
    if let Some(path) = &args.output {
        write(&evaluation, path)?;
    }
    match args.json {
        true => super::print_json(&evaluation),
        false => super::print(&evaluation.table()),
    }
}

/// [`Counting`], understood.
pub(super) struct Counted {
    pub(super) threshold: Option<Criterion>,
    pub(super) level: Option<Level>,
    pub(super) fuse: Fuse,
    pub(super) no_response: NoResponse,
    pub(super) cluster: Option<Unit>,
    seed: Option<u64>,
}

impl Counted {
    pub(super) fn parse(args: &Counting) -> anyhow::Result<Self> {
        let threshold = args.threshold.as_deref().map(str::parse).transpose();
        let level = args.level.as_deref().map(str::parse).transpose();
        Ok(Self {
            threshold: threshold.map_err(misuse)?,
            level: level.map_err(misuse)?,
            fuse: args.fuse.parse().map_err(misuse)?,
            no_response: args.no_response.parse().map_err(misuse)?,
            cluster: Unit::parse_choice(&args.cluster).map_err(misuse)?,
            seed: args.seed,
        })
    }

    /// The draws that a text and `--seed` ask for.
    pub(super) fn draws(&self, text: &str) -> anyhow::Result<Bootstrap> {
        let mut bootstrap: Bootstrap = text.parse().map_err(misuse)?;
        if let Some(seed) = self.seed {
            if text.contains(',') && bootstrap.seed != seed {
                return Err(misuse(format!(
                    "two seeds: --bootstrap {text} and --seed {seed}; give one"
                )));
            }
            bootstrap.seed = seed;
        }
        Ok(bootstrap)
    }
}

/// Writes an evaluation as JSON.
pub(super) fn write(evaluation: &Evaluation, path: &std::path::Path) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(evaluation)?;
    write_atomic(path, json.as_bytes())?;
    Ok(())
}

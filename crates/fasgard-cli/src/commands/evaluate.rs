//! `fasgard evaluate`.

use fasgard_image::write_atomic;
use fasgard_metrics::{Evaluation, Request, ScoreFile, evaluate};

use crate::{args::Evaluate, failure::misuse};

pub(super) fn run(args: &Evaluate) -> anyhow::Result<()> {
    let dev = args
        .dev
        .as_ref()
        .map(ScoreFile::read)
        .transpose()
        .map_err(misuse)?;
    let test = ScoreFile::read(&args.test).map_err(misuse)?;
    let mut request = Request::new(dev.as_ref(), &test);
    request.convention = args.convention.parse().map_err(misuse)?;
    request.threshold = args
        .threshold
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(misuse)?;
    request.level = args
        .level
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(misuse)?;
    request.fuse = args.fuse.parse().map_err(misuse)?;
    let evaluation = evaluate(&request).map_err(misuse)?;
    if let Some(path) = &args.output {
        write(&evaluation, path)?;
    }
    match args.json {
        true => super::print_json(&evaluation),
        false => super::print(&evaluation.table()),
    }
}

/// Writes an evaluation as JSON.
pub(super) fn write(evaluation: &Evaluation, path: &std::path::Path) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(evaluation)?;
    write_atomic(path, json.as_bytes())?;
    Ok(())
}

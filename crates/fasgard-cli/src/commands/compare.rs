//! `fasgard compare`.

use fasgard_image::write_atomic;
use fasgard_metrics::{
    ConventionChoice, ScoreTable,
    compare::{CompareRequest, compare},
};

use super::evaluate::Counted;
use crate::{args::Compare, failure::misuse};

pub(super) fn run(args: &Compare) -> anyhow::Result<()> {
    let convention = match args.convention.parse().map_err(misuse)? {
        ConventionChoice::One(convention) => convention,
        ConventionChoice::All => {
            return Err(misuse(
                "--convention all: a comparison is under one convention; name it",
            ));
        }
    };
    let counted = Counted::parse(&args.counting)?;
    let bootstrap = counted.draws(&args.bootstrap)?;
    let read = |path: &std::path::PathBuf| ScoreTable::read(path).map_err(misuse);
    let dev = |path: &Option<std::path::PathBuf>| path.as_ref().map(read).transpose();
    let (dev_a, dev_b) = (dev(&args.dev_a)?, dev(&args.dev_b)?);
    let (a, b) = (read(&args.a)?, read(&args.b)?);
    let comparison = compare(&CompareRequest {
        dev_a: dev_a.as_ref(),
        dev_b: dev_b.as_ref(),
        convention,
        threshold: counted.threshold,
        level: counted.level,
        fuse: counted.fuse,
        no_response: counted.no_response,
        bootstrap,
        cluster: counted.cluster,
        ..CompareRequest::new(&a, &b)
    })
    .map_err(misuse)?;
    if let Some(path) = &args.output {
        write_atomic(path, serde_json::to_string_pretty(&comparison)?.as_bytes())?;
    }
    match args.json {
        true => super::print_json(&comparison),
        false => super::print(&comparison.table()),
    }
}

//! `fasgard simulate`.

use fasgard_data::{
    Dataset,
    simulate::{SimulateError, SimulateOptions, simulate},
};

use super::{
    counts,
    prepare::{refused, watched},
};
use crate::{args::Simulate, failure::misuse};

pub(super) fn run(args: &Simulate) -> anyhow::Result<()> {
    let source = Dataset::open_all(&args.data).map_err(misuse)?;
    let mut options = SimulateOptions {
        name: args.name.clone(),
        seed: args.seed,
        per_live: args.per_live,
        side: args.side,
        wide_scale: args.wide_scale,
        attack_depth: args.attack_depth.parse().map_err(misuse)?,
        artefact: args.artefact.parse().map_err(misuse)?,
        overwrite: args.overwrite,
        ..SimulateOptions::default()
    };
    if !args.attacks.is_empty() {
        let attacks = args.attacks.iter().map(|a| a.parse());
        options.attacks = attacks.collect::<Result<_, _>>().map_err(misuse)?;
    }
    let live = source.samples().iter().filter(|s| s.row.label.is_live());
    let tick = watched(
        "simulate",
        "live images",
        live.count() as u64,
        "with failures",
    )?;
    let dataset =
        simulate(&source, &args.output, &options, &tick).map_err(|error| match error {
            SimulateError::Prepare(error) => refused(error),
            error => misuse(error),
        })?;
    drop(tick);
    let info = &dataset.infos()[0];
    if args.json {
        return super::print_json(&serde_json::json!({
            "name": info.name, "stored": dataset.samples().len(),
            "counts": info.counts, "notes": info.notes,
        }));
    }
    let mut text = format!(
        "dataset `{}`: {} images in {}\n",
        info.name,
        dataset.samples().len(),
        args.output.display()
    );
    let mut lost = 0;
    for count in &info.counts {
        let numbers = format_args!("{} of {}", count.found, count.expected);
        text += &counts::line(count, numbers);
        lost += count.expected - count.found;
    }
    if lost > 0 {
        text += &format!("{lost} left out, listed in failures.csv\n");
    }
    for note in &info.notes {
        text += &format!("  note: {note}\n");
    }
    super::print(&text)
}

//! `fasgard prepare`.

use std::{ops::ControlFlow, sync::Mutex};

use fasgard_data::{Count, PrepareOptions, PrepareSummary, layout, prepare, prepare::StoredFormat};

use crate::{args::Prepare, failure::misuse, progress::Progress};

pub(super) fn run(args: &Prepare) -> anyhow::Result<()> {
    let layout = layout::by_name(&args.layout).map_err(misuse)?;
    let mut options = PrepareOptions {
        crop: args.crop.parse().map_err(misuse)?,
        max_side: args.max_side,
        format: if args.png {
            StoredFormat::Png
        } else {
            StoredFormat::default()
        },
        name: args.name.clone(),
        overwrite: args.overwrite,
        // Counts come first: names are cheap, pixels are not.
        dry_run: true,
        ..PrepareOptions::default()
    };
    let nothing = |_| ControlFlow::Continue(());
    let listed = prepare(layout, &args.input, &args.output, &options, &nothing).map_err(misuse)?;
    if !args.json {
        super::print(&describe(&listed))?;
    }
    if args.dry_run {
        return if args.json { json(&listed) } else { Ok(()) };
    }
    options.dry_run = false;
    let progress = Mutex::new(Progress::new("prepare", "images", listed.listed));
    let tick = |p: fasgard_data::Progress| {
        let failed = if p.failed > 0 {
            format!("{} failed", p.failed)
        } else {
            String::new()
        };
        if let Ok(mut progress) = progress.lock() {
            progress.set(p.done, &failed);
        }
        ControlFlow::Continue(())
    };
    let summary = prepare(layout, &args.input, &args.output, &options, &tick).map_err(misuse)?;
    drop(progress);
    if args.json {
        return json(&summary);
    }
    let mut text = format!(
        "stored {} of {} images in {}\n",
        summary.stored,
        summary.listed,
        args.output.display()
    );
    if !summary.failures.is_empty() {
        let first = &summary.failures[0];
        text += &format!(
            "{} left out, listed in failures.csv; the first: {}: {}\n",
            summary.failures.len(),
            first.path,
            first.reason
        );
    }
    super::print(&text)
}

fn describe(summary: &PrepareSummary) -> String {
    let mut text = format!(
        "dataset `{}`: {} images listed\n",
        summary.name, summary.listed
    );
    for official in &summary.official {
        let same = if official.expected == official.found {
            "as published"
        } else {
            "DIFFERS"
        };
        text += &format!(
            "  {}: expected {}, found {} ({same})\n",
            official.part, official.expected, official.found
        );
    }
    for Count {
        split,
        label,
        species,
        expected,
        ..
    } in &summary.counts
    {
        let split = split.map_or_else(|| "no split".into(), |s| s.to_string());
        let class = species
            .as_ref()
            .map_or_else(|| label.to_string(), |s| format!("{label} {s}"));
        text += &format!("  {split:8} {class:24} {expected}\n");
    }
    for note in &summary.notes {
        text += &format!("  note: {note}\n");
    }
    text
}

fn json(summary: &PrepareSummary) -> anyhow::Result<()> {
    super::print_json(&serde_json::json!({
        "name": summary.name, "listed": summary.listed, "stored": summary.stored,
        "dry_run": summary.dry_run, "notes": summary.notes, "failures": summary.failures.len(),
        "counts": summary.counts, "official": summary.official,
    }))
}

//! `fasgard prepare`.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::{Mutex, atomic::Ordering},
    time::Instant,
};

use anyhow::bail;
use fasgard_data::{
    CropPolicy, DepthPolicy, PrepareOptions, PrepareSummary, layout,
    prepare::{Faces, Plan, PrepareError, StoredFormat, check},
};
use fasgard_face::WeightsError;

use super::counts;
use crate::{
    args::Prepare,
    failure::misuse,
    progress::{Progress, say},
    stop::on_ctrl_c,
};

/// Names that are printed of a longer list.
const SHOWN: usize = 10;

pub(super) fn run(args: &Prepare) -> anyhow::Result<()> {
    if let Some(dir) = &args.dir {
        if args.layout != "check" {
            return Err(misuse(format!(
                "expected `--input RAW --output DIR` after the layout `{}`, found `{}`",
                args.layout,
                dir.display()
            )));
        }
        return run_check(dir, args.json);
    }
    let (Some(input), Some(output)) = (&args.input, &args.output) else {
        return Err(misuse("expected `prepare check DIR`, found no folder"));
    };
    let layout = layout::by_name(&args.layout).map_err(misuse)?;
    let options = PrepareOptions {
        crop: args.crop.parse().map_err(misuse)?,
        depth: args.depth.parse().map_err(misuse)?,
        attack_depth: args.attack_depth.parse().map_err(misuse)?,
        frames: args.frames.parse().map_err(misuse)?,
        only: args.only.clone(),
        limit: args.limit,
        max_side: args.max_side,
        wide_scale: args.wide_scale,
        format: if args.png {
            StoredFormat::Png
        } else {
            StoredFormat::default()
        },
        name: args.name.clone(),
        overwrite: args.overwrite,
        ..PrepareOptions::default()
    };
    // Counts come first: names are cheap, pixels are not.
    let plan = Plan::new(layout, input, &options).map_err(misuse)?;
    let listed = plan.summary();
    if !args.json {
        super::print(&describe(&listed))?;
    }
    if args.dry_run {
        return if args.json { json(&listed) } else { Ok(()) };
    }
    let faces = faces(options.crop, options.depth)?;
    let tick = watched("prepare", "files", listed.listed, "failed")?;
    let begin = Instant::now();
    let summary = plan.run(output, faces.as_ref(), &tick).map_err(refused)?;
    drop(tick);
    if args.json {
        return json(&summary);
    }
    let seconds = begin.elapsed().as_secs_f64();
    let mut text = format!(
        "stored {} samples of {} files in {} in {seconds:.1} s\n",
        summary.stored,
        summary.listed,
        output.display()
    );
    if summary.resumed > 0 {
        text += &format!(
            "{} files had been done by an earlier run\n",
            summary.resumed
        );
    }
    // What the preparation itself found out.
    for note in summary.notes.iter().filter(|n| !listed.notes.contains(n)) {
        text += &format!("note: {note}\n");
    }
    if !summary.failures.is_empty() {
        let first = &summary.failures[0];
        text += &format!(
            "{} failures, listed in failures.csv; the first: {}: {}\n",
            summary.failures.len(),
            first.path,
            first.reason
        );
    }
    super::print(&text)
}

/// Shows the progress of work on data, and asks it to stop after Ctrl-C; `failed` is the word behind the
/// number of failures. The progress ends when this is dropped.
pub(super) fn watched(
    label: &'static str,
    unit: &'static str,
    total: u64,
    failed: &'static str,
) -> anyhow::Result<impl Fn(fasgard_data::Progress) -> ControlFlow<()> + Sync> {
    let stop = on_ctrl_c()?;
    let progress = Mutex::new(Progress::new(label, unit, total));
    Ok(move |p: fasgard_data::Progress| {
        let failed = if p.failed > 0 {
            format!("{} {failed}", p.failed)
        } else {
            String::new()
        };
        if let Ok(mut progress) = progress.lock() {
            progress.set(p.done, &failed);
        }
        match stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })
}

/// Work that was stopped did not fail by a mistake.
pub(super) fn refused(error: PrepareError) -> anyhow::Error {
    match error {
        PrepareError::Stopped { .. } => error.into(),
        error => misuse(error),
    }
}

/// The face networks, if the work can use them; without weights the work may do without.
fn faces(crop: CropPolicy, depth: DepthPolicy) -> anyhow::Result<Option<Faces>> {
    let for_depth = matches!(depth, DepthPolicy::Auto | DepthPolicy::Mesh);
    let for_crop = !matches!(crop, CropPolicy::None | CropPolicy::Center);
    if !for_depth && !for_crop {
        return Ok(None);
    }
    match Faces::load() {
        Ok(faces) => Ok(Some(faces)),
        Err(WeightsError::Missing { .. }) => {
            say(
                "face weights are not installed (`fasgard models install`): the dataset's own boxes and eyes are used",
            );
            Ok(None)
        }
        Err(error) => Err(misuse(error)),
    }
}

fn run_check(dir: &Path, as_json: bool) -> anyhow::Result<()> {
    let report = check(dir).map_err(misuse)?;
    if as_json {
        let damaged = report
            .damaged
            .iter()
            .map(|d| serde_json::json!({"sample": d.sample, "path": d.path, "reason": d.reason}));
        super::print_json(&serde_json::json!({
            "intact": report.intact, "unhashed": report.unhashed,
            "intact_maps": report.intact_maps, "unhashed_maps": report.unhashed_maps,
            "damaged": damaged.collect::<Vec<_>>(),
        }))?;
    } else {
        let mut text = format!("{} files as the manifest says\n", report.intact);
        if report.unhashed > 0 {
            text += &format!("{} files without a hash in the manifest\n", report.unhashed);
        }
        if report.intact_maps > 0 {
            text += &format!(
                "{} masks and depth maps as maps.sha256 says\n",
                report.intact_maps
            );
        }
        if report.unhashed_maps > 0 {
            text += &format!(
                "{} masks and depth maps without a hash\n",
                report.unhashed_maps
            );
        }
        for damaged in &report.damaged {
            text += &format!("{}: {}\n", damaged.path.display(), damaged.reason);
        }
        super::print(&text)?;
    }
    if !report.damaged.is_empty() {
        bail!(
            "{}: {} files are not as the manifest says; prepare the dataset again",
            dir.display(),
            report.damaged.len()
        );
    }
    Ok(())
}

fn describe(summary: &PrepareSummary) -> String {
    let mut text = format!(
        "dataset `{}`: {} files listed\n",
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
    for count in &summary.counts {
        text += &counts::line(count, count.expected);
    }
    for (names, what) in [
        (&summary.missing, "expected but missing"),
        (&summary.surplus, "not known to the layout"),
    ] {
        if !names.is_empty() {
            text += &format!("  {} files {what}:\n", names.len());
            for name in names.iter().take(SHOWN) {
                text += &format!("    {name}\n");
            }
            if names.len() > SHOWN {
                text += "    ... all are listed in dataset.toml\n";
            }
        }
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
        "counts": summary.counts, "official": summary.official, "resumed": summary.resumed,
        "missing": summary.missing, "surplus": summary.surplus,
    }))
}

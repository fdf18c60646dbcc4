//! `fasgard audit`.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use fasgard_data::Dataset;
use fasgard_data::audit::{Audit, LeakKind, NEAR_BITS, STRONG, audit};
use fasgard_data::protocol::Protocol;
use fasgard_image::write_atomic;

use super::fold;
use crate::{args::Audit as Args, failure::misuse, progress::say};

/// Images between two lines of progress.
const EVERY: u64 = 20_000;

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let declared = match &args.fold.protocol {
        Some(path) => Protocol::read(path).map_err(misuse)?.file().overlap.clone(),
        None => Vec::new(),
    };
    let (dataset, card) = match args.fold.protocol {
        Some(_) => fold::open(&args.data, &args.fold)?,
        None => (Dataset::open_all(&args.data).map_err(misuse)?, None),
    };
    let done = AtomicU64::new(0);
    let tick = || {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(EVERY) {
            say(&format!("audit: {done} images"));
        }
    };
    let found = audit(&dataset, &declared, &tick);
    anyhow::ensure!(
        found.balance.iter().any(|b| b.live + b.attack > 0),
        "{}: no sample has a split; give --protocol FILE --fold NAME",
        found.datasets.join(", ")
    );
    if let Some(path) = &args.output {
        let json = serde_json::to_string_pretty(&found)?;
        write_atomic(path, json.as_bytes())?;
    }
    match args.json {
        true => super::print_json(&found)?,
        false => {
            let splits = card.map_or("the manifests' own splits".to_owned(), |c| c.to_string());
            super::print(&describe(&found, &splits))?;
        }
    }
    let undeclared = found.leaks.iter().filter(|l| l.is_undeclared()).count();
    anyhow::ensure!(
        undeclared == 0,
        "{undeclared} leak(s) between splits that no protocol declares: results on the later split are optimistic"
    );
    Ok(())
}

fn describe(audit: &Audit, splits: &str) -> String {
    let mut out = format!(
        "audit of {}, {splits}\n\nbalance\n",
        audit.datasets.join(", ")
    );
    for b in &audit.balance {
        let _ = writeln!(
            out,
            "  {:5}  {} live, {} attack, {} videos, {} people",
            b.split.to_string(),
            b.live,
            b.attack,
            b.videos,
            b.subjects
        );
        for (species, count) in &b.species {
            let _ = writeln!(out, "         {species}: {count}");
        }
    }
    let _ = writeln!(
        out,
        "\nleaks between splits (near: at most {NEAR_BITS} of the 63 bits of a perceptual hash differ)"
    );
    if audit.leaks.is_empty() {
        out += "  none found\n";
    }
    for leak in &audit.leaks {
        let [first, second] = leak.splits;
        let what = match leak.kind {
            LeakKind::Subject => "people",
            LeakKind::ExactDuplicate => "the same files",
            LeakKind::NearDuplicate => "nearly the same pictures",
            LeakKind::LookAlike => "look-alikes of other people (no leak)",
        };
        let verdict = match (&leak.declared, leak.is_undeclared()) {
            (Some(why), _) => format!("declared: {why}"),
            (None, true) => "NOT DECLARED".to_owned(),
            (None, false) => "for information".to_owned(),
        };
        let _ = writeln!(
            out,
            "  {second} and {first}: {} of {} {what}, such as {}; {verdict}",
            leak.count,
            leak.of,
            leak.examples.join(", ")
        );
    }
    out += "\nsingle features as detectors: AUC (above 0.5: live has more of it)\n";
    let _ = writeln!(out, "  {:14} {:>6} {:>6} {:>6}", "", "train", "dev", "test");
    let number = |v: Option<f64>| v.map_or("–".to_owned(), |v| format!("{v:.3}"));
    for s in &audit.shortcuts {
        let mark = match (s.strong, s.flips) {
            (true, _) => format!("  a shortcut: {STRONG} or more from 0.5 on train and test"),
            (false, true) => "  changes its sign".to_owned(),
            (false, false) => String::new(),
        };
        let (train, dev, test) = (number(s.train), number(s.dev), number(s.test));
        let _ = writeln!(
            out,
            "  {:14} {train:>6} {dev:>6} {test:>6}{mark}",
            s.feature
        );
    }
    if let Some(t) = &audit.together {
        let (train, dev, test) = (number(t.train), number(t.dev), number(t.test));
        let _ = writeln!(
            out,
            "  {:14} {train:>6} {dev:>6} {test:>6}  logistic regression fitted to train",
            "all together"
        );
    }
    if !audit.labels.is_empty() {
        out += "\nlabels and people\n";
        for line in &audit.labels {
            let _ = writeln!(out, "  {line}");
        }
    }
    if let Some(first) = &audit.first_error {
        let _ = writeln!(
            out,
            "\n{} images cannot be read; the first: {first}",
            audit.unreadable
        );
    }
    out
}

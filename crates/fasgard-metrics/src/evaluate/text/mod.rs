//! An evaluation as text for the terminal.

mod cells;
mod columns;
mod figures;
pub(crate) mod grid;

use std::collections::BTreeMap;

use cells::{counts, value};
use columns::{stacked, wide};
use figures::{Block, Column, blocks};
use grid::Grid;

use super::{Breakdown, Counts, Evaluation, ScoreFileNote, warnings::short};
use crate::{level::Level, ranked::NoResponse, rate::Rate, resample::Method, threshold::Threshold};

impl Evaluation {
    /// Text for a terminal: what was counted and how, the threshold and where it came from, figures
    /// in percent with errors, presentations and 95 % intervals, every species, operating points,
    /// breakdowns, warnings. With several conventions, one group of columns each.
    pub fn table(&self) -> String {
        let mut text = self.head();
        let outcomes = self.outcomes();
        let columns: Vec<Column<'_>> = match outcomes.as_slice() {
            [(_, outcome)] => std::iter::once(Column {
                head: "test".to_owned(),
                outcome,
                figures: &outcome.test,
                clustered: outcome.intervals.as_ref(),
            })
            .chain(outcome.dev.as_ref().map(|figures| Column {
                head: "dev".to_owned(),
                outcome,
                figures,
                clustered: None,
            }))
            .collect(),
            several => several
                .iter()
                .map(|(convention, outcome)| Column {
                    head: match outcome.note {
                        Some(_) => format!("{convention} (!)"),
                        None => convention.to_string(),
                    },
                    outcome,
                    figures: &outcome.test,
                    clustered: outcome.intervals.as_ref(),
                })
                .collect(),
        };
        let blocks = blocks(&columns);
        text += "\n";
        text += &match outcomes.len() {
            1 => wide(&columns, &blocks),
            _ => stacked(&columns, &blocks),
        };
        text += &reasons(&blocks);
        text += &self.intervals();
        for (convention, outcome) in &outcomes {
            for breakdown in &outcome.by {
                let of = match outcomes.len() {
                    1 => String::new(),
                    _ => format!(", convention {convention}"),
                };
                text += &by(breakdown, &of);
            }
        }
        if !self.warnings.is_empty() {
            text += "\nWarnings\n";
            for warning in &self.warnings {
                text += &format!("  ! {}\n", warning.text);
            }
        }
        text
    }

    fn head(&self) -> String {
        let outcomes = self.outcomes();
        let level = match (self.level, self.fuse) {
            (Level::Frame, _) => "frame level (every row counts once)".to_owned(),
            (Level::Video, Some(fuse)) => {
                format!("video level (every video counts once, frames fused by {fuse})")
            }
            (Level::Video, None) => "video level (every video counts once)".to_owned(),
        };
        let missing = match self.no_response {
            NoResponse::Exclude => "left out of error rates",
            NoResponse::Reject => "counted as rejected",
        };
        let mut text = format!(
            "Convention {}, {level}; presentations without a score are {missing}\n\n",
            match self.outcomes().as_slice() {
                [(convention, _)] => convention.to_string(),
                _ => "all, side by side".to_owned(),
            }
        );
        let dev = outcomes.first().and_then(|(_, o)| o.dev.as_ref());
        if let (Some(file), Some(figures)) = (&self.files.dev, dev) {
            text += &set("dev", file, &figures.counts, figures.apcer_by_species.len());
        }
        if let Some((_, outcome)) = outcomes.first() {
            let figures = &outcome.test;
            let species = figures.apcer_by_species.len();
            text += &set("test", &self.files.test, &figures.counts, species);
        }
        // Conventions that share a threshold share its lines.
        let mut thresholds: Vec<(&Threshold, Vec<String>)> = Vec::new();
        for (convention, outcome) in &outcomes {
            match thresholds
                .iter_mut()
                .find(|(t, _)| **t == outcome.threshold)
            {
                Some((_, of)) => of.push(convention.to_string()),
                None => thresholds.push((&outcome.threshold, vec![convention.to_string()])),
            }
        }
        let several = thresholds.len() > 1;
        for (threshold, of) in thresholds {
            let of = match several {
                true => format!("{}: ", of.join(", ")),
                false => String::new(),
            };
            text += &format!(
                "threshold  {of}score > {} ({})\n           {}\n",
                threshold.value, threshold.criterion, threshold.from
            );
        }
        for (convention, outcome) in &outcomes {
            if let Some(note) = &outcome.note {
                text += &format!("       (!)  {convention} is {note}\n");
            }
        }
        text
    }

    /// What kinds of intervals stand in the table.
    fn intervals(&self) -> String {
        let mut text =
            "\n95 %: exact (Clopper-Pearson), presentations taken as independent".to_owned();
        match self
            .outcomes()
            .first()
            .and_then(|(_, o)| o.intervals.as_ref())
        {
            Some(i) => {
                text += &format!(
                    "\nby {}: {} {}s drawn, {} replicates, seed {}, threshold held fixed",
                    i.unit, i.clusters, i.unit, i.bootstrap.replicates, i.bootstrap.seed
                );
                if i.undefined > 0 {
                    text += &format!("; {} replicates lacked a class", i.undefined);
                }
                let exact = [i.apcer, i.bpcer, i.acer, i.hter, i.eer]
                    .into_iter()
                    .flatten();
                if exact.clone().any(|i| i.method == Method::ExactClusters) {
                    text += &format!(
                        "\n  *: no error, so the upper end is the exact bound for 0 of so many {}s",
                        i.unit
                    );
                }
            }
            None => text += "; for ACER, HTER, EER and AUC add --bootstrap",
        }
        text + "\n"
    }
}

fn set(name: &str, file: &ScoreFileNote, counts: &Counts, species: usize) -> String {
    let split = file.split.map_or_else(
        || "split not the same in every row".to_owned(),
        |split| format!("split {split}"),
    );
    let model = file.origin.as_ref().map_or_else(String::new, |o| {
        format!(", model {} (weights {})", o.model, short(&o.weights_sha256))
    });
    format!(
        "{name:<9}  {}: {} rows, {split}, sha256 {}{model}\n           {} live and {} attack presentations of {species} species have a score, {} live and {} attack have none\n",
        file.path,
        file.rows,
        short(&file.sha256),
        counts.live,
        counts.attack,
        counts.live_nonresponse,
        counts.attack_nonresponse,
    )
}

/// Why figures are undefined, each reason once.
fn reasons(blocks: &[Block<'_>]) -> String {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in blocks.iter().flat_map(|b| &b.lines) {
        for reason in line
            .cells
            .iter()
            .filter_map(|(rate, _)| rate.as_ref()?.reason.as_deref())
        {
            let names = reasons.entry(reason).or_default();
            let name = line
                .name
                .split("  ")
                .find(|n| !n.is_empty())
                .unwrap_or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let mut text = String::new();
    for (reason, names) in reasons {
        text += &format!("\n– undefined, {reason}: {}", names.join(", "));
    }
    match text.is_empty() {
        true => text,
        false => text + "\n",
    }
}

fn by(breakdown: &Breakdown, of: &str) -> String {
    let mut grid = Grid::default();
    grid.row([
        breakdown.attribute.as_str(),
        "live",
        "attack",
        "APCER",
        "errors",
        "BPCER",
        "errors",
        "ACER",
        "HTER",
        "EER",
        "AUC",
    ]);
    grid.rule();
    for (name, f) in &breakdown.values {
        let rate = |r: &Rate| value(Some(r));
        grid.row([
            name.clone(),
            f.counts.live.to_string(),
            f.counts.attack.to_string(),
            rate(&f.apcer),
            counts(Some(&f.apcer)),
            rate(&f.bpcer),
            counts(Some(&f.bpcer)),
            rate(&f.acer),
            rate(&f.hter),
            rate(&f.eer),
            rate(&f.auc),
        ]);
    }
    format!(
        "\nTest set by {}{of}, same threshold, %\n{}",
        breakdown.attribute,
        grid.render()
    )
}

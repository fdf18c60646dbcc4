//! The figures of a table: which, in what order, under which names.

use crate::{
    convention::Aggregation,
    evaluate::{Outcome, SetFigures},
    metrics::operating::{ALLOWANCES, OperatingPoint},
    rate::Rate,
    resample::{ClusterIntervals, Interval},
};

/// One set under one convention: a group of columns.
pub(super) struct Column<'a> {
    pub(super) head: String,
    pub(super) outcome: &'a Outcome,
    pub(super) figures: &'a SetFigures,
    /// Clustered intervals; of the test set only.
    pub(super) clustered: Option<&'a ClusterIntervals>,
}

/// A named figure in every column.
pub(super) struct Line<'a> {
    pub(super) name: String,
    pub(super) cells: Vec<(Option<&'a Rate>, Option<Interval>)>,
}

/// Lines under a title; no title for the first.
pub(super) struct Block<'a> {
    pub(super) title: String,
    pub(super) lines: Vec<Line<'a>>,
}

/// Everything that is shown of the columns.
pub(super) fn blocks<'a>(columns: &[Column<'a>]) -> Vec<Block<'a>> {
    let mut blocks = vec![Block {
        title: String::new(),
        lines: main(columns),
    }];
    let first = columns.first().map(|c| c.figures);
    let species = first.map(|f| &f.apcer_by_species);
    blocks.push(Block {
        title: "APCER of every species".to_owned(),
        lines: species
            .into_iter()
            .flatten()
            .map(|(name, _)| {
                line(columns, format!("  {name}"), |f| {
                    f.apcer_by_species.get(name)
                })
            })
            .collect(),
    });
    type Points = fn(&SetFigures) -> &Vec<OperatingPoint>;
    let points: [(&str, Points); 3] = [
        ("APCER at BPCER", |f| &f.apcer_at_bpcer),
        ("BPCER at APCER", |f| &f.bpcer_at_apcer),
        ("TPR at FPR", |f| &f.tpr_at_fpr),
    ];
    let mut lines = Vec::new();
    for (name, pick) in points {
        for (i, allowed) in ALLOWANCES.into_iter().enumerate() {
            let name = format!("  {name} ≤ {} %", 100.0 * allowed);
            lines.push(line(columns, name, move |f| {
                pick(f).get(i).map(|p| &p.rate)
            }));
        }
    }
    blocks.push(Block {
        title:
            "Operating points, thresholds of this very set (TPR: live accepted; FPR: pooled APCER)"
                .to_owned(),
        lines,
    });
    let lost = first.is_some_and(|f| f.counts.live_nonresponse + f.counts.attack_nonresponse > 0);
    if lost {
        let mut lines = vec![
            line(columns, "  APNRR", |f| Some(&f.apnrr)),
            line(columns, "  BPNRR", |f| Some(&f.bpnrr)),
        ];
        let species = first.map(|f| &f.apnrr_by_species).into_iter().flatten();
        for (name, _) in species.filter(|(_, rate)| rate.errors > Some(0)) {
            lines.push(line(columns, format!("  APNRR {name}"), |f| {
                f.apnrr_by_species.get(name)
            }));
        }
        blocks.push(Block {
            title: "Presentations without a score".to_owned(),
            lines,
        });
    }
    blocks.retain(|block| !block.lines.is_empty());
    blocks
}

fn main<'a>(columns: &[Column<'a>]) -> Vec<Line<'a>> {
    type Pick = fn(&SetFigures) -> Option<&Rate>;
    type Clustered = fn(&ClusterIntervals) -> Option<Interval>;
    let rows: [(&str, Pick, Clustered); 7] = [
        ("BPCER", |f| Some(&f.bpcer), |i| i.bpcer),
        ("ACER  (APCER + BPCER) / 2", |f| Some(&f.acer), |i| i.acer),
        ("HTER  with pooled APCER", |f| Some(&f.hter), |i| i.hter),
        ("EER   of the set itself", |f| Some(&f.eer), |i| i.eer),
        ("AUC", |f| Some(&f.auc), |i| i.auc),
        (
            "ECE   15 bins",
            |f| f.calibration.as_ref().map(|c| &c.ece),
            |_| None,
        ),
        (
            "APCER all attacks pooled",
            |f| Some(&f.apcer_pooled),
            |_| None,
        ),
    ];
    let one = columns.first().map(|c| c.outcome.apcer_aggregation);
    let same = columns
        .iter()
        .all(|c| Some(c.outcome.apcer_aggregation) == one);
    let name = match one.filter(|_| same) {
        Some(aggregation) => format!("APCER {}", aggregation.description()),
        None => "APCER as the convention says".to_owned(),
    };
    let mut lines = vec![Line {
        name,
        cells: cells(columns, |f| Some(&f.apcer), |i| i.apcer),
    }];
    for (name, pick, clustered) in rows {
        // It would stand there twice.
        if name.contains("all attacks") && same && one == Some(Aggregation::Pooled) {
            continue;
        }
        lines.push(Line {
            name: name.to_owned(),
            cells: cells(columns, pick, clustered),
        });
    }
    lines
}

fn line<'a>(
    columns: &[Column<'a>],
    name: impl Into<String>,
    pick: impl Fn(&'a SetFigures) -> Option<&'a Rate>,
) -> Line<'a> {
    Line {
        name: name.into(),
        cells: columns.iter().map(|c| (pick(c.figures), None)).collect(),
    }
}

fn cells<'a>(
    columns: &[Column<'a>],
    pick: impl Fn(&'a SetFigures) -> Option<&'a Rate>,
    clustered: impl Fn(&ClusterIntervals) -> Option<Interval>,
) -> Vec<(Option<&'a Rate>, Option<Interval>)> {
    let cell = |c: &Column<'a>| (pick(c.figures), c.clustered.and_then(&clustered));
    columns.iter().map(cell).collect()
}

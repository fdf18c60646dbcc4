//! Score histograms: live over each species, with the threshold.

use super::{Context, missing};
use crate::{
    error::ReportError,
    html::Html,
    inputs::Run,
    plot::{Axis, Ridge, RidgeRow, Scale},
};

/// Scores closer to 0 or 1 than this crowd at the ends of a linear axis.
const CROWDED: f64 = 0.02;

pub(super) fn render(ctx: &Context<'_>, into: &mut Html) -> Result<(), ReportError> {
    let without: Vec<&Run> = ctx.runs.iter().filter(|r| r.ranked.is_none()).collect();
    missing(
        into,
        &without,
        "scores-test.csv",
        "Its scores are not drawn.",
    );
    if without.len() == ctx.runs.len() {
        return Ok(());
    }
    into.raw("<p>Each row is one kind of presentation, counted as in the summary. Live should lie right of the threshold, every attack left of it. Heights are the square root of the share, so that few errors stay visible.</p><div class=\"plots\">");
    for run in ctx.runs {
        let Some(ranked) = &run.ranked else { continue };
        let mut rows = vec![row("live", true, ranked.live())];
        for (species, scores) in ranked.species() {
            rows.push(row(species.as_str(), false, &scores.scores));
        }
        let all: Vec<f64> = rows.iter().flat_map(|r| r.values.iter().copied()).collect();
        into.raw("<figure>");
        Ridge {
            name: format!("Scores of {}", run.name),
            x: axis(&all),
            rows,
            threshold: run.evaluation.as_ref().map(|e| e.threshold.value()),
            width: 320.0,
            bins: 48,
        }
        .render(into);
        into.raw("<figcaption><b>")
            .text(&run.name)
            .raw("</b></figcaption></figure>");
    }
    into.raw("</div>");
    Ok(())
}

fn row(name: &str, live: bool, values: &[f64]) -> RidgeRow {
    RidgeRow {
        name: name.to_owned(),
        note: format!("n = {}", values.len()),
        live,
        // Presentations that count as rejected have no score.
        values: values.iter().copied().filter(|s| s.is_finite()).collect(),
    }
}

/// Linear, or log-odds where most scores are probabilities that crowd at 0 and 1.
fn axis(all: &[f64]) -> Axis {
    let probabilities = all.iter().all(|s| (0.0..=1.0).contains(s));
    let crowded = all
        .iter()
        .filter(|s| !(CROWDED..=1.0 - CROWDED).contains(*s))
        .count();
    // Scores far from 1 altogether (a depth score) are not crowded at both ends.
    let reaches = all.iter().any(|&s| s > 1.0 - CROWDED);
    if probabilities && reaches && crowded * 2 > all.len() {
        return Axis {
            title: "score (log-odds axis; what lies outside is in the end bins)",
            scale: Scale::Logit {
                min: 1e-5,
                max: 1.0 - 1e-5,
            },
            percent: false,
            ticks: 5,
        };
    }
    let (min, max) = if probabilities {
        (0.0, 1.0)
    } else {
        all.iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), &s| {
                (lo.min(s), hi.max(s))
            })
    };
    Axis {
        title: "score (higher = more likely live)",
        scale: Scale::Linear { min, max },
        percent: false,
        ticks: 5,
    }
}

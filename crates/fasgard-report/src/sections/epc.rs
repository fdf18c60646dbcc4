//! The expected performance curve: the test error where dev chose the threshold for every weighting
//! of the two errors.

use fasgard_metrics::curves;

use super::Context;
use crate::{
    error::ReportError,
    html::Html,
    plot::{Axis, Chart, Scale, Series},
};

/// Weightings drawn.
const POINTS: usize = 101;

/// Whether any model has dev and test scores of both classes.
pub(super) fn shown(ctx: &Context<'_>) -> bool {
    !lines(ctx).is_empty()
}

pub(super) fn render(ctx: &Context<'_>, into: &mut Html) -> Result<(), ReportError> {
    let lines = lines(ctx);
    let most = lines
        .iter()
        .flat_map(|l| l.points.iter().map(|p| p.1))
        .fold(0.02, f64::max);
    into.raw("<div class=\"plots\"><figure>");
    Chart {
        name: "Expected performance: test HTER over the weight of accepted attacks".to_owned(),
        x: Axis {
            title: "weight of accepted attacks against rejected live, %",
            scale: Scale::Linear { min: 0.0, max: 1.0 },
            percent: true,
            ticks: 5,
        },
        y: Axis {
            title: "HTER of the test set, %",
            scale: Scale::Linear {
                min: 0.0,
                max: most,
            },
            percent: true,
            ticks: 5,
        },
        series: lines,
        markers: Vec::new(),
        diagonal: None,
        size: (380.0, 260.0),
    }
    .render(into);
    into.raw("<figcaption><b>Expected performance curve</b> (Bengio, Mariéthoz and Keller, 2005). For every weighting the threshold is the best of the dev set, and the test set pays for it: unlike ROC and DET, no threshold here has seen a test score.</figcaption></figure></div>");
    Ok(())
}

fn lines(ctx: &Context<'_>) -> Vec<Series> {
    let mut lines = Vec::new();
    for (slot, run) in ctx.runs.iter().enumerate() {
        let (Some(dev), Some(test)) = (&run.ranked_dev, &run.ranked) else {
            continue;
        };
        let points: Vec<(f64, f64)> = curves::epc(dev, test, POINTS)
            .iter()
            .map(|p| (p.alpha, p.hter))
            .collect();
        if !points.is_empty() {
            lines.push(Series {
                name: run.name.clone(),
                slot,
                points,
                step: false,
            });
        }
    }
    lines
}

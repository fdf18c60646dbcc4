//! Whether scores mean what they say: reliability curves and ECE. Of probabilities only.

use super::Context;
use crate::{
    error::ReportError,
    evaluation::{Evaluation, Figures},
    html::Html,
    inputs::Run,
    plot::{Axis, Chart, Marker, Scale, Series},
};

/// Whether any evaluation says anything about calibration.
pub(super) fn shown(ctx: &Context<'_>) -> bool {
    ctx.runs.iter().any(|r| {
        let test = r.evaluation.as_ref().map(|e| &e.test);
        test.is_some_and(|t| t.calibration.is_some())
    })
}

pub(super) fn render(ctx: &Context<'_>, into: &mut Html) -> Result<(), ReportError> {
    let drawn: Vec<(usize, &Run, &Figures)> = (ctx.runs.iter().enumerate())
        .filter_map(|(i, run)| Some((i, run, &run.evaluation.as_ref()?.test)))
        .collect();
    into.raw("<div class=\"plots\">");
    if drawn.iter().any(|(_, _, f)| has_bins(f)) {
        into.raw("<figure>");
        chart(&drawn).render(into);
        into.raw("<figcaption><b>Reliability.</b> Presentations by score in 15 bins: how many of each bin are live. On the dashed line a score is a probability; above it the detector is too strict with live people, below it too trusting. Both depend on the share of live presentations in the test set.</figcaption></figure>");
    }
    into.raw("<div><table><caption>Expected calibration error (ECE), percent.</caption><tbody>");
    for (_, run, figures) in &drawn {
        let Some(calibration) = &figures.calibration else {
            continue;
        };
        into.raw("<tr>").element("th", "", &run.name);
        super::summary::figure(into, Some(&calibration.ece));
        into.raw("</tr>");
    }
    into.raw("</tbody></table>");
    let overlong = |e: &Evaluation| {
        e.test
            .calibration
            .as_ref()
            .is_some_and(|c| c.ece.value.is_none())
    };
    if ctx
        .runs
        .iter()
        .filter_map(|r| r.evaluation.as_ref())
        .any(overlong)
    {
        into.raw("<p><small>Scores that are no probabilities (a mean depth, a score of another system) have no ECE; their error rates stand all the same.</small></p>");
    }
    into.raw("</div></div>");
    Ok(())
}

fn has_bins(figures: &Figures) -> bool {
    figures
        .calibration
        .as_ref()
        .is_some_and(|c| !c.bins.is_empty())
}

fn chart(drawn: &[(usize, &Run, &Figures)]) -> Chart {
    let axis = |title| Axis {
        title,
        scale: Scale::Linear { min: 0.0, max: 1.0 },
        percent: true,
        ticks: 5,
    };
    let (mut series, mut markers) = (Vec::new(), Vec::new());
    for &(slot, run, figures) in drawn {
        let bins = figures.calibration.as_ref().map(|c| c.bins.as_slice());
        let bins = bins.unwrap_or_default();
        if bins.is_empty() {
            continue;
        }
        let name = run.name.clone();
        let points: Vec<(f64, f64)> = bins.iter().map(|b| (b.mean_score, b.live)).collect();
        markers.extend(bins.iter().map(|bin| Marker {
            name: format!(
                "{name}: {} presentations, mean score {:.3}, {:.1} % live",
                bin.count,
                bin.mean_score,
                100.0 * bin.live
            ),
            slot,
            at: (bin.mean_score, bin.live),
        }));
        series.push(Series {
            name,
            slot,
            points,
            step: false,
        });
    }
    Chart {
        name: "Reliability: share of live presentations over score".to_owned(),
        x: axis("mean score of the bin, %"),
        y: axis("live presentations in it, %"),
        series,
        markers,
        diagonal: Some([(0.0, 0.0), (1.0, 1.0)]),
        size: (380.0, 300.0),
    }
}

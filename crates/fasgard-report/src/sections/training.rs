//! Training curves: loss terms of every scale, and what the dev set said.

use super::{Context, missing};
use crate::{
    error::ReportError,
    html::Html,
    inputs::Run,
    plot::{Axis, Chart, Marker, Scale, Series},
    training_log::{Curve, TrainingLog, smooth},
};

/// Points drawn of a curve; runs of steps are averaged down to as many.
const MOST_POINTS: usize = 60;

pub(super) fn render(ctx: &Context<'_>, into: &mut Html) -> Result<(), ReportError> {
    let without: Vec<&Run> = ctx.runs.iter().filter(|r| r.log.is_none()).collect();
    missing(into, &without, "metrics.csv", "Its training is not drawn.");
    let logged: Vec<(usize, &str, &TrainingLog)> = ctx
        .runs
        .iter()
        .enumerate()
        .filter_map(|(i, r)| Some((i, r.name.as_str(), r.log.as_ref()?)))
        .collect();
    if logged.is_empty() {
        return Ok(());
    }
    let last = logged.iter().map(|l| l.2.last_step).fold(1.0, f64::max);
    into.raw("<div class=\"plots\">");
    let dev: Vec<Series> = logged
        .iter()
        .filter(|l| !l.2.dev_eer.is_empty())
        .map(|&(slot, name, log)| Series {
            name: name.to_owned(),
            slot,
            points: log.dev_eer.clone(),
            step: false,
        })
        .collect();
    if !dev.is_empty() {
        let markers = logged
            .iter()
            .filter_map(|&(slot, name, log)| best(slot, name, &log.dev_eer));
        let most = dev
            .iter()
            .flat_map(|s| s.points.iter().map(|p| p.1))
            .fold(0.05, f64::max);
        into.raw("<figure>");
        Chart {
            name: "EER on the dev set over steps".to_owned(),
            x: steps(last),
            y: Axis {
                title: "EER on dev, %",
                scale: Scale::Linear {
                    min: 0.0,
                    max: most,
                },
                percent: true,
                ticks: 5,
            },
            markers: markers.collect(),
            series: dev,
            diagonal: None,
            size: (380.0, 220.0),
        }
        .render(into);
        into.raw("<figcaption><b>Validation.</b> Dot: the lowest EER on the dev set. The test set had no part in this.</figcaption></figure>");
    }
    for &(_, name, log) in &logged {
        let chart = losses(name, log, last);
        if !chart.series.is_empty() {
            into.raw("<figure>");
            chart.render(into);
            into.raw("<figcaption><b>").text(name).raw("</b>: loss terms by scale (averaged over runs of steps), logarithmic.</figcaption></figure>");
        }
    }
    into.raw("</div>");
    Ok(())
}

fn losses(name: &str, log: &TrainingLog, last: f64) -> Chart {
    let mut series: Vec<Series> = Vec::new();
    let mut add = |name: String, curve: &Curve| {
        // A loss of zero has no logarithm and is left out.
        let points: Curve = smooth(curve, MOST_POINTS)
            .into_iter()
            .filter(|p| p.1 > 0.0)
            .collect();
        if !points.is_empty() {
            series.push(Series {
                name,
                slot: series.len(),
                points,
                step: false,
            });
        }
    };
    for (term, curve) in &log.terms {
        add(term.clone(), curve);
    }
    if log.terms.len() != 1 {
        add("whole loss".to_owned(), &log.loss);
    }
    add("whole loss on dev".to_owned(), &log.dev_loss);
    let values = || series.iter().flat_map(|s| s.points.iter().map(|p| p.1));
    let (min, max) = (
        values().fold(f64::INFINITY, f64::min),
        values().fold(0.0, f64::max),
    );
    Chart {
        name: format!("Training loss of {name}"),
        x: steps(last),
        y: Axis {
            title: "loss",
            scale: Scale::Log { min, max },
            percent: false,
            ticks: 5,
        },
        series,
        markers: Vec::new(),
        diagonal: None,
        size: (380.0, 220.0),
    }
}

fn best(slot: usize, name: &str, curve: &Curve) -> Option<Marker> {
    let at = curve
        .iter()
        .copied()
        .reduce(|a, b| if b.1 < a.1 { b } else { a })?;
    Some(Marker {
        name: format!("{name}: {:.2} % at step {}", at.1 * 100.0, at.0),
        slot,
        at,
    })
}

fn steps(last: f64) -> Axis {
    Axis {
        title: "step",
        scale: Scale::Linear {
            min: 0.0,
            max: last,
        },
        percent: false,
        ticks: 5,
    }
}

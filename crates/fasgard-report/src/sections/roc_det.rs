//! ROC and DET of all models.

use fasgard_metrics::{Aggregation, Ranked, curves};

use super::{Context, missing};
use crate::{
    error::ReportError,
    html::Html,
    inputs::Run,
    plot::{Axis, Chart, Marker, Scale, Series},
};

/// More thresholds than this cannot be told apart in a plot.
const MOST_POINTS: usize = 2000;

pub(super) fn render(ctx: &Context<'_>, into: &mut Html) -> Result<(), ReportError> {
    let without: Vec<&Run> = ctx.runs.iter().filter(|r| r.ranked.is_none()).collect();
    missing(
        into,
        &without,
        "scores-test.csv",
        "Its curves are not drawn.",
    );
    if without.len() == ctx.runs.len() {
        return Ok(());
    }
    into.raw("<div class=\"plots\"><figure>");
    roc(ctx.runs).render(into);
    into.raw("<figcaption><b>ROC.</b> All attacks pooled. Dots: the operating point at each model’s threshold. Mind the axes: they start and end where the curves bend.</figcaption></figure><figure>");
    det(ctx.runs).render(into);
    into.raw("<figcaption><b>DET</b> on normal-deviate axes. APCER is that of the <b>worst species</b> at each threshold (ISO/IEC 30107-3). Lower left is better; dashed: equal error. Rates below the axes' ends lie on the edge.</figcaption></figure></div>");
    Ok(())
}

fn roc(runs: &[Run]) -> Chart {
    let lines = each(runs, |ranked| {
        curves::roc(ranked, MOST_POINTS)
            .iter()
            .map(|p| (p.apcer, p.true_accept()))
            .collect()
    });
    // A detector worth reading about has its bend far left: zoom in where all curves allow it.
    let all_high = |x: f64| {
        lines
            .iter()
            .all(|l| l.points.iter().all(|p| p.0 < x || p.1 > 0.999))
    };
    let right = [0.1, 0.2, 0.5]
        .into_iter()
        .find(|&x| all_high(x))
        .unwrap_or(1.0);
    let low = lines
        .iter()
        .flat_map(|l| l.points.iter().filter(|p| p.0 > 0.0).map(|p| p.1))
        .fold(1.0, f64::min);
    let bottom = if right < 1.0 && low > 0.55 { 0.5 } else { 0.0 };
    Chart {
        name: "ROC: live accepted over attacks accepted".to_owned(),
        x: axis(
            "attacks accepted (APCER, pooled), %",
            Scale::Linear {
                min: 0.0,
                max: right,
            },
        ),
        y: axis(
            "live accepted (1 − BPCER), %",
            Scale::Linear {
                min: bottom,
                max: 1.0,
            },
        ),
        markers: markers(runs, |ranked, t| {
            let (accepted, attacks) = ranked.accepted_pooled(t);
            let (rejected, live) = ranked.rejected_live(t);
            (rate(accepted, attacks), 1.0 - rate(rejected, live))
        }),
        series: lines,
        diagonal: (right == 1.0).then_some([(0.0, 0.0), (1.0, 1.0)]),
        size: (380.0, 300.0),
    }
}

fn det(runs: &[Run]) -> Chart {
    let point = |ranked: &Ranked, t: f64| {
        let (rejected, live) = ranked.rejected_live(t);
        (worst(ranked, t), rate(rejected, live))
    };
    let lines = each(runs, |ranked| {
        curves::roc(ranked, MOST_POINTS)
            .iter()
            .map(|p| point(ranked, p.threshold))
            .collect()
    });
    let most = runs
        .iter()
        .filter_map(|r| r.ranked.as_ref())
        .map(|r| r.live().len().max(r.attack().len()))
        .max()
        .unwrap_or(1);
    // Half an error is the finest rate that these counts can speak of.
    let finest = 0.5 / most.max(1) as f64;
    let min = [0.02, 0.01, 0.005, 0.002]
        .into_iter()
        .find(|&m| m <= finest)
        .unwrap_or(0.001);
    let scale = Scale::Probit { min, max: 0.9 };
    Chart {
        name: "DET: BPCER over APCER of the worst species".to_owned(),
        x: axis("APCER of the worst species, %", scale),
        y: axis("BPCER, %", scale),
        markers: markers(runs, point),
        series: lines,
        diagonal: Some([(min, min), (0.9, 0.9)]),
        size: (380.0, 300.0),
    }
}

fn axis(title: &'static str, scale: Scale) -> Axis {
    Axis {
        title,
        scale,
        percent: true,
        ticks: 5,
    }
}

fn each(runs: &[Run], points: impl Fn(&Ranked) -> Vec<(f64, f64)>) -> Vec<Series> {
    let mut lines = Vec::new();
    for (slot, run) in runs.iter().enumerate() {
        let Some(ranked) = &run.ranked else { continue };
        lines.push(Series {
            name: run.name.clone(),
            slot,
            points: points(ranked),
            step: true,
        });
    }
    lines
}

fn markers(runs: &[Run], at: impl Fn(&Ranked, f64) -> (f64, f64)) -> Vec<Marker> {
    let mut markers = Vec::new();
    for (slot, run) in runs.iter().enumerate() {
        if let (Some(ranked), Some(evaluation)) = (&run.ranked, &run.evaluation) {
            let t = evaluation.threshold.value();
            let at = at(ranked, t);
            markers.push(Marker {
                name: format!(
                    "{} at threshold {t:.4}: {:.2} %, {:.2} %",
                    run.name,
                    at.0 * 100.0,
                    at.1 * 100.0
                ),
                slot,
                at,
            });
        }
    }
    markers
}

/// APCER of the worst species at a threshold.
fn worst(ranked: &Ranked, t: f64) -> f64 {
    let groups = ranked.accepted_attacks(t, Aggregation::MaxSpecies);
    groups
        .values()
        .map(|&(e, of)| rate(e, of))
        .fold(0.0, f64::max)
}

fn rate(errors: u64, of: u64) -> f64 {
    errors as f64 / of.max(1) as f64
}

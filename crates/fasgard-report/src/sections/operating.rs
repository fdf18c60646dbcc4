//! Operating points: one error where the other is held down.

use super::{Context, close_table, open_table, summary::figure};
use crate::{
    error::ReportError,
    evaluation::{Figures, Point},
    html::Html,
    plot::slot,
};

/// Whether any evaluation holds operating points.
pub(super) fn shown(ctx: &Context<'_>) -> bool {
    let mut evaluations = ctx.runs.iter().filter_map(|r| r.evaluation.as_ref());
    evaluations.any(|e| !e.test.apcer_at_bpcer.is_empty())
}

pub(super) fn render(ctx: &Context<'_>, into: &mut Html) -> Result<(), ReportError> {
    into.raw("<p>What a threshold of your own could reach: security first (BPCER at a small APCER) or convenience first (APCER at a small BPCER). Every row has its own threshold, read off the test set, so these are curve points and no predictions.</p>");
    open_table(
        into,
        "Percent; errors/presentations, 95 % interval. Live accepted is 1 − BPCER at pooled APCER.",
    );
    into.raw("<thead><tr><th>Operating point</th>");
    for (i, run) in ctx.runs.iter().enumerate() {
        into.raw("<th scope=\"col\"><i class=\"key ")
            .raw(slot(i))
            .raw("\"></i>");
        into.text(&run.name).raw("</th>");
    }
    into.raw("</tr></thead><tbody>");
    type Points = fn(&Figures) -> &Vec<Point>;
    let kinds: [(&str, Points); 3] = [
        ("APCER at BPCER", |f| &f.apcer_at_bpcer),
        ("BPCER at APCER", |f| &f.bpcer_at_apcer),
        ("Live accepted at APCER", |f| &f.tpr_at_fpr),
    ];
    for (name, pick) in kinds {
        let evaluations = ctx.runs.iter().filter_map(|r| r.evaluation.as_ref());
        let longest = evaluations.map(|e| pick(&e.test)).max_by_key(|p| p.len());
        let allowances = longest.into_iter().flatten().map(|p| p.at_most);
        for (k, at_most) in allowances.enumerate() {
            into.raw("<tr><th scope=\"row\">").text(name).raw(" ≤ ");
            // Two digits after the first: 0.1 % is 0.1, not 0.10000000000000001.
            let percent = (at_most * 1e7).round() / 1e5;
            into.text(percent).raw(" %</th>");
            for run in ctx.runs {
                let points = run.evaluation.as_ref().map(|e| pick(&e.test));
                figure(into, points.and_then(|p| p.get(k)).map(|p| &p.rate));
            }
            into.raw("</tr>");
        }
    }
    close_table(into);
    Ok(())
}

//! The test set by device, session or another attribute, where an evaluation was broken down.

use super::{Context, close_table, open_table, summary::figure};
use crate::{error::ReportError, html::Html, plot::slot};

/// Whether any evaluation holds a breakdown.
pub(super) fn shown(ctx: &Context<'_>) -> bool {
    let mut evaluations = ctx.runs.iter().filter_map(|r| r.evaluation.as_ref());
    evaluations.any(|e| !e.by.is_empty())
}

pub(super) fn render(ctx: &Context<'_>, into: &mut Html) -> Result<(), ReportError> {
    into.raw("<p>The same threshold for every part: what changes from row to row is the detector, not the rule. Parts with few presentations have wide intervals.</p>");
    for (i, run) in ctx.runs.iter().enumerate() {
        let Some(evaluation) = &run.evaluation else {
            continue;
        };
        for breakdown in &evaluation.by {
            into.raw("<h3><span><i class=\"key ")
                .raw(slot(i))
                .raw("\"></i>")
                .text(&run.name)
                .raw("</span><small>by ")
                .text(&breakdown.attribute)
                .raw("</small></h3>");
            open_table(
                into,
                "Test figures in percent; errors/presentations, 95 % interval.",
            );
            into.raw("<thead><tr><th>")
                .text(&breakdown.attribute)
                .raw("</th><th>live</th><th>attacks</th><th>APCER</th><th>BPCER</th><th>ACER</th><th>EER</th><th>AUC</th></tr></thead><tbody>");
            for (name, figures) in &breakdown.values {
                into.raw("<tr>").element("th", "species", name);
                let counts = figures.counts.unwrap_or_default();
                for count in [counts.live, counts.attack] {
                    into.raw("<td>").element("span", "num", count).raw("</td>");
                }
                for rate in [
                    &figures.apcer,
                    &figures.bpcer,
                    &figures.acer,
                    &figures.eer,
                    &figures.auc,
                ] {
                    figure(into, Some(rate));
                }
                into.raw("</tr>");
            }
            close_table(into);
        }
    }
    Ok(())
}

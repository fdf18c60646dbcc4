//! APCER of every species.

use std::collections::BTreeSet;

use super::{Context, close_table, missing, open_table, summary::figure};
use crate::{error::ReportError, html::Html, inputs::Run, plot::slot};

pub(super) fn render(ctx: &Context<'_>, into: &mut Html) -> Result<(), ReportError> {
    let without: Vec<&Run> = ctx.runs.iter().filter(|r| r.evaluation.is_none()).collect();
    missing(
        into,
        &without,
        "evaluation.json",
        "Rates of species are not shown.",
    );
    let names = names(ctx.runs);
    if names.is_empty() {
        if without.len() < ctx.runs.len() {
            into.element("p", "missing", "The evaluations hold no attack species.");
        }
        return Ok(());
    }
    into.raw("<p>A detector is as good as its worst species: an attacker chooses the one that works. Species with few presentations have wide intervals, whatever their rate.</p>");
    open_table(
        into,
        "APCER in percent: attacks accepted as live at the model's threshold; errors/presentations, 95 % interval.",
    );
    into.raw("<thead><tr><th>Species</th>");
    for (i, run) in ctx.runs.iter().enumerate() {
        into.raw("<th scope=\"col\"><i class=\"key ")
            .raw(slot(i))
            .raw("\"></i>");
        into.text(&run.name).raw("</th>");
    }
    into.raw("</tr></thead><tbody>");
    for name in names {
        into.raw("<tr><th scope=\"row\" class=\"species\">")
            .text(name)
            .raw("</th>");
        for run in ctx.runs {
            figure(
                into,
                run.evaluation
                    .as_ref()
                    .and_then(|e| e.test.apcer_by_species.get(name)),
            );
        }
        into.raw("</tr>");
    }
    into.raw("<tr class=\"head\"><th scope=\"row\">live <small>BPCER: rejected</small></th>");
    for run in ctx.runs {
        figure(into, run.evaluation.as_ref().map(|e| &e.test.bpcer));
    }
    into.raw("</tr>");
    close_table(into);
    Ok(())
}

/// Every species of any model, sorted.
pub(crate) fn names(runs: &[Run]) -> BTreeSet<&str> {
    let evaluations = runs.iter().filter_map(|r| r.evaluation.as_ref());
    evaluations
        .flat_map(|e| e.test.apcer_by_species.keys().map(String::as_str))
        .collect()
}

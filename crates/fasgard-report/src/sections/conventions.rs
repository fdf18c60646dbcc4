//! The conventions of the field side by side, where an evaluation holds several.

use super::{Context, close_table, open_table, summary::figure};
use crate::{error::ReportError, evaluation::Evaluation, html::Html, plot::slot};

/// Whether any model has several conventions.
pub(super) fn shown(ctx: &Context<'_>) -> bool {
    let mut evaluations = ctx.runs.iter().filter_map(|r| r.evaluation.as_ref());
    evaluations.any(|e| e.conventions.len() > 1)
}

pub(super) fn render(ctx: &Context<'_>, into: &mut Html) -> Result<(), ReportError> {
    into.raw("<p>The same scores under the conventions of the literature: they differ in which attacks APCER is of and in where the threshold comes from. Figures of different columns must not be compared with each other. What is marked <b class=\"flag\">flattering</b> chose its threshold on the test set itself, which no deployed system can do.</p>");
    for (i, run) in ctx.runs.iter().enumerate() {
        let Some(evaluation) = &run.evaluation else {
            continue;
        };
        let all = &evaluation.conventions;
        if all.len() < 2 {
            continue;
        }
        into.raw("<h3><span><i class=\"key ")
            .raw(slot(i))
            .raw("\"></i>")
            .text(&run.name)
            .raw("</span></h3>");
        open_table(
            into,
            "Test figures in percent; errors/presentations, 95 % interval.",
        );
        into.raw("<thead><tr><th></th>");
        for e in all {
            into.raw("<th scope=\"col\">").text(&e.convention);
            if e.threshold.flatters() {
                into.raw("<small class=\"flag\">flattering</small>");
            }
            into.raw("</th>");
        }
        into.raw("</tr></thead><tbody><tr><th scope=\"row\">APCER is of</th>");
        for e in all {
            into.raw("<td>").text(aggregation(e)).raw("</td>");
        }
        into.raw("</tr><tr><th scope=\"row\">Threshold</th>");
        for e in all {
            into.raw("<td>")
                .element("span", "num", format_args!("{:.4}", e.threshold.value()));
            into.element("small", "", e.threshold.criterion())
                .element("small", "", e.threshold.from())
                .raw("</td>");
        }
        into.raw("</tr>");
        type Row = (&'static str, fn(&Evaluation) -> &crate::evaluation::Figure);
        let rows: [Row; 6] = [
            ("APCER", |e| &e.test.apcer),
            ("BPCER", |e| &e.test.bpcer),
            ("ACER", |e| &e.test.acer),
            ("HTER", |e| &e.test.hter),
            ("EER", |e| &e.test.eer),
            ("AUC", |e| &e.test.auc),
        ];
        for (name, get) in rows {
            into.raw("<tr>").element("th", "", name);
            for e in all {
                figure(into, Some(get(e)));
            }
            into.raw("</tr>");
        }
        close_table(into);
    }
    Ok(())
}

/// What APCER is of, in words.
pub(super) fn aggregation(evaluation: &Evaluation) -> &str {
    match evaluation.apcer_aggregation.as_str() {
        "max-species" => "worst PAI species",
        "max-family" => "worst PAI family",
        "pooled" => "all attacks pooled",
        "" => "not recorded",
        other => other,
    }
}

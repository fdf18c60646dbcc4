//! The models side by side, and what their figures do and do not say.

use std::collections::BTreeSet;

use super::{Context, close_table, missing, open_table};
use crate::{
    describe::describe,
    error::ReportError,
    evaluation::{Evaluation, Figure, Interval, Intervals},
    html::Html,
    inputs::Run,
    plot::slot,
};

pub(super) fn render(ctx: &Context<'_>, into: &mut Html) -> Result<(), ReportError> {
    sentence(ctx, into);
    if let Some(what) = &ctx.different_tests {
        into.raw("<p class=\"warn\"><b>The models were tested on different samples (");
        into.text(what)
            .raw("): their figures must not be compared.</b></p>");
    }
    for run in ctx.runs {
        for doubt in &run.doubts {
            into.raw("<p class=\"warn\"><b>")
                .text(&run.name)
                .raw(": ")
                .text(doubt)
                .raw(".</b></p>");
        }
    }
    let without: Vec<&Run> = ctx.runs.iter().filter(|r| r.evaluation.is_none()).collect();
    missing(
        into,
        &without,
        "evaluation.json",
        "Figures are not shown; make it with <code>fasgard evaluate --json</code>.",
    );
    if without.len() < ctx.runs.len() {
        table(ctx.runs, into);
    }
    caveats(ctx, into);
    Ok(())
}

fn sentence(ctx: &Context<'_>, into: &mut Html) {
    into.open("p", "lead");
    for (i, run) in ctx.runs.iter().enumerate() {
        into.raw(if i == 0 { "" } else { "; " })
            .element("b", "", &run.name);
        let supervision = match &run.maps {
            Some(maps) => {
                let sides: Vec<String> = maps.sides().iter().map(|s| format!("{s}×{s}")).collect();
                format!(" ({} maps at {})", maps.target().as_str(), sides.join(", "))
            }
            None => String::new(),
        };
        into.text(supervision);
    }
    if let Some(test) = ctx.runs.iter().find_map(|r| r.test.as_ref()) {
        let datasets: BTreeSet<&str> = test
            .rows
            .iter()
            .map(|r| r.dataset.as_str())
            .filter(|d| !d.is_empty())
            .collect();
        let live = test.rows.iter().filter(|r| r.label.is_live()).count();
        let species: BTreeSet<_> = test
            .rows
            .iter()
            .filter_map(|r| r.species.as_ref())
            .collect();
        into.raw(" – tested on ")
            .text(live)
            .raw(" live and ")
            .text(test.rows.len() - live);
        into.raw(" attack samples of ")
            .text(species.len())
            .raw(" species");
        if !datasets.is_empty() {
            let names: Vec<&str> = datasets.into_iter().collect();
            into.raw(" from ").text(names.join(", "));
        }
        match subjects(test) {
            0 => into.raw("; the score file does not say how many subjects"),
            n => into
                .raw(", ")
                .text(n)
                .raw(if n == 1 { " subject" } else { " subjects" }),
        };
    }
    into.raw(".").close("p");
}

/// Distinct subjects named in a score file.
pub(super) fn subjects(file: &fasgard_metrics::ScoreFile) -> usize {
    let named = file.rows.iter().filter(|r| !r.subject.is_empty());
    named
        .map(|r| (&r.dataset, &r.subject))
        .collect::<BTreeSet<_>>()
        .len()
}

type Row = (
    &'static str,
    &'static str,
    fn(&Evaluation) -> &Figure,
    fn(&Intervals) -> Option<Interval>,
);

const ROWS: [Row; 5] = [
    ("BPCER", "live rejected", |e| &e.test.bpcer, |i| i.bpcer),
    (
        "ACER",
        "mean of APCER and BPCER",
        |e| &e.test.acer,
        |i| i.acer,
    ),
    ("HTER", "mean of pooled rates", |e| &e.test.hter, |i| i.hter),
    (
        "EER",
        "of the test set, threshold-free",
        |e| &e.test.eer,
        |i| i.eer,
    ),
    (
        "AUC",
        "chance a live outscores an attack",
        |e| &e.test.auc,
        |i| i.auc,
    ),
];

fn table(runs: &[Run], into: &mut Html) {
    open_table(
        into,
        "Test figures in percent; below them errors/presentations and the 95 % interval (Clopper–Pearson), and where it was asked for that of draws of whole subjects.",
    );
    into.raw("<thead><tr><th></th>");
    for (i, run) in runs.iter().enumerate() {
        into.raw("<th scope=\"col\"><i class=\"key ")
            .raw(slot(i))
            .raw("\"></i>");
        into.text(&run.name).raw("</th>");
    }
    into.raw("</tr></thead><tbody><tr>");
    row_name(into, "Trained as", "what the config says");
    for run in runs {
        let text = describe(run).unwrap_or_else(|| "no config.toml".to_owned());
        into.raw("<td>").element("small", "", text).raw("</td>");
    }
    into.raw("</tr><tr class=\"head\">");
    row_name(
        into,
        "APCER",
        "attacks accepted, as the convention aggregates",
    );
    for run in runs {
        figure_with(into, run, |e| &e.test.apcer, |i| i.apcer);
    }
    into.raw("</tr><tr>");
    row_name(into, "Worst species", "the attack that passes most often");
    for run in runs {
        into.raw("<td>");
        if let Some((name, worst)) = run.evaluation.as_ref().and_then(Evaluation::worst_species) {
            into.element("span", "species", name)
                .raw("<small>")
                .text(worst.percent());
            into.raw(" %</small>");
        } else {
            into.raw("–");
        }
        into.raw("</td>");
    }
    into.raw("</tr>");
    for (name, note, get, clustered) in ROWS {
        into.raw("<tr>");
        row_name(into, name, note);
        for run in runs {
            figure_with(into, run, get, clustered);
        }
        into.raw("</tr>");
    }
    into.raw("<tr>");
    row_name(into, "Threshold", "accepted as live above it");
    for run in runs {
        into.raw("<td>");
        match &run.evaluation {
            Some(e) => {
                into.element("span", "num", format_args!("{:.4}", e.threshold.value()));
                into.raw("<small>")
                    .text(e.threshold.criterion())
                    .raw("</small><small>");
                into.text(e.threshold.from()).raw("</small>");
            }
            None => {
                into.raw("–");
            }
        }
        into.raw("</td>");
    }
    into.raw("</tr><tr>");
    row_name(into, "Convention", "and what counts as one presentation");
    for run in runs {
        into.raw("<td>");
        match &run.evaluation {
            Some(e) => {
                let convention = if e.convention.is_empty() {
                    "not recorded"
                } else {
                    &e.convention
                };
                into.text(convention)
                    .raw("<small>")
                    .text(e.level_text())
                    .raw("</small>");
            }
            None => {
                into.raw("–");
            }
        }
        into.raw("</td>");
    }
    into.raw("</tr>");
    close_table(into);
}

fn row_name(into: &mut Html, name: &'static str, note: &'static str) {
    into.raw("<th scope=\"row\">")
        .raw(name)
        .raw("<small>")
        .raw(note)
        .raw("</small></th>");
}

/// A cell of a rate with its counts and interval.
pub(super) fn figure(into: &mut Html, figure: Option<&Figure>) {
    into.raw("<td>");
    content(into, figure);
    into.raw("</td>");
}

/// The same with the interval of whole subjects below.
fn figure_with(
    into: &mut Html,
    run: &Run,
    get: fn(&Evaluation) -> &Figure,
    clustered: fn(&Intervals) -> Option<Interval>,
) {
    into.raw("<td>");
    content(into, run.evaluation.as_ref().map(get));
    if let Some(all) = run.evaluation.as_ref().and_then(|e| e.intervals.as_ref())
        && let Some(interval) = clustered(all)
    {
        into.raw("<small><span class=\"keep\">by ").text(&all.unit);
        into.raw(" ·</span> <span class=\"keep\">")
            .text(interval.percent())
            .raw("</span></small>");
    }
    into.raw("</td>");
}

fn content(into: &mut Html, figure: Option<&Figure>) {
    match figure {
        Some(f) if f.value.is_some() => {
            into.element("span", "num", f.percent());
            if let Some(counts) = f.counts() {
                into.raw("<small><span class=\"keep\">").text(counts);
                if let Some(interval) = f.interval() {
                    into.raw(" ·</span> <span class=\"keep\">").text(interval);
                }
                into.raw("</span></small>");
            }
        }
        Some(f) => {
            into.raw("–");
            if let Some(reason) = &f.reason {
                into.element("small", "", reason);
            }
        }
        None => {
            into.raw("–");
        }
    }
}

fn caveats(ctx: &Context<'_>, into: &mut Html) {
    into.raw("<ul class=\"caveats\">");
    if let Some(test) = ctx.runs.iter().find_map(|r| r.test.as_ref()) {
        into.raw("<li>");
        match subjects(test) {
            0 => into.raw("Intervals are exact (Clopper–Pearson) but take presentations to be independent. The number of subjects is not known, and presentations of one subject resemble each other: true uncertainty is larger."),
            n => into.raw("Intervals are exact (Clopper–Pearson) but take presentations to be independent. They come from ").text(n)
                .raw(if n == 1 { " subject" } else { " subjects" }).raw(" only, and presentations of one subject resemble each other: true uncertainty is larger."),
        };
        into.raw("</li>");
        let lost = test.rows.iter().filter(|r| r.score.is_none()).count();
        if lost > 0 {
            into.raw("<li>").text(lost).raw(" test samples have no score (no face, unreadable, or out of range). They are in no curve here.</li>");
        }
    }
    for run in ctx.runs {
        let Some(evaluation) = &run.evaluation else {
            continue;
        };
        if evaluation.threshold.flatters() {
            into.raw("<li><b>").text(&run.name).raw("</b>: the threshold was chosen on the test set itself; a deployed system cannot do that, and its errors will be higher.</li>");
        }
        for warning in &evaluation.warnings {
            into.raw("<li><b>")
                .text(&run.name)
                .raw("</b>: ")
                .text(&warning.text)
                .raw("</li>");
        }
    }
    into.raw("<li>ACER is shown for comparison with the literature; the rates of each species say more. A difference between models that is smaller than their intervals may be chance.</li></ul>");
}

//! What the data may do for the figures: leaks between splits, shortcuts, balance.

use fasgard_data::audit::{Audit, LeakKind, NEAR_BITS, STRONG};

use super::{Context, close_table, open_table};
use crate::{error::ReportError, html::Html};

pub(super) fn render(ctx: &Context<'_>, into: &mut Html) -> Result<(), ReportError> {
    into.raw("<p>Of the datasets, not of the models: what may make any result on them look better than it is.</p>");
    for found in ctx.audits {
        let audit = &found.audit;
        into.element("h3", "", audit.datasets.join(", "));
        verdict(audit, into);
        leaks(audit, into);
        shortcuts(audit, into);
        balance(audit, into);
        notes(audit, into);
    }
    Ok(())
}

fn verdict(audit: &Audit, into: &mut Html) {
    let undeclared = audit.leaks.iter().filter(|l| l.is_undeclared()).count();
    if undeclared > 0 {
        into.raw("<p class=\"warn\"><b>")
            .text(undeclared)
            .raw(" leak(s) between splits that no protocol declares: figures on the later split are optimistic.</b></p>");
    }
    let strong: Vec<&str> = (audit.shortcuts.iter())
        .filter(|s| s.strong)
        .map(|s| s.feature.as_str())
        .collect();
    if !strong.is_empty() {
        into.raw("<p class=\"warn\"><b>Shortcuts: ")
            .text(strong.join(", "))
            .raw(".</b> Each of these numbers alone tells live from attack on train and on test: a detector that learns it looks good here and need not elsewhere.</p>");
    }
    if undeclared == 0 && strong.is_empty() {
        into.raw(
            "<p>No undeclared leak between splits and no single number that separates the classes.</p>",
        );
    }
}

fn leaks(audit: &Audit, into: &mut Html) {
    if audit.leaks.is_empty() {
        into.raw("<p>Nothing is in two splits.</p>");
        return;
    }
    open_table(into, "What is in two splits.");
    into.raw("<thead><tr><th>Splits</th><th>What</th><th>How many</th><th>Such as</th><th></th></tr></thead><tbody>");
    for leak in &audit.leaks {
        let [first, second] = leak.splits;
        into.raw("<tr><th scope=\"row\">")
            .text(format_args!("{second} and {first}"))
            .raw("</th><td>");
        match leak.kind {
            LeakKind::Subject => into.raw("people"),
            LeakKind::ExactDuplicate => into.raw("the same files"),
            LeakKind::NearDuplicate => into
                .raw("nearly the same pictures<small>at most ")
                .text(NEAR_BITS)
                .raw(" of 63 bits differ</small>"),
            LeakKind::LookAlike => into.raw("look-alikes of other people"),
        };
        into.raw("</td><td>")
            .element("span", "num", format_args!("{} of {}", leak.count, leak.of))
            .raw("</td><td>")
            .text(leak.examples.join(", "))
            .raw("</td><td>");
        match (&leak.declared, leak.is_undeclared()) {
            (Some(why), _) => into.raw("declared: ").text(why),
            (None, true) => into.element("b", "flag", "not declared"),
            (None, false) => into.raw("for information: no leak"),
        };
        into.raw("</td></tr>");
    }
    close_table(into);
}

fn shortcuts(audit: &Audit, into: &mut Html) {
    open_table(
        into,
        "Single numbers of the stored pictures as detectors: AUC, above 0.5 where live has more of it.",
    );
    into.raw(
        "<thead><tr><th></th><th>train</th><th>dev</th><th>test</th><th></th></tr></thead><tbody>",
    );
    let row = |into: &mut Html, name: &str, values: [Option<f64>; 3]| {
        into.raw("<tr>").element("th", "", name);
        for value in values {
            let text = value.map_or("–".to_owned(), |v| format!("{v:.3}"));
            into.raw("<td>").element("span", "num", text).raw("</td>");
        }
    };
    for s in &audit.shortcuts {
        row(into, &s.feature, [s.train, s.dev, s.test]);
        into.raw("<td>");
        match (s.strong, s.flips) {
            (true, _) => into
                .raw("<b class=\"flag\">shortcut</b><small>")
                .text(STRONG)
                .raw(" or more from 0.5 on train and test</small>"),
            (false, true) => into.raw("changes its sign"),
            (false, false) => into,
        };
        into.raw("</td></tr>");
    }
    if let Some(t) = &audit.together {
        row(into, "all together", [t.train, t.dev, t.test]);
        into.raw("<td>logistic regression fitted to train</td></tr>");
    }
    close_table(into);
}

fn balance(audit: &Audit, into: &mut Html) {
    open_table(into, "What each split holds.");
    into.raw("<thead><tr><th></th><th>live</th><th>attack</th><th>videos</th><th>people</th><th>species</th></tr></thead><tbody>");
    for b in &audit.balance {
        into.raw("<tr>").element("th", "", b.split);
        for count in [b.live, b.attack, b.videos, b.subjects] {
            into.raw("<td>").element("span", "num", count).raw("</td>");
        }
        let species: Vec<String> = (b.species.iter())
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        into.raw("<td>").text(species.join(", ")).raw("</td></tr>");
    }
    close_table(into);
}

fn notes(audit: &Audit, into: &mut Html) {
    if !audit.labels.is_empty() {
        into.raw("<ul>");
        for line in &audit.labels {
            into.element("li", "", line);
        }
        into.raw("</ul>");
    }
    if let Some(first) = &audit.first_error {
        into.raw("<p class=\"warn\">")
            .text(audit.unreadable)
            .raw(" pictures could not be read and take no part; the first: ")
            .text(first)
            .raw("</p>");
    }
}

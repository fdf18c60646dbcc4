//! Markdown.

use super::{TableRow, footing};
use crate::{evaluation::Evaluation, inputs::Run};

pub(super) fn render(evaluated: &[(&Run, &Evaluation)], rows: &[TableRow<'_>]) -> String {
    let mut out = String::from("| % |");
    for (run, _) in evaluated {
        out.push_str(&format!(" {} |", escape(&run.name)));
    }
    out.push_str(&format!("\n|---|{}\n", "---:|".repeat(evaluated.len())));
    for row in rows {
        out.push_str(&format!("| {} |", escape(&row.name)));
        for figure in &row.figures {
            let text = figure.map_or("–".to_owned(), |f| {
                let mut text = f.percent();
                if let Some(counts) = f.counts() {
                    text.push_str(&format!(" ({counts}"));
                    if let Some(interval) = f.interval() {
                        text.push_str(&format!(", {interval}"));
                    }
                    text.push(')');
                }
                text
            });
            out.push_str(&format!(" {text} |"));
        }
        out.push('\n');
    }
    out.push_str("\nErrors/presentations and 95 % Clopper–Pearson interval in brackets.\n");
    for (run, evaluation) in evaluated {
        out.push_str(&format!(
            "\n- {}: {}",
            escape(&run.name),
            escape(&footing(evaluation))
        ));
    }
    out.push('\n');
    out
}

/// Text that stays text inside a Markdown table cell.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

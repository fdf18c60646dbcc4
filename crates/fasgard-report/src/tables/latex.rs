//! LaTeX, for papers: booktabs rules, values only, counts in a comment's place below.

use super::{TableRow, footing};
use crate::{evaluation::Evaluation, inputs::Run};

pub(super) fn render(evaluated: &[(&Run, &Evaluation)], rows: &[TableRow<'_>]) -> String {
    let mut out = String::from(
        "% Needs \\usepackage{booktabs}. Rates in percent; [95 % Clopper-Pearson interval].\n",
    );
    for (run, evaluation) in evaluated {
        // A line break in a name would end the comment.
        let line = format!("{}: {}", run.name, footing(evaluation)).replace(['\n', '\r'], " ");
        out.push_str(&format!("% {line}\n"));
    }
    out.push_str(&format!(
        "\\begin{{tabular}}{{l{}}}\n\\toprule\n",
        "r".repeat(evaluated.len())
    ));
    for (run, _) in evaluated {
        out.push_str(&format!(" & {}", escape(&run.name)));
    }
    out.push_str(" \\\\\n\\midrule\n");
    for row in rows {
        out.push_str(&escape(&row.name));
        for figure in &row.figures {
            let text = figure.map_or("--".to_owned(), |f| match (f.value, f.interval()) {
                (None, _) => "--".to_owned(),
                (_, None) => f.percent(),
                (_, Some(interval)) => {
                    format!(
                        "{} {{\\scriptsize [{}]}}",
                        f.percent(),
                        interval.replace('–', "--")
                    )
                }
            });
            out.push_str(&format!(" & {text}"));
        }
        out.push_str(" \\\\\n");
    }
    out.push_str("\\bottomrule\n\\end{tabular}\n");
    out
}

/// Text without LaTeX's special characters.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn specials_are_escaped() {
        assert_eq!(super::escape(r"a_b\c%"), r"a\_b\textbackslash{}c\%");
    }
}

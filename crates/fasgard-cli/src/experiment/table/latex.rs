//! LaTeX with booktabs rules.

use super::{Kind, Table};

pub(super) fn render(table: &Table) -> String {
    let mut out = format!(
        "% {}. Needs \\usepackage{{booktabs}}. Rates in percent.\n",
        escape(&table.title)
    );
    for note in &table.notes {
        out += &format!("% {}\n", escape(note));
    }
    out += &format!(
        "\\begin{{tabular}}{{l{}}}\n\\toprule\n",
        "r".repeat(table.columns.len())
    );
    for column in &table.columns {
        out += &format!(" & {}", escape(&column.head));
    }
    out += " \\\\\n\\midrule\n";
    let mut kind: Option<Kind> = None;
    for row in &table.rows {
        if kind.is_some_and(|k| k != row.kind) {
            out += "\\midrule\n";
        }
        kind = Some(row.kind);
        out += &escape(&row.name);
        for cell in &row.cells {
            let text = cell.plain().replace('±', "$\\pm$").replace('–', "--");
            let text = if cell.best {
                format!("\\textbf{{{text}}}")
            } else {
                text
            };
            let stars = match cell.stars() {
                "" => String::new(),
                stars => format!("$^{{{stars}}}$"),
            };
            out += &format!(" & {text}{stars}");
        }
        out += " \\\\\n";
    }
    out + "\\bottomrule\n\\end{tabular}\n"
}

/// Text without LaTeX's special characters.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '±' => out.push_str("$\\pm$"),
            '–' => out.push_str("--"),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            // A line break would end a comment.
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

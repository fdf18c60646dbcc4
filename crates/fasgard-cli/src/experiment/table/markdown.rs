//! Markdown.

use super::{Kind, Table};

pub(super) fn render(table: &Table) -> String {
    let mut out = format!("**{}**\n\n| % |", escape(&table.title));
    for column in &table.columns {
        out += &format!(" {} |", escape(&column.head));
    }
    out += &format!("\n|---|{}\n", "---:|".repeat(table.columns.len()));
    for row in &table.rows {
        let name = match row.kind {
            Kind::Published | Kind::Ours => escape(&row.name),
            Kind::Baseline => format!("*{}*", escape(&row.name)),
        };
        out += &format!("| {name} |");
        for cell in &row.cells {
            let text = cell.plain();
            let text = if cell.best {
                format!("**{text}**")
            } else {
                text
            };
            out += &format!(" {text}{} |", escape(cell.stars()));
        }
        out += "\n";
    }
    for note in &table.notes {
        out += &format!("\n- {}", escape(note));
    }
    out + "\n"
}

/// Text that stays text inside a table cell.
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

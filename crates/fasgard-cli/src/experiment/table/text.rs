//! For a terminal.

use super::{Kind, Table};

pub(super) fn render(table: &Table) -> String {
    let mut grid: Vec<Vec<String>> = Vec::new();
    let heads = table.columns.iter().map(|c| c.head.clone());
    grid.push(std::iter::once(String::new()).chain(heads).collect());
    for row in &table.rows {
        let name = match row.kind {
            Kind::Published => format!("{} (published)", row.name),
            Kind::Baseline | Kind::Ours => row.name.clone(),
        };
        let cells = row.cells.iter().map(|cell| {
            let mark = cell.stars();
            let best = if cell.best { " <" } else { "" };
            format!("{}{mark}{best}", cell.plain())
        });
        grid.push(std::iter::once(name).chain(cells).collect());
    }
    let width = |i: usize| {
        let lengths = grid.iter().map(|line| line[i].chars().count());
        lengths.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..=table.columns.len()).map(width).collect();
    let mut out = format!("{}\n", table.title);
    for line in &grid {
        let cells = line.iter().zip(&widths);
        let cells: Vec<String> = cells.map(|(text, &w)| format!("{text:w$}")).collect();
        out += cells.join("  ").trim_end();
        out += "\n";
    }
    for note in &table.notes {
        out += &format!("  {note}\n");
    }
    out
}

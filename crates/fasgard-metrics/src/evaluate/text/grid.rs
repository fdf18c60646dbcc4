//! Columns that line up.

/// Lines of cells: the first column to the left, all others to the right.
#[derive(Default)]
pub(crate) struct Grid {
    rows: Vec<Row>,
}

enum Row {
    Cells(Vec<String>),
    /// Over the whole width.
    Title(String),
    Rule,
}

impl Grid {
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        let cells = cells.into_iter().map(Into::into).collect();
        self.rows.push(Row::Cells(cells));
    }

    pub(crate) fn title(&mut self, text: impl Into<String>) {
        self.rows.push(Row::Title(text.into()));
    }

    pub(crate) fn rule(&mut self) {
        self.rows.push(Row::Rule);
    }

    /// The text, without blanks at the ends of lines.
    pub(crate) fn render(&self) -> String {
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            let Row::Cells(cells) = row else { continue };
            widths.resize(widths.len().max(cells.len()), 0);
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let total = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            match row {
                Row::Title(title) => line.push_str(title),
                Row::Rule => line = "─".repeat(total),
                Row::Cells(cells) => {
                    for (i, (cell, &width)) in cells.iter().zip(&widths).enumerate() {
                        match i {
                            0 => line += &format!("{cell:width$}"),
                            _ => line += &format!("  {cell:>width$}"),
                        }
                    }
                }
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut grid = Grid::default();
        grid.row(["", "%", "errors"]);
        grid.rule();
        grid.row(["APCER", "8.33", "10/120"]);
        grid.title("a title that is as long as it likes");
        grid.row(["  ünder", "–", ""]);
        assert_eq!(
            grid.render(),
            "            %  errors\n─────────────────────\nAPCER    8.33  10/120\na title that is as long as it likes\n  ünder     –\n"
        );
    }
}

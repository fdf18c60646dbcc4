//! CSV: one row a method and figure, in percent.

use super::{Kind, Table};

pub(super) fn render(tables: &[Table]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "table",
        "method",
        "kind",
        "fold",
        "figure",
        "percent",
        "deviation",
        "best",
        "differs_from_first",
        "p",
        "p_holm",
    ])?;
    for table in tables {
        for row in &table.rows {
            let kind = match row.kind {
                Kind::Published => "published",
                Kind::Baseline => "baseline",
                Kind::Ours => "ours",
            };
            for (column, cell) in table.columns.iter().zip(&row.cells) {
                let number = |v: Option<f64>| v.map(|v| v.to_string()).unwrap_or_default();
                writer.write_record([
                    &table.title,
                    &row.name,
                    kind,
                    column.fold.as_deref().unwrap_or_default(),
                    column.figure,
                    &number(cell.value),
                    &number(cell.deviation),
                    &cell.best.to_string(),
                    &(!cell.stars().is_empty()).to_string(),
                    &number(cell.p.map(|p| p[0])),
                    &number(cell.p.map(|p| p[1])),
                ])?;
            }
        }
    }
    let bytes = writer.into_inner()?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

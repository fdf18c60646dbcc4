//! CSV: one row a model and figure, rates as fractions.

use super::TableRow;
use crate::{evaluation::Evaluation, inputs::Run};

pub(super) fn render(
    evaluated: &[(&Run, &Evaluation)],
    rows: &[TableRow<'_>],
) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "model",
        "figure",
        "value",
        "errors",
        "of",
        "ci95_low",
        "ci95_high",
        "threshold",
        "convention",
        "level",
    ])?;
    for (i, (run, evaluation)) in evaluated.iter().enumerate() {
        for row in rows {
            let Some(figure) = row.figures.get(i).copied().flatten() else {
                continue;
            };
            let number = |v: Option<f64>| v.map(|v| v.to_string()).unwrap_or_default();
            let count = |v: Option<u64>| v.map(|v| v.to_string()).unwrap_or_default();
            writer.write_record([
                &run.name,
                &row.name,
                &number(figure.value),
                &count(figure.errors),
                &count(figure.of),
                &number(figure.ci95.map(|c| c[0])),
                &number(figure.ci95.map(|c| c[1])),
                &evaluation.threshold.value().to_string(),
                &evaluation.convention,
                &evaluation.level,
            ])?;
        }
    }
    let bytes = writer
        .into_inner()
        .map_err(|e| csv::Error::from(e.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

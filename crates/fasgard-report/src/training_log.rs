//! Reading `metrics.csv`: the training curves.

use std::{io::Read, path::Path};

use crate::error::ReportError;

/// Columns that are no loss term.
const KNOWN: [&str; 9] = [
    "step",
    "epoch",
    "phase",
    "lr",
    "loss",
    "grad_norm",
    "auc",
    "eer",
    "threshold",
];
/// More columns or rows than this are refused.
const MAX_COLUMNS: usize = 256;
const MAX_ROWS: usize = 5_000_000;
const MAX_BYTES: u64 = 1 << 30;

/// One curve: (step, value), steps rising.
pub(crate) type Curve = Vec<(f64, f64)>;

/// The curves of a training run; empty ones were never logged.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TrainingLog {
    /// Whole training loss.
    pub(crate) loss: Curve,
    /// Loss terms of the training phase, in the file's order of columns.
    pub(crate) terms: Vec<(String, Curve)>,
    /// Whole loss on the dev set.
    pub(crate) dev_loss: Curve,
    /// AUC on the dev set.
    pub(crate) dev_auc: Curve,
    /// EER on the dev set.
    pub(crate) dev_eer: Curve,
    /// Last step logged.
    pub(crate) last_step: f64,
}

/// Reads a training log.
pub(crate) fn read(path: &Path) -> Result<TrainingLog, ReportError> {
    let file = std::fs::File::open(path).map_err(|source| ReportError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    parse(file.take(MAX_BYTES)).map_err(|what| ReportError::format(path, what))
}

fn parse(input: impl Read) -> Result<TrainingLog, String> {
    let mut reader = csv::Reader::from_reader(input);
    let header = reader.headers().map_err(|e| e.to_string())?.clone();
    if header.len() > MAX_COLUMNS {
        return Err(format!(
            "expected at most {MAX_COLUMNS} columns, found {}",
            header.len()
        ));
    }
    let column = |name: &str| header.iter().position(|h| h == name);
    let step = column("step").ok_or("column `step` is missing")?;
    let phase = column("phase").ok_or("column `phase` is missing")?;
    let [loss, auc, eer] = ["loss", "auc", "eer"].map(column);
    let terms: Vec<usize> = (0..header.len())
        .filter(|&i| !KNOWN.contains(&&header[i]))
        .collect();
    let mut log = TrainingLog {
        terms: terms
            .iter()
            .map(|&i| (header[i].to_owned(), Vec::new()))
            .collect(),
        ..TrainingLog::default()
    };
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|e| e.to_string())?;
        if row >= MAX_ROWS {
            return Err(format!("expected at most {MAX_ROWS} rows"));
        }
        let line = row + 2;
        let number = |i: usize| -> Result<Option<f64>, String> {
            match record.get(i).map(str::trim) {
                None | Some("") => Ok(None),
                Some(text) => text.parse().map(Some).map_err(|_| {
                    format!(
                        "line {line}, column `{}`: expected a number, found `{text}`",
                        &header[i]
                    )
                }),
            }
        };
        let at = number(step)?.ok_or(format!("line {line}: `step` is empty"))?;
        let add = |curve: &mut Curve, i: Option<usize>| -> Result<(), String> {
            // What is not finite has no place in a plot.
            let value = i.map(number).transpose()?.flatten();
            if let Some(value) = value.filter(|v| v.is_finite() && at.is_finite()) {
                curve.push((at, value));
            }
            Ok(())
        };
        if at.is_finite() {
            log.last_step = log.last_step.max(at);
        }
        match &record[phase] {
            "train" => {
                add(&mut log.loss, loss)?;
                for (slot, &i) in log.terms.iter_mut().zip(&terms) {
                    add(&mut slot.1, Some(i))?;
                }
            }
            "dev" => {
                add(&mut log.dev_loss, loss)?;
                add(&mut log.dev_auc, auc)?;
                add(&mut log.dev_eer, eer)?;
            }
            other => {
                return Err(format!(
                    "line {line}, column `phase`: expected train or dev, found `{other}`"
                ));
            }
        }
    }
    log.terms.retain(|(_, curve)| !curve.is_empty());
    Ok(log)
}

/// At most `most` points, each the mean of a run of neighbours: a readable line of noisy steps.
pub(crate) fn smooth(curve: &[(f64, f64)], most: usize) -> Curve {
    let run = curve.len().div_ceil(most.max(1)).max(1);
    curve
        .chunks(run)
        .map(|c| {
            let n = c.len() as f64;
            let sum = c.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
            (sum.0 / n, sum.1 / n)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_find_their_curves() {
        let text = "step,epoch,phase,lr,loss,bce@8,bce@final,grad_norm,auc,eer,threshold\n\
                    1,0,train,0.1,1.5,1,0.5,2,,,\n2,0,train,0.1,1.0,0.75,0.25,2,,,\n\
                    2,0,dev,,0.9,,,,0.8,0.2,0.4\n3,0,train,0.1,inf,NaN,,,,,\n";
        let log = parse(text.as_bytes()).unwrap();
        assert_eq!(log.loss, [(1.0, 1.5), (2.0, 1.0)]);
        assert_eq!(
            log.terms[0],
            ("bce@8".to_owned(), vec![(1.0, 1.0), (2.0, 0.75)])
        );
        assert_eq!(log.terms.len(), 2);
        assert_eq!(
            (log.dev_auc, log.dev_eer),
            (vec![(2.0, 0.8)], vec![(2.0, 0.2)])
        );
    }

    #[test]
    fn errors_name_line_and_column() {
        for (text, expected) in [
            ("step,loss\n", "`phase` is missing"),
            ("step,phase,loss\n1,train,x\n", "line 2, column `loss`"),
            ("step,phase,loss\n1,valid,1\n", "found `valid`"),
        ] {
            assert!(parse(text.as_bytes()).unwrap_err().contains(expected));
        }
    }

    #[test]
    fn smoothing_keeps_the_mean() {
        assert_eq!(
            smooth(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)], 2),
            [(0.5, 2.0), (2.0, 5.0)]
        );
    }
}

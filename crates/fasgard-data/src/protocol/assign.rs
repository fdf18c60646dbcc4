//! Splits by the rules of a fold.

use fasgard_metrics::Split;

use super::fold::Assigned;
use super::{FoldRules, Protocol, ProtocolError, Rows};

/// The split of every row.
pub(super) fn by_rules(
    protocol: &Protocol,
    fold: &FoldRules,
    rows: &Rows<'_>,
) -> Result<Assigned, ProtocolError> {
    let sets = [
        (Split::Train, &fold.train),
        (Split::Dev, &fold.dev),
        (Split::Test, &fold.test),
    ];
    let mut splits = Vec::with_capacity(rows.rows.len());
    for row in &rows.rows {
        let mut found = None;
        for (split, rules) in sets {
            if !rules.iter().any(|rule| rule.matches(row, rows)) {
                continue;
            }
            if let Some(first) = found {
                return Err(ProtocolError::TwoSplits {
                    path: protocol.path.clone(),
                    fold: fold.name.clone(),
                    sample: row.key(),
                    first,
                    second: split,
                });
            }
            found = Some(split);
        }
        splits.push(found);
    }
    Ok(Assigned {
        splits,
        cut_dev: fold.dev.is_empty(),
        notes: Vec::new(),
    })
}

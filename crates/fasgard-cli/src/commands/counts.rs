//! Samples per split and class, as `prepare` and `simulate` print them.

use std::fmt::Display;

use fasgard_data::Count;

/// One count's line: split, class, and what is said of its numbers.
pub(super) fn line(count: &Count, numbers: impl Display) -> String {
    let split = count
        .split
        .map_or_else(|| "no split".to_owned(), |s| s.to_string());
    let class = count.species.as_ref().map_or_else(
        || count.label.to_string(),
        |s| format!("{} {s}", count.label),
    );
    format!("  {split:8} {class:30} {numbers}\n")
}

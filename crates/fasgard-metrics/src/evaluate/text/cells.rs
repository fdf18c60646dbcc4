//! Figures as cells.

use crate::{
    rate::Rate,
    resample::{Interval, Method},
};

pub(super) fn percent(value: f64) -> String {
    format!("{:.2}", 100.0 * value)
}

pub(super) fn value(rate: Option<&Rate>) -> String {
    let value = rate.and_then(|r| r.value);
    value.map_or_else(|| "–".to_owned(), percent)
}

pub(super) fn counts(rate: Option<&Rate>) -> String {
    match rate.map(|r| (r.errors, r.of)) {
        Some((Some(errors), Some(of))) => format!("{errors}/{of}"),
        _ => String::new(),
    }
}

pub(super) fn ends(interval: Option<[f64; 2]>) -> String {
    interval.map_or_else(String::new, |[lo, hi]| {
        format!("{}–{}", percent(lo), percent(hi))
    })
}

pub(super) fn clustered(interval: Option<Interval>) -> String {
    let star = match interval.map(|i| i.method) {
        Some(Method::ExactClusters) => "*",
        _ => "",
    };
    ends(interval.map(|i| [i.lo, i.hi])) + star
}

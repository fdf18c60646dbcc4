//! APCER: attack presentation classification error rate (ISO/IEC 30107-3).

use std::{cmp::Ordering, collections::BTreeMap};

use super::NO_ATTACK;
use crate::{convention::Aggregation, ranked::Ranked, rate::Rate};

/// The APCER of every group at threshold `t`: the fraction of its presentations with a score above
/// `t`. A group none of whose presentations has a score is undefined.
pub fn apcer_by(ranked: &Ranked, t: f64, grouping: Aggregation) -> BTreeMap<String, Rate> {
    ranked
        .accepted_attacks(t, grouping)
        .into_iter()
        .map(|(name, (errors, of))| {
            let rate = Rate::proportion(errors, of, "no presentation of it has a score");
            (name, rate)
        })
        .collect()
}

/// The APCER of an aggregation at `t`, and the species or family it is the rate of.
///
/// For a maximum it is the rate of the worst group, with that group's counts and interval; groups
/// without a score take no part; among equal rates the group with more presentations is named,
/// then the first by name. Rates are compared as fractions of integers, exactly.
pub fn apcer(ranked: &Ranked, t: f64, aggregation: Aggregation) -> (Rate, Option<String>) {
    if aggregation == Aggregation::Pooled {
        let (errors, of) = ranked.accepted_pooled(t);
        return (Rate::proportion(errors, of, NO_ATTACK), None);
    }
    match worst(ranked.accepted_attacks(t, aggregation)) {
        Some((name, (errors, of))) => (Rate::proportion(errors, of, NO_ATTACK), Some(name)),
        None => (Rate::undefined(NO_ATTACK), None),
    }
}

fn worst(groups: BTreeMap<String, (u64, u64)>) -> Option<(String, (u64, u64))> {
    groups
        .into_iter()
        .filter(|(_, (_, of))| *of > 0)
        // The first of equals is kept.
        .reduce(|worst, next| match compare(next.1, worst.1) {
            Ordering::Greater => next,
            _ => worst,
        })
}

/// By rate, then by size.
fn compare(a: (u64, u64), b: (u64, u64)) -> Ordering {
    let cross = |x: u64, y: u64| u128::from(x) * u128::from(y);
    cross(a.0, b.1).cmp(&cross(b.0, a.1)).then(a.1.cmp(&b.1))
}

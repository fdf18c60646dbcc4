//! Whether one system is better than another on the same presentations.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

use super::{Bootstrap, Clustered, Point, Unit, clusters::fill, interval::percentiles};
use crate::{
    convention::Aggregation,
    level::{Fuse, Level},
    presentation::{Presentation, VideoConflict, presentations},
    score::ScoreFile,
};

/// The outcome of comparing A with B.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Presentations that both scored: only these are compared.
    pub common: u64,
    /// Presentations of A or B that the other lacks or has no score for.
    pub left_out: u64,
    /// What was drawn.
    pub unit: Unit,
    /// Which system decides more presentations rightly.
    pub mcnemar: McNemar,
    /// ACER of A minus ACER of B; null where undefined, like the others.
    pub acer: Option<Difference>,
    /// HTER of A minus HTER of B.
    pub hter: Option<Difference>,
    /// EER of A minus EER of B.
    pub eer: Option<Difference>,
}

/// McNemar's test (Psychometrika 1947) in its exact form.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Presentations that only A decides rightly.
    pub only_a_right: u64,
    /// Presentations that only B decides rightly.
    pub only_b_right: u64,
    /// Two-sided: twice the smaller binomial tail of one half, at most 1. It takes the
    /// presentations to be independent.
    pub p: f64,
}

/// A difference A - B; negative = A has fewer errors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// On the common presentations.
    pub value: f64,
    /// 95 % percentile interval, the same clusters drawn for both.
    pub ci95: [f64; 2],
    /// Two-sided: twice the smaller share of replicates on either side of 0 (those at 0 on both),
    /// one added to both counts, at most 1.
    pub p: f64,
}

/// Two files that cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairedError {
    /// A video is live and attack at once, or of two species.
    #[error(transparent)]
    Conflict(#[from] Box<VideoConflict>),
    /// The files contradict each other.
    #[error(
        "presentation `{id}`: score files {a} and {b} differ in its label or species; compare scores of the same data"
    )]
    Label {
        /// The presentation.
        id: String,
        /// The first file.
        a: String,
        /// The second file.
        b: String,
    },
    /// Nothing in common.
    #[error(
        "score files {a} and {b} have no scored presentation in common; compare scores of the same data"
    )]
    Nothing {
        /// The first file.
        a: String,
        /// The second file.
        b: String,
    },
}

/// Compares two systems: each a score file and its own threshold, chosen on its own dev set.
///
/// # Errors
/// See [`PairedError`].
pub fn paired(
    a: (&ScoreFile, f64),
    b: (&ScoreFile, f64),
    level: Level,
    fuse: Fuse,
    aggregation: Aggregation,
    bootstrap: Bootstrap,
) -> Result<Paired, PairedError> {
    let names = || {
        (
            a.0.path.display().to_string(),
            b.0.path.display().to_string(),
        )
    };
    let all_a = presentations(a.0, level, fuse)?;
    let mut all_b: HashMap<_, _> = presentations(b.0, level, fuse)?
        .into_iter()
        .map(|p| ((p.dataset, b.0.rows[p.rows[0]].split, p.id), p))
        .collect();
    let total = all_a.len() + all_b.len();
    let (mut of_a, mut of_b): (Vec<Presentation<'_>>, Vec<Presentation<'_>>) = Default::default();
    for p in all_a {
        let Some(q) = all_b.remove(&(p.dataset, a.0.rows[p.rows[0]].split, p.id)) else {
            continue;
        };
        if (p.label, p.species) != (q.label, q.species) {
            let (a, b) = names();
            let id = p.id.to_owned();
            return Err(PairedError::Label { id, a, b });
        }
        if p.score.is_some() && q.score.is_some() {
            of_a.push(p);
            of_b.push(q);
        }
    }
    if of_a.is_empty() {
        let (a, b) = names();
        return Err(PairedError::Nothing { a, b });
    }
    let right =
        |p: &Presentation<'_>, t: f64| p.score.is_some_and(|s| (s > t) == p.label.is_live());
    let (mut only_a, mut only_b) = (0, 0);
    for (p, q) in of_a.iter().zip(&of_b) {
        match (right(p, a.1), right(q, b.1)) {
            (true, false) => only_a += 1,
            (false, true) => only_b += 1,
            _ => {}
        }
    }
    // Clusters are numbered by A's rows for both.
    let (unit, ids) = super::clusters::units(a.0, &of_a);
    let set = |of: &[Presentation<'_>], t: f64| {
        let mut names: HashMap<&str, u32> = HashMap::new();
        let items = of
            .iter()
            .zip(&ids)
            .filter_map(|(p, id)| {
                let group = p.species.map(|s| match aggregation {
                    Aggregation::MaxSpecies => s.as_str(),
                    Aggregation::MaxFamily => s.family(),
                    Aggregation::Pooled => "attack",
                });
                let group = group.map(|name| {
                    let next = names.len() as u32;
                    *names.entry(name).or_insert(next)
                });
                Some((p.score?, *id, group))
            })
            .collect();
        Clustered::from_items(unit, items, t)
    };
    let (set_a, set_b) = (set(&of_a, a.1), set(&of_b, b.1));
    let draws: Vec<(Point, Point)> = (0..bootstrap.replicates.max(100))
        .into_par_iter()
        .map_init(
            || vec![0u32; set_a.clusters()],
            |weights, i| {
                fill(weights, bootstrap.seed, i);
                (set_a.weighted(weights), set_b.weighted(weights))
            },
        )
        .collect();
    let observed = (set_a.observed(), set_b.observed());
    let difference = |pick: fn(&Point) -> f64| {
        let value = pick(&observed.0) - pick(&observed.1);
        let values: Vec<f64> = draws
            .iter()
            .map(|(a, b)| pick(a) - pick(b))
            .filter(|v| !v.is_nan())
            .collect();
        let below = values.iter().filter(|v| **v <= 0.0).count();
        let above = values.iter().filter(|v| **v >= 0.0).count();
        let n = values.len();
        let interval = percentiles(values).filter(|_| !value.is_nan())?;
        Some(Difference {
            value,
            ci95: [interval.lo, interval.hi],
            p: (2.0 * (below.min(above) + 1) as f64 / (n + 1) as f64).min(1.0),
        })
    };
    Ok(Paired {
        common: of_a.len() as u64,
        left_out: (total - 2 * of_a.len()) as u64,
        unit,
        mcnemar: McNemar {
            only_a_right: only_a,
            only_b_right: only_b,
            p: mcnemar(only_a, only_b),
        },
        acer: difference(|p| p.acer),
        hter: difference(|p| p.hter),
        eer: difference(|p| p.eer),
    })
}

/// The exact two-sided p-value of `b` against `c` discordant pairs; 1 if there are none.
pub fn mcnemar(b: u64, c: u64) -> f64 {
    let n = (b + c) as f64;
    let ln_choose = |k: f64| ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
    let tail: f64 = (0..=b.min(c))
        .map(|k| (ln_choose(k as f64) - n * std::f64::consts::LN_2).exp())
        .sum();
    (2.0 * tail).min(1.0)
}

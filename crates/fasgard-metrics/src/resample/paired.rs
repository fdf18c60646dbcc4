//! Whether one system is better than another on the same presentations.

use std::{borrow::Cow, collections::HashMap};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

use super::{
    Bootstrap, Clustered, Point, Unit,
    clusters::{fill, groups, item},
    interval::percentiles,
};
use crate::{
    Split,
    convention::Aggregation,
    level::{Fuse, Level},
    presentation::VideoConflict,
    ranked::NoResponse,
    score::{ScoreTable, Scores},
    set::Set,
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
    /// How many of them there are.
    #[serde(default)]
    pub clusters: u64,
    /// Which system decides more presentations rightly.
    pub mcnemar: McNemar,
    /// ACER of A minus ACER of B; null where undefined, like the others.
    pub acer: Option<Difference>,
    /// HTER of A minus HTER of B.
    pub hter: Option<Difference>,
    /// EER of A minus EER of B.
    pub eer: Option<Difference>,
    /// AUC of A minus AUC of B; here positive = A is better.
    #[serde(default)]
    pub auc: Option<Difference>,
}

/// How two systems are compared.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What counts as one presentation.
    pub level: Level,
    /// How a video's frames are fused.
    pub fuse: Fuse,
    /// How APCER aggregates.
    pub aggregation: Aggregation,
    /// With `Exclude` only presentations that both scored are compared; with `Reject` one without a
    /// score is a rejected one.
    pub no_response: NoResponse,
    /// How often to draw.
    pub bootstrap: Bootstrap,
    /// What is drawn; none = the largest unit that A's rows all know.
    pub cluster: Option<Unit>,
}

/// McNemar's test (Psychometrika 1947) in its exact form.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Presentations that both decide rightly.
    #[serde(default)]
    pub both_right: u64,
    /// Presentations that neither decides rightly.
    #[serde(default)]
    pub both_wrong: u64,
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
    /// The unit to be drawn is not known of every presentation.
    #[error(
        "score file {file}: --cluster {unit} needs column `{unit}` in every row, and it is empty in some; fill it, or use --cluster auto"
    )]
    Cluster {
        /// The file.
        file: String,
        /// The unit.
        unit: Unit,
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

/// Compares two systems: each its scores and its own threshold, chosen on its own dev set.
/// Presentations that only one of them scored are left out; see [`paired_by`] for more choice.
///
/// # Errors
/// See [`PairedError`].
pub fn paired<S: Scores + ?Sized>(
    a: (&S, f64),
    b: (&S, f64),
    level: Level,
    fuse: Fuse,
    aggregation: Aggregation,
    bootstrap: Bootstrap,
) -> Result<Paired, PairedError> {
    let plan = Plan {
        level,
        fuse,
        aggregation,
        no_response: NoResponse::Exclude,
        bootstrap,
        cluster: None,
    };
    paired_by((&a.0.table(), a.1), (&b.0.table(), b.1), &plan)
}

/// Compares two systems as a plan says.
///
/// # Errors
/// See [`PairedError`].
pub fn paired_by(
    a: (&ScoreTable, f64),
    b: (&ScoreTable, f64),
    plan: &Plan,
) -> Result<Paired, PairedError> {
    let ((table_a, t_a), (table_b, t_b)) = (a, b);
    let names = || {
        (
            table_a.path.display().to_string(),
            table_b.path.display().to_string(),
        )
    };
    let set_a = Set::of(table_a, plan.level, plan.fuse)?;
    let set_b = Set::of(table_b, plan.level, plan.fuse)?;
    let pairs = pairs(&set_a, &set_b).map_err(|id| {
        let (a, b) = names();
        PairedError::Label { id, a, b }
    })?;
    let total = set_a.len() + set_b.len();
    let both_scored =
        |&(i, j): &(usize, usize)| set_a.score(i).is_some() && set_b.score(j).is_some();
    let pairs: Vec<(usize, usize)> = match plan.no_response {
        NoResponse::Exclude => pairs.into_iter().filter(both_scored).collect(),
        NoResponse::Reject => pairs,
    };
    if pairs.is_empty() {
        let (a, b) = names();
        return Err(PairedError::Nothing { a, b });
    }
    let right = |set: &Set<'_>, i: usize, t: f64| {
        set.score(i).is_some_and(|score| score > t) == (set.species(i) == 0)
    };
    // By right of A and right of B.
    let mut decisions = [[0u64; 2]; 2];
    for &(i, j) in &pairs {
        let (a, b) = (right(&set_a, i, t_a), right(&set_b, j, t_b));
        decisions[usize::from(a)][usize::from(b)] += 1;
    }
    let [[both_wrong, only_b], [only_a, both_right]] = decisions;
    // Clusters are numbered by A's rows for both.
    let (unit, ids) = set_a
        .clusters(plan.cluster)
        .ok_or_else(|| PairedError::Cluster {
            file: names().0,
            unit: plan.cluster.unwrap_or(Unit::Subject),
        })?;
    let mut renumbered: HashMap<u32, u32> = HashMap::new();
    let ids: Vec<u32> = (pairs.iter())
        .map(|&(i, _)| {
            let next = renumbered.len() as u32;
            *renumbered.entry(ids[i]).or_insert(next)
        })
        .collect();
    let clustered = |set: &Set<'_>, of: &dyn Fn(&(usize, usize)) -> usize, t: f64| {
        let groups = groups(set.table(), plan.aggregation);
        let items = (pairs.iter().zip(&ids))
            .filter_map(|(pair, &id)| item(set, &groups, of(pair), id, plan.no_response))
            .collect();
        Clustered::from_items(unit, items, t)
    };
    let set_a = clustered(&set_a, &|pair| pair.0, t_a);
    let set_b = clustered(&set_b, &|pair| pair.1, t_b);
    let bootstrap = plan.bootstrap;
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
        common: pairs.len() as u64,
        left_out: (total - 2 * pairs.len()) as u64,
        unit,
        clusters: set_a.clusters() as u64,
        mcnemar: McNemar {
            both_right,
            both_wrong,
            only_a_right: only_a,
            only_b_right: only_b,
            p: mcnemar(only_a, only_b),
        },
        acer: difference(|p| p.acer),
        hter: difference(|p| p.hter),
        eer: difference(|p| p.eer),
        auc: difference(|p| p.auc),
    })
}

/// Presentations of both sets that are the same one, in A's order; the name of one that they
/// disagree about.
fn pairs(a: &Set<'_>, b: &Set<'_>) -> Result<Vec<(usize, usize)>, String> {
    let mut of_b: HashMap<Key<'_>, usize> = (0..b.len()).map(|j| (key(b, j), j)).collect();
    let mut pairs = Vec::with_capacity(a.len().min(b.len()));
    for i in 0..a.len() {
        let key = key(a, i);
        let Some(j) = of_b.remove(&key) else { continue };
        let species = |set: &Set<'_>, i: usize| set.table().species_of(set.first(i)).cloned();
        if species(a, i) != species(b, j) {
            return Err(key.2.into_owned());
        }
        pairs.push((i, j));
    }
    Ok(pairs)
}

type Key<'t> = (&'t str, Option<Split>, Cow<'t, str>);

fn key<'t>(set: &Set<'t>, i: usize) -> Key<'t> {
    let (table, row) = (set.table(), set.first(i));
    let id = match set.video(i) {
        Some(video) => Cow::Borrowed(video),
        None => table.sample(row),
    };
    (table.dataset_of(row), table.split.get(row), id)
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

//! A set made ready for drawing, and the draws.

use std::{collections::HashMap, fmt};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Bootstrap;
use crate::{convention::Aggregation, ranked::NoResponse, score::ScoreTable, set::Set};

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// All presentations of a subject.
    Subject,
    /// All presentations of a video: where some subject is not known.
    Video,
    /// Single presentations: where neither is known.
    Presentation,
}

impl Unit {
    /// The name in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Video => "video",
            Self::Presentation => "presentation",
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The composites of one draw; NaN where undefined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// APCER as aggregated.
    pub apcer: f64,
    /// BPCER.
    pub bpcer: f64,
    /// (APCER + BPCER) / 2.
    pub acer: f64,
    /// (pooled APCER + BPCER) / 2.
    pub hter: f64,
    /// EER of the draw.
    pub eer: f64,
    /// AUC of the draw.
    pub auc: f64,
}

/// A set by clusters, sorted once for all draws, at a fixed threshold.
#[derive(Clone, Debug)]
pub struct Clustered {
    unit: Unit,
    clusters: usize,
    /// By rising score: cluster << 2 | last of its tie << 1 | live.
    order: Vec<u32>,
    /// The first tie is of presentations that no threshold accepts.
    never: bool,
    /// Errors and presentations of live, by cluster: (cluster, errors, of).
    live: Vec<(u32, u32, u32)>,
    /// The same of every attack group.
    groups: Vec<Vec<(u32, u32, u32)>>,
}

impl Clustered {
    /// Makes a set's presentations ready; `t` is the threshold that holds in every draw. None if
    /// `wanted` is not known of every presentation.
    pub(crate) fn of(
        set: &Set<'_>,
        wanted: Option<Unit>,
        t: f64,
        aggregation: Aggregation,
        policy: NoResponse,
    ) -> Option<Self> {
        let (unit, ids) = set.clusters(wanted)?;
        let groups = groups(set.table(), aggregation);
        let items = ids
            .into_iter()
            .enumerate()
            .filter_map(|(i, cluster)| item(set, &groups, i, cluster, policy))
            .collect();
        Some(Self::from_items(unit, items, t))
    }

    /// From (score, cluster, attack group; none for live). Clusters and groups are numbered from 0.
    pub fn from_items(unit: Unit, mut items: Vec<(f64, u32, Option<u32>)>, t: f64) -> Self {
        items.sort_by(|a, b| a.0.total_cmp(&b.0));
        let clusters = items.iter().map(|i| i.1 as usize + 1).max().unwrap_or(0);
        let group_count = items
            .iter()
            .filter_map(|i| i.2.map(|g| g as usize + 1))
            .max()
            .unwrap_or(0);
        let order = (0..items.len())
            .map(|i| {
                let last = items.get(i + 1).is_none_or(|next| next.0 != items[i].0);
                items[i].1 << 2 | u32::from(last) << 1 | u32::from(items[i].2.is_none())
            })
            .collect();
        let mut tables: Vec<HashMap<u32, (u32, u32)>> = vec![HashMap::new(); group_count + 1];
        for &(score, cluster, group) in &items {
            let (table, error) = match group {
                Some(g) => (g as usize, score > t),
                None => (group_count, score <= t),
            };
            let cell = tables[table].entry(cluster).or_default();
            cell.0 += u32::from(error);
            cell.1 += 1;
        }
        let mut flat: Vec<Vec<_>> = tables
            .into_iter()
            .map(|table| {
                let mut cells: Vec<_> = table.into_iter().map(|(c, (e, n))| (c, e, n)).collect();
                cells.sort_unstable();
                cells
            })
            .collect();
        let live = flat.pop().unwrap_or_default();
        Self {
            unit,
            clusters,
            never: items.first().is_some_and(|i| i.0 == f64::NEG_INFINITY),
            order,
            live,
            groups: flat,
        }
    }

    /// What is drawn.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// How many clusters there are.
    pub fn clusters(&self) -> usize {
        self.clusters
    }

    /// Clusters with live presentations.
    pub(super) fn live_clusters(&self) -> u64 {
        self.live.len() as u64
    }

    /// Of all attack groups, the fewest clusters; and clusters with any attack.
    pub(super) fn attack_clusters(&self) -> (u64, u64) {
        let fewest = self.groups.iter().map(Vec::len).min().unwrap_or(0) as u64;
        let mut any: Vec<u32> = self.groups.iter().flatten().map(|c| c.0).collect();
        any.sort_unstable();
        any.dedup();
        (fewest, any.len() as u64)
    }

    /// The figures of the set as it is.
    pub fn observed(&self) -> Point {
        self.weighted(&vec![1; self.clusters])
    }

    /// The figures of every replicate, in order.
    pub fn draw(&self, bootstrap: Bootstrap) -> Vec<Point> {
        (0..bootstrap.replicates.max(100))
            .into_par_iter()
            .map_init(
                || vec![0u32; self.clusters],
                |weights, i| {
                    fill(weights, bootstrap.seed, i);
                    self.weighted(weights)
                },
            )
            .collect()
    }

    /// The figures where cluster c counts `weights[c]` times.
    pub(super) fn weighted(&self, weights: &[u32]) -> Point {
        let sum = |cells: &[(u32, u32, u32)]| {
            cells.iter().fold((0u64, 0u64), |(errors, of), &(c, e, n)| {
                let w = u64::from(weights[c as usize]);
                (errors + w * u64::from(e), of + w * u64::from(n))
            })
        };
        // 0 / 0 is NaN: undefined.
        let rate = |(errors, of): (u64, u64)| errors as f64 / of as f64;
        let live = sum(&self.live);
        let groups = self.groups.iter().map(|g| sum(g));
        let (mut apcer, mut pooled) = (f64::NAN, (0, 0));
        for group in groups {
            apcer = apcer.max(rate(group));
            pooled = (pooled.0 + group.0, pooled.1 + group.1);
        }
        let bpcer = rate(live);
        let (eer, auc) = self.rank_figures(weights, live.1, pooled.1);
        Point {
            apcer,
            bpcer,
            acer: (apcer + bpcer) / 2.0,
            hter: (rate(pooled) + bpcer) / 2.0,
            eer,
            auc,
        }
    }

    /// EER and AUC in one pass over the sorted presentations.
    fn rank_figures(&self, weights: &[u32], live: u64, attack: u64) -> (f64, f64) {
        if live == 0 || attack == 0 {
            return (f64::NAN, f64::NAN);
        }
        let (mut live_seen, mut attack_seen) = (0u64, 0u64);
        let (mut live_tie, mut attack_tie) = (0u64, 0u64);
        let mut twice_won = 0u128;
        let mut gap_before = if self.never {
            u128::MAX
        } else {
            u128::from(live) * u128::from(attack)
        };
        let mut best = (0u64, attack);
        for &item in &self.order {
            let weight = u64::from(weights[(item >> 2) as usize]);
            let is_live = u64::from(item & 1);
            live_tie += weight * is_live;
            attack_tie += weight * (1 - is_live);
            if item & 2 != 0 {
                twice_won += u128::from(live_tie * (2 * attack_seen + attack_tie));
                live_seen += live_tie;
                attack_seen += attack_tie;
                (live_tie, attack_tie) = (0, 0);
                let accepted = attack - attack_seen;
                let gap = (live_seen * attack).abs_diff(accepted * live);
                if u128::from(gap) < gap_before {
                    gap_before = u128::from(gap);
                    best = (live_seen, accepted);
                }
            }
        }
        let eer = (best.1 as f64 / attack as f64 + best.0 as f64 / live as f64) / 2.0;
        let pairs = 2 * u128::from(live) * u128::from(attack);
        (eer, twice_won as f64 / pairs as f64)
    }
}

/// As many draws with replacement as there are clusters, from stream `replicate` of the seed.
pub(crate) fn fill(weights: &mut [u32], seed: u64, replicate: u32) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(u64::from(replicate));
    weights.fill(0);
    let n = weights.len();
    for _ in 0..n {
        // The high half of the product is uniform over 0..n to within n / 2^64.
        let i = (u128::from(random.next_u64()) * n as u128) >> 64;
        weights[i as usize] += 1;
    }
}

/// The attack group of every species of a table, numbered from 0.
pub(super) fn groups(table: &ScoreTable, aggregation: Aggregation) -> Vec<u32> {
    let mut names: HashMap<&str, u32> = HashMap::new();
    (table.species_names.values().iter())
        .map(|species| {
            let name = match aggregation {
                Aggregation::MaxSpecies => species.as_str(),
                Aggregation::MaxFamily => species.family(),
                Aggregation::Pooled => "attack",
            };
            let next = names.len() as u32;
            *names.entry(name).or_insert(next)
        })
        .collect()
}

/// Presentation i for [`Clustered::from_items`]; none if it takes no part.
pub(super) fn item(
    set: &Set<'_>,
    groups: &[u32],
    i: usize,
    cluster: u32,
    policy: NoResponse,
) -> Option<(f64, u32, Option<u32>)> {
    let score = match (set.score(i), policy) {
        (Some(score), _) => score,
        (None, NoResponse::Reject) => f64::NEG_INFINITY,
        (None, NoResponse::Exclude) => return None,
    };
    let species = (set.species(i) as usize).checked_sub(1);
    Some((score, cluster, species.map(|s| groups[s])))
}

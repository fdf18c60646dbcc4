//! Scores sorted once, so that every rate at every threshold is a binary search.

use std::{collections::BTreeMap, fmt, str::FromStr};

use rayon::slice::ParallelSliceMut;
use serde::{Deserialize, Serialize};

use crate::{Label, Species, convention::Aggregation, presentation::Presentation};

/// The scores of a set by class and species, each ascending, and the non-responses beside them.
///
/// Building it takes O(n log n); a rate at a threshold O(log n) for each species.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranked {
    live: Vec<f64>,
    attack: Vec<f64>,
    species: BTreeMap<Species, SpeciesScores>,
    live_without: u64,
    policy: NoResponse,
}

/// What a presentation without a score counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoResponse {
    /// Nothing: it is left out of APCER and BPCER, and APNRR and BPNRR report it.
    #[default]
    Exclude,
    /// Classified as an attack at every threshold, as a system does that lets nobody in without a
    /// score: right for an attack, an error for a live person. APNRR and BPNRR stay as they are.
    Reject,
}

impl NoResponse {
    /// The name in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exclude => "exclude",
            Self::Reject => "reject",
        }
    }
}

impl fmt::Display for NoResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected `exclude` or `reject` for presentations without a score, found `{0}`")]
pub struct ParseNoResponseError(pub String);

impl FromStr for NoResponse {
    type Err = ParseNoResponseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "exclude" => Ok(Self::Exclude),
            "reject" => Ok(Self::Reject),
            _ => Err(ParseNoResponseError(text.to_owned())),
        }
    }
}

/// The scores of one species.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpeciesScores {
    /// Ascending.
    pub scores: Vec<f64>,
    /// Presentations without a score.
    pub without: u64,
}

impl Ranked {
    /// Sorts the scores of presentations. Scores that are not finite count as missing, and an
    /// attack without species as one of [`crate::score::UNKNOWN_SPECIES`]; neither comes out of a
    /// score file.
    pub fn new(presentations: &[Presentation<'_>]) -> Self {
        Self::with(presentations, NoResponse::Exclude)
    }

    /// As [`Ranked::new`]; with [`NoResponse::Reject`] presentations without a score stand in the
    /// lists as minus infinity, which no threshold accepts.
    pub fn with(presentations: &[Presentation<'_>], policy: NoResponse) -> Self {
        let unknown = crate::score::UNKNOWN_SPECIES.parse::<Species>().ok();
        let mut ranked = Self {
            policy,
            ..Self::default()
        };
        let reject = policy == NoResponse::Reject;
        for presentation in presentations {
            // Adding 0 makes -0 and 0 tie when sorted by bits.
            let score = presentation
                .score
                .filter(|s| s.is_finite())
                .map(|s| s + 0.0);
            if presentation.label == Label::Live {
                match score {
                    Some(score) => ranked.live.push(score),
                    None => {
                        ranked.live_without += 1;
                        if reject {
                            ranked.live.push(f64::NEG_INFINITY);
                        }
                    }
                }
                continue;
            }
            let Some(name) = presentation.species.or(unknown.as_ref()) else {
                continue;
            };
            if !ranked.species.contains_key(name) {
                ranked
                    .species
                    .insert(name.clone(), SpeciesScores::default());
            }
            if let Some(species) = ranked.species.get_mut(name) {
                match score {
                    Some(score) => {
                        species.scores.push(score);
                        ranked.attack.push(score);
                    }
                    None => {
                        species.without += 1;
                        if reject {
                            species.scores.push(f64::NEG_INFINITY);
                            ranked.attack.push(f64::NEG_INFINITY);
                        }
                    }
                }
            }
        }
        ranked.sort();
        ranked
    }

    /// Ranks bare scores: live ones, and attacks by species. Scores that are not finite count as
    /// missing.
    pub fn from_scores(live: Vec<f64>, species: BTreeMap<Species, Vec<f64>>) -> Self {
        let clean = |mut scores: Vec<f64>| {
            let all = scores.len();
            scores.retain_mut(|s| {
                *s += 0.0;
                s.is_finite()
            });
            let without = (all - scores.len()) as u64;
            SpeciesScores { scores, without }
        };
        let live = clean(live);
        let species: BTreeMap<_, _> = species.into_iter().map(|(k, v)| (k, clean(v))).collect();
        Self::of_lists(live, species, NoResponse::Exclude)
    }

    /// Ranks scores that are finite, or minus infinity for presentations that `policy` rejects;
    /// `live` and `species` with how many presentations have none.
    pub(crate) fn of_lists(
        live: SpeciesScores,
        species: BTreeMap<Species, SpeciesScores>,
        policy: NoResponse,
    ) -> Self {
        let total = species.values().map(|s| s.scores.len()).sum();
        let mut attack = Vec::with_capacity(total);
        for s in species.values() {
            attack.extend_from_slice(&s.scores);
        }
        let mut ranked = Self {
            live: live.scores,
            live_without: live.without,
            attack,
            species,
            policy,
        };
        ranked.sort();
        ranked
    }

    fn sort(&mut self) {
        ascend(&mut self.live);
        // One species: its list is the list of all.
        if self.species.len() == 1 {
            ascend(&mut self.attack);
            for species in self.species.values_mut() {
                species.scores.clone_from(&self.attack);
            }
            return;
        }
        for species in self.species.values_mut() {
            ascend(&mut species.scores);
        }
        ascend(&mut self.attack);
    }

    /// What presentations without a score count as.
    pub fn policy(&self) -> NoResponse {
        self.policy
    }

    /// Live presentations that have a score.
    pub fn live_scored(&self) -> u64 {
        self.live.len() as u64 - self.counted(self.live_without)
    }

    /// Attack presentations that have a score.
    pub fn attack_scored(&self) -> u64 {
        self.attack.len() as u64 - self.counted(self.attack_without())
    }

    /// How many of `without` are in the lists.
    pub(crate) fn counted(&self, without: u64) -> u64 {
        match self.policy {
            NoResponse::Exclude => 0,
            NoResponse::Reject => without,
        }
    }

    /// The attack scores of every group that has any, ascending.
    pub(crate) fn groups(&self, grouping: Aggregation) -> Vec<Vec<f64>> {
        let mut groups: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (species, scores) in &self.species {
            let name = match grouping {
                Aggregation::MaxSpecies => species.as_str(),
                Aggregation::MaxFamily => species.family(),
                Aggregation::Pooled => "attack",
            };
            groups
                .entry(name)
                .or_default()
                .extend_from_slice(&scores.scores);
        }
        let mut groups: Vec<_> = groups.into_values().filter(|g| !g.is_empty()).collect();
        groups.iter_mut().for_each(|g| ascend(g));
        groups
    }

    /// Scores of live presentations, ascending.
    pub fn live(&self) -> &[f64] {
        &self.live
    }

    /// Scores of all attack presentations, ascending.
    pub fn attack(&self) -> &[f64] {
        &self.attack
    }

    /// Scores by species, in the order of names.
    pub fn species(&self) -> &BTreeMap<Species, SpeciesScores> {
        &self.species
    }

    /// Live presentations without a score.
    pub fn live_without(&self) -> u64 {
        self.live_without
    }

    /// Attack presentations without a score.
    pub fn attack_without(&self) -> u64 {
        self.species.values().map(|s| s.without).sum()
    }

    /// Attacks accepted as live at threshold `t`, as (errors, of), in the groups of an
    /// aggregation: by species, by family, or all under one name. Groups without a score are kept
    /// with `of` 0.
    pub fn accepted_attacks(&self, t: f64, grouping: Aggregation) -> BTreeMap<String, (u64, u64)> {
        let mut groups = BTreeMap::new();
        for (species, scores) in &self.species {
            let name = match grouping {
                Aggregation::MaxSpecies => species.as_str(),
                Aggregation::MaxFamily => species.family(),
                Aggregation::Pooled => "attack",
            };
            let group: &mut (u64, u64) = groups.entry(name.to_owned()).or_default();
            group.0 += above(&scores.scores, t);
            group.1 += scores.scores.len() as u64;
        }
        groups
    }

    /// All attacks accepted as live at `t`, as (errors, of).
    pub fn accepted_pooled(&self, t: f64) -> (u64, u64) {
        (above(&self.attack, t), self.attack.len() as u64)
    }

    /// Live presentations rejected at `t`, as (errors, of).
    pub fn rejected_live(&self, t: f64) -> (u64, u64) {
        let of = self.live.len() as u64;
        (of - above(&self.live, t), of)
    }

    /// Walks up the candidate thresholds, minus infinity and then every distinct score, with
    /// (threshold, attacks accepted, live rejected).
    pub(crate) fn walk(&self) -> impl Iterator<Item = (f64, u64, u64)> + '_ {
        // Presentations that no threshold accepts stand at minus infinity.
        let never = |s: &[f64]| s.partition_point(|&s| s == f64::NEG_INFINITY);
        let (mut i, mut j) = (never(&self.live), never(&self.attack));
        let first = (f64::NEG_INFINITY, (self.attack.len() - j) as u64, i as u64);
        std::iter::once(first).chain(std::iter::from_fn(move || {
            let t = match (self.live.get(i), self.attack.get(j)) {
                (Some(&a), Some(&b)) => a.min(b),
                (Some(&a), None) => a,
                (None, Some(&b)) => b,
                (None, None) => return None,
            };
            i += self.live[i..].iter().take_while(|&&s| s == t).count();
            j += self.attack[j..].iter().take_while(|&&s| s == t).count();
            Some((t, (self.attack.len() - j) as u64, i as u64))
        }))
    }
}

/// How many of the ascending scores are above `t`.
fn above(scores: &[f64], t: f64) -> u64 {
    (scores.len() - scores.partition_point(|&s| s <= t)) as u64
}

/// Sorts without NaN, by the bits of integers that order as the numbers do: twice as fast as by
/// comparing floats. Long lists use all threads; equal bits are equal, so the result is the same
/// for any number of them.
fn ascend(scores: &mut [f64]) {
    if scores.is_sorted() {
        return;
    }
    if scores.len() < 1 << 16 {
        scores.sort_unstable_by(f64::total_cmp);
        return;
    }
    const SIGN: u64 = 1 << 63;
    let mut keys: Vec<u64> = scores
        .iter()
        .map(|s| s.to_bits())
        .map(|b| if b & SIGN == 0 { b | SIGN } else { !b })
        .collect();
    keys.par_sort_unstable();
    for (score, key) in scores.iter_mut().zip(keys) {
        *score = f64::from_bits(if key & SIGN == 0 { !key } else { key & !SIGN });
    }
}

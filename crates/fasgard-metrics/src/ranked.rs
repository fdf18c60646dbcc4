//! Scores sorted once, so that every rate at every threshold is a binary search.

use std::collections::BTreeMap;

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
        let unknown = crate::score::UNKNOWN_SPECIES.parse::<Species>().ok();
        let mut ranked = Self::default();
        for presentation in presentations {
            // Adding 0 makes -0 and 0 tie when sorted by bits.
            let score = presentation
                .score
                .filter(|s| s.is_finite())
                .map(|s| s + 0.0);
            if presentation.label == Label::Live {
                match score {
                    Some(score) => ranked.live.push(score),
                    None => ranked.live_without += 1,
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
                    None => species.without += 1,
                }
            }
        }
        ranked.live.sort_unstable_by(f64::total_cmp);
        ranked.attack.sort_unstable_by(f64::total_cmp);
        for species in ranked.species.values_mut() {
            species.scores.sort_unstable_by(f64::total_cmp);
        }
        ranked
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
        let (mut i, mut j) = (0, 0);
        let first = (f64::NEG_INFINITY, self.attack.len() as u64, 0);
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

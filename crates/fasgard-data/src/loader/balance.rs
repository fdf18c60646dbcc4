//! The order of samples within an epoch.

use std::collections::BTreeMap;

use fasgard_image::random::stream;
use fasgard_metrics::Species;
use rand::Rng;
use rand::seq::SliceRandom;

use super::{Balance, EpochUnit, LoaderError, SamplingConfig};
use crate::Sample;

/// One draw: a row, and how often its unit came before in the same epoch (so that a repeated
/// sample is augmented anew).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Draw {
    pub(super) row: usize,
    pub(super) cycle: u32,
}

/// The units of an epoch, grouped as they are balanced.
pub(super) struct Plan {
    seed: u64,
    /// Rows of each unit: one row for frames, all frames of a video otherwise.
    units: Vec<Vec<usize>>,
    /// Names of the units, for their random streams.
    keys: Vec<String>,
    groups: Groups,
}

/// Indices of units.
enum Groups {
    All(Vec<usize>),
    Balanced {
        live: Vec<usize>,
        /// One group a species, or one of all attacks.
        attacks: Vec<Vec<usize>>,
    },
}

impl Plan {
    pub(super) fn new(
        rows: &[Sample],
        sampling: SamplingConfig,
        seed: u64,
    ) -> Result<Self, LoaderError> {
        let (keys, units) = units(rows, sampling.epoch);
        // A video is of one class and species: its first frame's.
        let first = |unit: &usize| &rows[units[*unit][0]].row;
        let all: Vec<usize> = (0..units.len()).collect();
        let groups = if sampling.balance == Balance::None {
            Groups::All(all)
        } else {
            let (live, attack): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|u| first(u).label.is_live());
            let missing = match (live.is_empty(), attack.is_empty()) {
                (true, _) => Some("live"),
                (_, true) => Some("attack"),
                _ => None,
            };
            if let Some(missing) = missing {
                return Err(LoaderError::OneClass {
                    missing,
                    found: rows.len(),
                });
            }
            let attacks = if sampling.balance == Balance::Species {
                let mut species: BTreeMap<Option<&Species>, Vec<usize>> = BTreeMap::new();
                for unit in attack {
                    let name = first(&unit).species.as_ref();
                    species.entry(name).or_default().push(unit);
                }
                species.into_values().collect()
            } else {
                vec![attack]
            };
            Groups::Balanced { live, attacks }
        };
        Ok(Self {
            seed,
            units,
            keys,
            groups,
        })
    }

    /// Draws in one epoch: the number of units.
    pub(super) fn len(&self) -> usize {
        self.units.len()
    }

    /// The draws of an epoch, [`len`](Self::len) of them.
    pub(super) fn order(&self, epoch: u64) -> Vec<Draw> {
        match &self.groups {
            Groups::All(units) => {
                let mut turns = Turns::new(self.seed, epoch, "all", units);
                (0..self.len())
                    .map(|_| self.draw(epoch, turns.next()))
                    .collect()
            }
            Groups::Balanced { live, attacks } => self.balanced(epoch, live, attacks),
        }
    }

    fn balanced(&self, epoch: u64, live: &[usize], attacks: &[Vec<usize>]) -> Vec<Draw> {
        let mut live = Turns::new(self.seed, epoch, "live", live);
        let mut attacks: Vec<_> = attacks
            .iter()
            .enumerate()
            .map(|(i, units)| Turns::new(self.seed, epoch, &format!("attack {i}"), units))
            .collect();
        let species: Vec<usize> = (0..attacks.len()).collect();
        let mut species = Turns::new(self.seed, epoch, "species", &species);
        let draws = (0..self.len()).map(|position| {
            // Which class starts alternates by epoch: with an odd epoch length neither gains.
            let turn = if (position as u64 + epoch).is_multiple_of(2) {
                live.next()
            } else {
                attacks[species.next().0].next()
            };
            self.draw(epoch, turn)
        });
        draws.collect()
    }

    fn draw(&self, epoch: u64, (unit, cycle): (usize, u32)) -> Draw {
        let frames = &self.units[unit];
        let row = if frames.len() == 1 {
            frames[0]
        } else {
            let purpose = format!("frame {cycle}");
            let mut rng = stream(self.seed, &purpose, epoch, &self.keys[unit]);
            frames[rng.random_range(0..frames.len())]
        };
        Draw { row, cycle }
    }
}

fn units(rows: &[Sample], unit: EpochUnit) -> (Vec<String>, Vec<Vec<usize>>) {
    match unit {
        EpochUnit::Frames => {
            let units = (0..rows.len()).map(|row| vec![row]).collect();
            (rows.iter().map(|s| s.row.key()).collect(), units)
        }
        EpochUnit::OnePerVideo => {
            let mut videos: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for (row, sample) in rows.iter().enumerate() {
                // Live and attack recordings may be numbered alike.
                let key = format!("{} {}", sample.row.class_name(), sample.row.video_key());
                videos.entry(key).or_default().push(row);
            }
            videos.into_iter().unzip()
        }
    }
}

/// Goes through a group in a random order, again and again in new orders.
struct Turns<'a> {
    seed: u64,
    epoch: u64,
    name: String,
    units: &'a [usize],
    order: Vec<usize>,
    cycle: u32,
}

impl<'a> Turns<'a> {
    fn new(seed: u64, epoch: u64, name: &str, units: &'a [usize]) -> Self {
        Self {
            seed,
            epoch,
            name: name.to_owned(),
            units,
            order: Vec::new(),
            cycle: 0,
        }
    }

    /// The next unit and the number of complete rounds before it. `units` is never empty.
    fn next(&mut self) -> (usize, u32) {
        if self.order.is_empty() {
            self.order = self.units.to_vec();
            let purpose = format!("order {}", self.cycle);
            let mut rng = stream(self.seed, &purpose, self.epoch, &self.name);
            self.order.shuffle(&mut rng);
            self.cycle += 1;
        }
        (self.order.pop().unwrap_or_default(), self.cycle - 1)
    }
}

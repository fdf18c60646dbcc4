//! The order of samples within an epoch.

use std::collections::BTreeMap;

use fasgard_image::random::stream;
use fasgard_metrics::Species;
use rand::Rng;
use rand::seq::SliceRandom;

use super::{Balance, EpochUnit, LoaderError, SamplingConfig, SimulateAugment};
use crate::Sample;

/// One draw: a row, and how often its unit came before in the same epoch (so that a repeated
/// sample is augmented anew).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Draw {
    pub(super) row: usize,
    pub(super) cycle: u32,
    /// Whether a simulated attack takes the place of the (live) sample.
    pub(super) attack: bool,
}

/// The units of an epoch, grouped as they are balanced.
pub(super) struct Plan {
    seed: u64,
    /// Rows of each unit: one row for frames, all frames of a video otherwise.
    units: Vec<Vec<usize>>,
    /// Names of the units, for their random streams.
    keys: Vec<String>,
    groups: Groups,
    /// Rows of which attacks can be simulated; none if none are wanted.
    simulable: Vec<bool>,
    /// Probability that a drawn live sample becomes a simulated attack.
    probability: f64,
}

/// Indices of units.
enum Groups {
    All(Vec<usize>),
    Balanced {
        live: Vec<usize>,
        /// One group a species, or one of all attacks.
        attacks: Vec<Vec<usize>>,
        /// Live units of which attacks can be simulated, in the attacks' turns.
        simulable: Vec<usize>,
    },
}

impl Plan {
    pub(super) fn new(
        rows: &[Sample],
        sampling: SamplingConfig,
        simulate: &SimulateAugment,
        seed: u64,
    ) -> Result<Self, LoaderError> {
        let simulable = simulable(rows, simulate)?;
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
            if simulate.probability > 0.5 {
                return Err(LoaderError::TooManySimulated {
                    found: simulate.probability,
                });
            }
            let some = |unit: &usize| units[*unit].iter().any(|row| simulable[*row]);
            Groups::Balanced {
                simulable: live.iter().copied().filter(some).collect(),
                live,
                attacks,
            }
        };
        Ok(Self {
            seed,
            units,
            keys,
            groups,
            simulable,
            probability: simulate.probability,
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
                let draws = (0..self.len()).map(|_| {
                    let turn = turns.next();
                    let mut draw = self.draw(epoch, turn, false);
                    draw.attack = self.simulable[draw.row]
                        && self.chance(self.probability, "simulated", epoch, &self.keys[turn.0]);
                    draw
                });
                draws.collect()
            }
            Groups::Balanced {
                live,
                attacks,
                simulable,
            } => self.balanced(epoch, live, attacks, simulable),
        }
    }

    fn balanced(
        &self,
        epoch: u64,
        live: &[usize],
        attacks: &[Vec<usize>],
        simulable: &[usize],
    ) -> Vec<Draw> {
        // Of the live samples that are drawn, in both kinds of turns, the wanted share is simulated.
        let share = self.probability / (1.0 - self.probability);
        let mut live = Turns::new(self.seed, epoch, "live", live);
        let mut simulated = Turns::new(self.seed, epoch, "simulated", simulable);
        let mut attacks: Vec<_> = attacks
            .iter()
            .enumerate()
            .map(|(i, units)| Turns::new(self.seed, epoch, &format!("attack {i}"), units))
            .collect();
        let species: Vec<usize> = (0..attacks.len()).collect();
        let mut species = Turns::new(self.seed, epoch, "species", &species);
        let draws = (0..self.len()).map(|position| {
            // Which class starts alternates by epoch: with an odd epoch length neither gains.
            if (position as u64 + epoch).is_multiple_of(2) {
                self.draw(epoch, live.next(), false)
            } else if self.chance(share, "simulated", epoch, &position.to_string()) {
                self.draw(epoch, simulated.next(), true)
            } else {
                self.draw(epoch, attacks[species.next().0].next(), false)
            }
        });
        draws.collect()
    }

    fn chance(&self, probability: f64, purpose: &str, epoch: u64, key: &str) -> bool {
        probability > 0.0 && stream(self.seed, purpose, epoch, key).random::<f64>() < probability
    }

    /// A frame of a unit; for a simulated `attack` one of which it can be made.
    fn draw(&self, epoch: u64, (unit, cycle): (usize, u32), attack: bool) -> Draw {
        let able = |row: &&usize| !attack || self.simulable[**row];
        let frames: Vec<usize> = self.units[unit].iter().filter(able).copied().collect();
        let row = if frames.len() == 1 {
            frames[0]
        } else {
            let purpose = format!("frame {cycle}");
            let mut rng = stream(self.seed, &purpose, epoch, &self.keys[unit]);
            frames[rng.random_range(0..frames.len())]
        };
        Draw { row, cycle, attack }
    }
}

/// The rows of which attacks can be simulated: none if none are wanted, else at least one.
fn simulable(rows: &[Sample], simulate: &SimulateAugment) -> Result<Vec<bool>, LoaderError> {
    if !simulate.is_on() {
        return Ok(vec![false; rows.len()]);
    }
    let simulable: Vec<bool> = rows.iter().map(|row| simulate.allows(row)).collect();
    if !simulable.contains(&true) {
        let names: Vec<_> = simulate.species.iter().map(|a| a.species()).collect();
        return Err(LoaderError::NothingToSimulate {
            live: rows.iter().filter(|s| s.row.label.is_live()).count(),
            species: names.join(", "),
        });
    }
    Ok(simulable)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fasgard_image::FaceBox;
    use fasgard_metrics::Label;

    use super::*;
    use crate::{ManifestRow, RelativePath};

    /// 60 live, 20 print/1, 40 replay/1; the first 30 live samples have a box.
    fn rows(video: bool) -> Vec<Sample> {
        let row = |i: usize| {
            let image = RelativePath::new(&format!("{i}.jpg")).unwrap();
            let species = match i {
                0..60 => None,
                60..80 => Some("print/1".parse().unwrap()),
                _ => Some("replay/1".parse().unwrap()),
            };
            let label = if i < 60 { Label::Live } else { Label::Attack };
            let mut row = ManifestRow::new("set", i.to_string(), label, species, image);
            // A video of ten frames has five with a box.
            row.video = video.then(|| (i / 10).to_string());
            let boxed = if video { i.is_multiple_of(2) } else { i < 30 };
            row.face = (boxed && i < 60).then_some(FaceBox {
                x: 0.0,
                y: 0.0,
                w: 30.0,
                h: 30.0,
            });
            Sample {
                root: Arc::from(std::path::Path::new("none")),
                row,
            }
        };
        (0..120).map(row).collect()
    }

    fn simulate(probability: f64) -> SimulateAugment {
        SimulateAugment {
            probability,
            ..SimulateAugment::default()
        }
    }

    /// Draws of 50 epochs: live, print/1, replay/1, simulated.
    fn counts(plan: &Plan, rows: &[Sample]) -> [usize; 4] {
        let mut counts = [0; 4];
        for epoch in 0..50 {
            let order = plan.order(epoch);
            assert_eq!(order.len(), plan.len());
            for draw in order {
                let row = &rows[draw.row].row;
                assert!(!draw.attack || row.face.is_some());
                let kind = match (draw.attack, row.class_name()) {
                    (true, _) => 3,
                    (false, "live") => 0,
                    (false, "print/1") => 1,
                    _ => 2,
                };
                counts[kind] += 1;
            }
        }
        counts
    }

    #[test]
    fn simulated_attacks_leave_the_shares_of_classes() {
        let near = |found: usize, expected: usize| found.abs_diff(expected) < 120;
        let of = |balance, probability| {
            let rows = rows(false);
            let sampling = SamplingConfig {
                epoch: EpochUnit::Frames,
                balance,
            };
            let plan = Plan::new(&rows, sampling, &simulate(probability), 3);
            plan.map(|plan| counts(&plan, &rows))
        };
        // 6000 draws. Half of the live samples have a box, so a quarter of that half is replaced.
        let [live, print, replay, simulated] = of(Balance::None, 0.25).unwrap();
        assert!(near(simulated, 375) && live + simulated == 3000);
        assert_eq!((print, replay), (1000, 2000));
        // A third of the attacks' turns: 1000 of 4000 live draws.
        let [live, print, replay, simulated] = of(Balance::Class, 0.25).unwrap();
        assert_eq!((live, print + replay + simulated), (3000, 3000));
        assert!(near(simulated, 1000) && near(print, 667) && near(replay, 1333));
        let [live, print, replay, simulated] = of(Balance::Species, 0.25).unwrap();
        assert!(live == 3000 && near(simulated, 1000) && near(print, 1000) && near(replay, 1000));
        assert_eq!(of(Balance::Class, 0.5).unwrap(), [3000, 0, 0, 3000]);
        assert_eq!(of(Balance::Species, 0.0).unwrap()[3], 0);
        let message = of(Balance::Class, 0.6).err().unwrap().to_string();
        assert!(
            message.contains("at most 0.5") && message.contains("found 0.6"),
            "{message}"
        );
    }

    #[test]
    fn of_a_video_a_frame_that_allows_it_is_shown() {
        let rows = rows(true);
        let sampling = SamplingConfig {
            epoch: EpochUnit::OnePerVideo,
            balance: Balance::Class,
        };
        let plan = Plan::new(&rows, sampling, &simulate(0.5), 3).unwrap();
        assert_eq!(plan.len(), 12);
        assert_eq!(counts(&plan, &rows), [300, 0, 0, 300]);
    }

    #[test]
    fn without_a_face_nothing_is_simulated_and_the_species_are_named() {
        let mut rows = rows(false);
        let only = SimulateAugment {
            species: vec![fasgard_synth::Attack::HalfMask],
            ..simulate(0.1)
        };
        // Boxes, but no eyes.
        let refused = |rows: &[Sample]| {
            let plan = Plan::new(rows, SamplingConfig::default(), &only, 3);
            plan.err().unwrap().to_string()
        };
        let message = refused(&rows);
        assert!(
            message.contains("60 live") && message.contains("mask/half"),
            "{message}"
        );
        rows.iter_mut().for_each(|s| s.row.face = None);
        assert!(refused(&rows).contains("face box"));
    }
}

//! A threshold for one's own camera, and where nothing is known.

mod clusters;
mod warnings;

use fasgard_metrics::{Criterion, Level, Provenance, Rate, Source, Threshold};
use serde::Serialize;

pub use clusters::{CameraClusters, ClusterUnit, Clustered};

use crate::{ModelCard, ScoreQuantiles, dev_scores::quantile};
use clusters::Class;
use warnings::warnings;

/// Quantile of the attacks that bounds the gap from below; of the lives from above, its complement.
const TAIL: f64 = 0.99;
/// Share of the camera's lives that must lie among the dev set's (its 1 % to 99 % quantiles).
const FAMILIAR: f64 = 0.8;

/// Scores that a calibration is made of.
#[derive(Clone, Copy, Debug)]
pub struct CameraScores<'a> {
    /// Of live frames of the camera.
    pub live: &'a [f64],
    /// Of attack frames before the same camera; may be empty.
    pub attack: &'a [f64],
    /// Where those of the live samples of the model's own dev set lay; none = not known.
    pub dev_live: Option<ScoreQuantiles>,
    /// Which of the camera's frames belong together; none = not known.
    pub clusters: Option<CameraClusters<'a>>,
}

/// A calibration of a model for one camera.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// The new threshold.
    pub threshold: Threshold,
    /// Live frames rejected by it, of those that it was chosen on.
    pub bpcer: Rate,
    /// Live frames rejected by the model's threshold before; undefined if it had none.
    pub bpcer_before: Rate,
    /// Attack frames accepted by the new threshold.
    pub apcer: Rate,
    /// Attack frames accepted by the threshold before.
    pub apcer_before: Rate,
    /// Scores between the attacks' 99 % and the lives' 1 % quantile: none was seen there, so that
    /// strictly inside nothing is claimed. None without attacks, or where the two overlap.
    pub gap: Option<[f64; 2]>,
    /// Lowest and highest score seen; 0 and the highest without attacks. Outside nothing is claimed.
    pub support: [f64; 2],
    /// Live frames needed before "BPCER at most the allowed one" can be claimed: with no error among
    /// them the 95 % Clopper-Pearson interval ends there. Of independent ones: where the frames of a
    /// cluster are all alike, as many clusters are needed.
    pub needed: u64,
    /// The same rates where the frames of a cluster are not independent; null if it is not known which
    /// belong together, and every interval above is **as if all frames were independent**.
    pub clusters: Option<Clustered>,
    /// Share of the camera's live scores within the dev set's 1 % and 99 % quantiles of live.
    pub familiar: Option<f64>,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// Scores on which nothing can be calibrated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CalibrationError {
    /// The allowed BPCER is out of range.
    #[error("the allowed BPCER: expected more than 0 and at most 50 %, found {0}")]
    Allowed(f64),
    /// Too few live frames for any threshold to reject a share of them.
    #[error(
        "{found} live frames with a score are too few for a BPCER of {allowed}: at least {least} are needed to place a threshold, and {needed} to claim it; add frames or allow more"
    )]
    Few {
        /// Live frames with a score.
        found: usize,
        /// The allowed BPCER.
        allowed: f64,
        /// Frames of which one is the allowed share.
        least: u64,
        /// Frames needed for the claim.
        needed: u64,
    },
}

/// Live frames needed so that none wrong among them bounds the BPCER by `allowed`: the smallest n
/// with 1 - 0.025^(1/n) <= allowed (the upper end of Clopper-Pearson's 95 % interval at 0 of n).
pub fn frames_needed(allowed: f64) -> u64 {
    (0.025f64.ln() / (-allowed).ln_1p()).ceil() as u64
}

/// Sets a threshold at which at most `allowed` of the camera's live frames are rejected: the highest
/// score of the set for which that holds. `before` is the threshold so far, if there is one; `from`
/// names the live frames.
///
/// The intervals of [`Calibration::bpcer`] and its like take frames as independent; frames of one
/// person are not. [`Calibration::clusters`] has those that count people (recordings, folders).
///
/// # Errors
/// [`CalibrationError`] if `allowed` is out of range or there are too few live frames.
pub fn calibrate(
    scores: CameraScores<'_>,
    allowed: f64,
    before: Option<&Threshold>,
    from: &str,
) -> Result<Calibration, CalibrationError> {
    if !(allowed > 0.0 && allowed <= 0.5) {
        return Err(CalibrationError::Allowed(allowed));
    }
    let sorted = |values: &[f64]| {
        let mut values: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    let (live, attack) = (sorted(scores.live), sorted(scores.attack));
    let needed = frames_needed(allowed);
    let least = (1.0 / allowed).ceil() as u64;
    if (live.len() as u64) < least {
        return Err(CalibrationError::Few {
            found: live.len(),
            allowed,
            least,
            needed,
        });
    }
    let below = |values: &[f64], t: f64| values.partition_point(|v| *v <= t);
    let within = |t: f64| below(&live, t) as f64 / live.len() as f64 <= allowed;
    let candidates = live.iter().chain(&attack).copied().filter(|t| within(*t));
    let value = candidates.fold(f64::NEG_INFINITY, f64::max);
    let threshold = Threshold {
        value,
        criterion: Criterion::Bpcer(allowed),
        from: Provenance {
            source: Source::Dev,
            file: Some(from.to_owned()),
            sha256: None,
            split: None,
            level: Some(Level::Frame),
            fuse: None,
            live: live.len() as u64,
            attack: attack.len() as u64,
        },
    };
    let rejected = |t: f64| {
        let errors = below(&live, t) as u64;
        Rate::proportion(errors, live.len() as u64, "no live frame has a score")
    };
    let accepted = |t: f64| {
        let errors = (attack.len() - below(&attack, t)) as u64;
        Rate::proportion(errors, attack.len() as u64, "no attack frames were given")
    };
    let none_before = || Rate::undefined("the model had no threshold");
    let gap = quantile(&attack, TAIL)
        .zip(quantile(&live, 1.0 - TAIL))
        .map(|(low, high)| [low, high])
        .filter(|[low, high]| low < high);
    let low = attack.first().map_or(0.0, |a| a.min(live[0]));
    let high = live
        .last()
        .map_or(1.0, |l| attack.last().map_or(*l, |a| a.max(*l)));
    let familiar = scores.dev_live.map(|dev| {
        let inside = live.iter().filter(|score| dev.holds(**score)).count();
        inside as f64 / live.len() as f64
    });
    let clusters = scores.clusters.map(|given| {
        let lives = Class::new(scores.live, Some(given.live));
        let attacks = Class::new(scores.attack, Some(given.attack));
        let rejected = |t: f64| lives.interval(|score| score <= t);
        let accepted = |t: f64| attacks.interval(|score| score > t);
        Clustered {
            unit: given.unit,
            live: lives.count(),
            attack: attacks.count(),
            bpcer: rejected(value),
            bpcer_before: before.and_then(|t| rejected(t.value)),
            apcer: accepted(value),
            apcer_before: before.and_then(|t| accepted(t.value)),
        }
    });
    let mut calibration = Calibration {
        bpcer: rejected(value),
        bpcer_before: before.map_or_else(none_before, |t| rejected(t.value)),
        apcer: accepted(value),
        apcer_before: before.map_or_else(none_before, |t| accepted(t.value)),
        threshold,
        gap,
        support: [low, high],
        needed,
        clusters,
        familiar,
        warnings: Vec::new(),
    };
    calibration.warnings = warnings(&calibration, live.len() as u64, attack.is_empty(), allowed);
    Ok(calibration)
}

impl Calibration {
    /// Puts the calibration into a card: the new threshold first, the former ones behind it.
    pub fn apply(&self, card: &mut ModelCard) {
        card.thresholds.insert(0, self.threshold.clone());
        card.support = Some(self.support);
        card.gap = self.gap;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores<'a>(live: &'a [f64], attack: &'a [f64], dev_live: &'a [f64]) -> CameraScores<'a> {
        CameraScores {
            live,
            attack,
            dev_live: ScoreQuantiles::of(dev_live.to_vec()),
            clusters: None,
        }
    }

    fn ramp(n: u32, from: f64, to: f64) -> Vec<f64> {
        (0..n)
            .map(|i| from + (to - from) * f64::from(i) / f64::from(n - 1))
            .collect()
    }

    #[test]
    fn by_hand() {
        // 10 lives 0.1 .. 1.0; one in five may be rejected: t = 0.2.
        let live: Vec<f64> = (1..=10).map(|i| f64::from(i) / 10.0).collect();
        let attack = [0.05, 0.25, 0.75];
        let before = Threshold::given(0.5);
        let found = calibrate(scores(&live, &attack, &[]), 0.2, Some(&before), "cam").unwrap();
        // 0.25 rejects two lives as well and is higher.
        assert_eq!(found.threshold.value, 0.25);
        assert_eq!((found.bpcer.errors, found.bpcer.of), (Some(2), Some(10)));
        assert_eq!(found.bpcer_before.errors, Some(5));
        assert_eq!(
            (found.apcer.errors, found.apcer_before.errors),
            (Some(1), Some(1))
        );
        assert_eq!((found.gap, found.support), (None, [0.05, 1.0]));
        assert_eq!(found.threshold.from.live, 10);
        // The first threshold of a model is the same, with nothing before it.
        let first = calibrate(scores(&live, &attack, &[]), 0.2, None, "cam").unwrap();
        assert_eq!(first.threshold, found.threshold);
        assert_eq!(first.bpcer_before.value.or(first.apcer_before.value), None);
    }

    #[test]
    fn the_gap_between_the_classes_is_abstained_in() {
        let (live, attack) = (ramp(200, 0.8, 0.99), ramp(100, 0.01, 0.2));
        let before = Threshold::given(0.5);
        let found = calibrate(scores(&live, &attack, &[]), 0.01, Some(&before), "cam").unwrap();
        let [low, high] = found.gap.unwrap();
        // Ranks 99 of 100 and 2 of 200.
        assert_eq!((low, high), (attack[98], live[1]));
        assert_eq!(found.support, [0.01, 0.99]);
        assert_eq!(found.apcer.errors, Some(0));
        assert!(found.bpcer.value.unwrap() <= 0.01);
    }

    #[test]
    fn frames_needed_bound_the_interval() {
        for allowed in [0.3, 0.1, 0.05, 0.01, 0.001] {
            let n = frames_needed(allowed);
            let upper = |n| fasgard_metrics::clopper_pearson(0, n).unwrap()[1];
            assert!(upper(n) <= allowed + 1e-12, "{allowed}: {n}");
            assert!(upper(n - 1) > allowed, "{allowed}: {n}");
        }
        assert_eq!(frames_needed(0.01), 368);
    }

    #[test]
    fn intervals_count_people_where_they_are_known() {
        // 5 people of 80 frames each; the lowest 4 frames (1 %) are one person's. 3 of attacks.
        let live: Vec<f64> = (0..400).map(|i| 0.5 + f64::from(i) / 1000.0).collect();
        let people: Vec<u32> = (0..400).map(|i| i / 80).collect();
        let attack = [0.1, 0.2, 0.3];
        let known = CameraScores {
            clusters: Some(CameraClusters {
                unit: ClusterUnit::Subject,
                live: &people,
                attack: &[7, 7, 2],
            }),
            ..scores(&live, &attack, &[])
        };
        let before = Threshold::given(0.4);
        let found = calibrate(known, 0.01, Some(&before), "cam").unwrap();
        assert_eq!(found.bpcer.errors, Some(4));
        let by = found.clusters.as_ref().unwrap();
        assert_eq!((by.live, by.attack), (5, 2));
        // One of five has an error: Clopper-Pearson's 0.7164. None before: 1 - 0.025^(1/5).
        let hi = |interval: Option<fasgard_metrics::resample::Interval>| interval.unwrap().hi;
        assert!((hi(by.bpcer) - 0.716_418).abs() < 1e-6, "{by:?}");
        assert!((hi(by.bpcer_before) - 0.521_824).abs() < 1e-6, "{by:?}");
        // No attack of two clusters: 1 - 0.025^(1/2).
        assert!((hi(by.apcer) - 0.841_886).abs() < 1e-6, "{by:?}");
        assert!(found.bpcer.ci95.unwrap()[1] < 0.03, "as if independent");
        let text = found.warnings.join("\n");
        assert!(
            text.contains("400 live frames of 5 subjects")
                && text.contains("368 subjects are needed"),
            "{text}"
        );
        // Unknown, and enough frames: it is said what was taken for granted.
        let found = calibrate(scores(&live, &attack, &[]), 0.01, None, "cam").unwrap();
        assert!(found.clusters.is_none());
        assert!(
            found
                .warnings
                .join("\n")
                .contains("as if they were independent")
        );
    }

    #[test]
    fn bad_requests_are_refused() {
        let before = Threshold::given(0.5);
        for allowed in [0.0, -1.0, 0.51, f64::NAN] {
            let error = calibrate(scores(&[0.5; 10], &[], &[]), allowed, Some(&before), "cam");
            assert!(
                matches!(error, Err(CalibrationError::Allowed(_))),
                "{allowed}"
            );
        }
        let message = calibrate(scores(&[0.5; 99], &[], &[]), 0.01, Some(&before), "cam")
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("99 live") && message.contains("at least 100"),
            "{message}"
        );
        assert!(message.contains("368"), "{message}");
        // Scores that are no numbers are no frames.
        let error = calibrate(
            scores(&[f64::NAN; 200], &[], &[]),
            0.01,
            Some(&before),
            "cam",
        );
        assert!(error.is_err());
    }

    #[test]
    fn warnings_say_what_is_not_known() {
        let before = Threshold::given(0.9);
        let (live, dev) = (ramp(100, 0.1, 0.6), ramp(100, 0.7, 1.0));
        let attack = ramp(50, 0.0, 0.5);
        let found = calibrate(scores(&live, &attack, &dev), 0.05, Some(&before), "cam").unwrap();
        assert_eq!(found.familiar, Some(0.0));
        let text = found.warnings.join("\n");
        assert!(text.contains("unlike those of training"), "{text}");
        assert!(text.contains("accepts more attacks"), "{text}");
        let found = calibrate(scores(&live, &[], &live), 0.05, Some(&before), "cam").unwrap();
        let text = found.warnings.join("\n");
        assert!(text.contains("no attack frames"), "{text}");
        assert!(!text.contains("unlike"), "{text}");
        assert_eq!(found.support[0], 0.0);
        assert!(found.apcer.value.is_none());
    }
}

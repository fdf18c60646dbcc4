//! The figures of a set, as `evaluation.json` carries them; what an older file lacks is empty.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The figures of one set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Figures {
    pub(crate) counts: Option<Counts>,
    pub(crate) apcer: Figure,
    pub(crate) bpcer: Figure,
    pub(crate) acer: Figure,
    pub(crate) eer: Figure,
    pub(crate) hter: Figure,
    pub(crate) auc: Figure,
    pub(crate) apcer_by_species: BTreeMap<String, Figure>,
    pub(crate) apnrr: Figure,
    pub(crate) apnrr_by_species: BTreeMap<String, Figure>,
    pub(crate) bpnrr: Figure,
    pub(crate) apcer_at_bpcer: Vec<Point>,
    pub(crate) bpcer_at_apcer: Vec<Point>,
    pub(crate) tpr_at_fpr: Vec<Point>,
    pub(crate) calibration: Option<Calibration>,
}

/// How much there is in a set.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    pub(crate) live: u64,
    pub(crate) attack: u64,
    pub(crate) live_nonresponse: u64,
    pub(crate) attack_nonresponse: u64,
}

/// One rate where the other is held down.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Point {
    pub(crate) at_most: f64,
    pub(crate) rate: Figure,
}

/// ECE and the reliability curve.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Calibration {
    pub(crate) ece: Figure,
    pub(crate) bins: Vec<Bin>,
}

/// One bin of a reliability curve.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Bin {
    pub(crate) count: u64,
    pub(crate) mean_score: f64,
    pub(crate) live: f64,
}

/// The test set in parts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Breakdown {
    pub(crate) attribute: String,
    pub(crate) values: BTreeMap<String, Figures>,
}

/// Intervals from draws of whole subjects or videos.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Intervals {
    pub(crate) unit: String,
    pub(crate) clusters: u64,
    pub(crate) bootstrap: Draws,
    pub(crate) apcer: Option<Interval>,
    pub(crate) bpcer: Option<Interval>,
    pub(crate) acer: Option<Interval>,
    pub(crate) hter: Option<Interval>,
    pub(crate) eer: Option<Interval>,
    pub(crate) auc: Option<Interval>,
}

/// How often was drawn, and from which seed.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Draws {
    pub(crate) replicates: u64,
    pub(crate) seed: u64,
}

/// Both ends of an interval, as fractions.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Interval {
    pub(crate) lo: f64,
    pub(crate) hi: f64,
}

impl Interval {
    /// `lo–hi` in percent.
    pub(crate) fn percent(&self) -> String {
        ends([self.lo, self.hi])
    }
}

/// A figure as a fraction, with what is known about it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Figure {
    pub(crate) value: Option<f64>,
    pub(crate) errors: Option<u64>,
    pub(crate) of: Option<u64>,
    pub(crate) ci95: Option<[f64; 2]>,
    pub(crate) reason: Option<String>,
}

impl Figure {
    /// Percent with two decimals, or a dash.
    pub(crate) fn percent(&self) -> String {
        match self.value {
            Some(value) => format!("{:.2}", value * 100.0),
            None => "–".to_owned(),
        }
    }

    /// `errors/of`, if counted.
    pub(crate) fn counts(&self) -> Option<String> {
        Some(format!("{}/{}", self.errors?, self.of?))
    }

    /// The interval in percent, `lo–hi`.
    pub(crate) fn interval(&self) -> Option<String> {
        self.ci95.map(ends)
    }
}

fn ends([lo, hi]: [f64; 2]) -> String {
    format!("{:.2}–{:.2}", lo * 100.0, hi * 100.0)
}

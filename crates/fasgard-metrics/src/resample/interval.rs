//! Intervals from draws.

use serde::{Deserialize, Serialize};

use super::{Bootstrap, Clustered, Point, Unit};
use crate::interval::clopper_pearson;

/// How an interval came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// 2.5 % and 97.5 % points of the replicates.
    Percentile,
    /// The replicates know nothing, as where part of it had no error at all: the upper end comes from
    /// the exact bound for no error in as many trials as there are **clusters**.
    ExactClusters,
}

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// How it came about.
    pub method: Method,
}

/// 95 % intervals of the composites of the test set, clusters drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterIntervals {
    /// What was drawn.
    pub unit: Unit,
    /// How many of them there are.
    pub clusters: u64,
    /// How often and from which seed.
    pub bootstrap: Bootstrap,
    /// Replicates without scores of both classes, left out.
    pub undefined: u64,
    /// Of APCER; null if undefined, like the others.
    pub apcer: Option<Interval>,
    /// Of BPCER.
    pub bpcer: Option<Interval>,
    /// Of ACER.
    pub acer: Option<Interval>,
    /// Of HTER.
    pub hter: Option<Interval>,
    /// Of EER.
    pub eer: Option<Interval>,
    /// Of AUC; null also where it is exactly 0 or 1, because replicates of separated classes are
    /// all alike.
    pub auc: Option<Interval>,
}

/// The intervals of a set.
pub fn intervals(set: &Clustered, bootstrap: Bootstrap) -> ClusterIntervals {
    let observed = set.observed();
    let points = set.draw(bootstrap);
    let of = |pick: fn(&Point) -> f64| match pick(&observed).is_nan() {
        true => None,
        false => percentiles(points.iter().map(pick).collect()),
    };
    // The upper end for no error in n clusters.
    let exact = |n: u64| clopper_pearson(0, n).map(|[_, hi]| hi);
    let bounded = |interval: Option<Interval>, zero: bool, n: u64| {
        interval.map(|i| match exact(n).filter(|_| zero) {
            Some(hi) => Interval {
                hi: hi.max(i.hi),
                method: Method::ExactClusters,
                ..i
            },
            None => i,
        })
    };
    let (worst, any) = set.attack_clusters();
    let bpcer = bounded(of(|p| p.bpcer), observed.bpcer == 0.0, set.live_clusters());
    let apcer = bounded(of(|p| p.apcer), observed.apcer == 0.0, worst);
    let pooled = 2.0 * observed.hter - observed.bpcer;
    let pooled_hi = match pooled <= 1e-15 {
        true => exact(any),
        false => None,
    };
    // A mean of two rates of which one had no error: the mean of the two upper ends, each of which
    // misses in at most 2.5 % of cases.
    let mean = |interval: Option<Interval>, a: Option<f64>, b: Option<f64>| {
        interval.map(|i| match (a, b) {
            (Some(a), Some(b)) => Interval {
                hi: i.hi.max((a + b) / 2.0),
                method: Method::ExactClusters,
                ..i
            },
            _ => i,
        })
    };
    let hi = |i: Option<Interval>| i.map(|i| i.hi);
    let none = observed.apcer == 0.0 || observed.bpcer == 0.0;
    let acer = mean(of(|p| p.acer), hi(apcer).filter(|_| none), hi(bpcer));
    let hter_parts = match (pooled_hi, observed.bpcer == 0.0) {
        (Some(a), _) => (Some(a), hi(bpcer)),
        // The pooled rate is at most the worst group's, and so is its upper end.
        (None, true) => (hi(apcer), hi(bpcer)),
        (None, false) => (None, None),
    };
    let hter = mean(of(|p| p.hter), hter_parts.0, hter_parts.1);
    let eer_zero = observed.eer == 0.0;
    let eer = mean(
        of(|p| p.eer),
        exact(any).filter(|_| eer_zero),
        exact(set.live_clusters()),
    );
    let separated = observed.auc == 0.0 || observed.auc == 1.0;
    ClusterIntervals {
        unit: set.unit(),
        clusters: set.clusters() as u64,
        bootstrap,
        undefined: points.iter().filter(|p| p.auc.is_nan()).count() as u64,
        apcer,
        bpcer,
        acer,
        hter,
        eer,
        auc: of(|p| p.auc).filter(|_| !separated),
    }
}

/// The 2.5 % and 97.5 % order statistics, outwards; none of no defined value.
pub(super) fn percentiles(mut values: Vec<f64>) -> Option<Interval> {
    values.retain(|v| !v.is_nan());
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some(Interval {
        lo: values[(0.025 * last as f64).floor() as usize],
        hi: values[(0.975 * last as f64).ceil() as usize],
        method: Method::Percentile,
    })
}

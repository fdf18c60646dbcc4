//! Single numbers as detectors.

use fasgard_metrics::Split;
use serde::{Deserialize, Serialize};

use crate::Sample;
use crate::features::{HAND, Logistic, SampleFeatures, auc};

/// A feature whose AUC on train and test is so far from 0.5, on the same side, is a shortcut.
pub const STRONG: f64 = 0.2;
/// Differences from 0.5 that are smaller have no sign.
const FAINT: f64 = 0.05;
/// Ridge of the regression on all features.
const RIDGE: f64 = 1e-3;

/// One feature as a detector. An AUC above 0.5 says that live samples have more of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shortcut {
    /// The feature.
    pub feature: String,
    /// AUC on train; none if it has one class.
    pub train: Option<f64>,
    /// AUC on dev.
    pub dev: Option<f64>,
    /// AUC on test.
    pub test: Option<f64>,
    /// It points one way on train and the other way on dev or test.
    pub flips: bool,
    /// It tells live from attack on train and on test.
    pub strong: bool,
}

/// All features together: a logistic regression fitted to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Together {
    /// AUC on train, which it was fitted to.
    pub train: Option<f64>,
    /// AUC on dev.
    pub dev: Option<f64>,
    /// AUC on test.
    pub test: Option<f64>,
}

pub(super) fn measure(
    samples: &[Sample],
    features: &[Option<SampleFeatures>],
) -> (Vec<Shortcut>, Option<Together>) {
    let all: Vec<(&Sample, &SampleFeatures)> = samples
        .iter()
        .zip(features)
        .filter_map(|(s, f)| Some((s, f.as_ref()?)))
        .collect();
    let of = |split: Split, value: &dyn Fn(&SampleFeatures) -> f64| {
        let own = all.iter().filter(|(s, _)| s.row.split == Some(split));
        auc(own.map(|(s, f)| (value(f), s.row.label.is_live())))
    };
    let side = |auc: Option<f64>| {
        let off = auc.unwrap_or(0.5) - 0.5;
        if off.abs() < FAINT { 0.0 } else { off.signum() }
    };
    let shortcut = |(i, name): (usize, &&str)| {
        let [train, dev, test] = Split::ALL.map(|split| of(split, &|f| f.hand[i]));
        let first = side(train);
        let turned = |auc| first * side(auc) < 0.0;
        let strong = |auc: Option<f64>| auc.is_some_and(|a| (a - 0.5).abs() >= STRONG);
        Shortcut {
            feature: (*name).to_owned(),
            train,
            dev,
            test,
            flips: turned(dev) || turned(test),
            strong: strong(train) && strong(test) && first == side(test),
        }
    };
    let shortcuts = HAND.iter().enumerate().map(shortcut).collect();
    let numbers = |f: &SampleFeatures| f.hand.map(|v| v as f32);
    let train: Vec<_> = all
        .iter()
        .filter(|(s, _)| s.row.split == Some(Split::Train))
        .map(|(s, f)| (numbers(f), s.row.label.is_live()))
        .collect();
    let together = Logistic::fit(&train, RIDGE).ok().map(|model| {
        let [train, dev, test] = Split::ALL.map(|s| of(s, &|f| model.logit(&numbers(f))));
        Together { train, dev, test }
    });
    (shortcuts, together)
}

//! Agreement with scikit-learn and bob.measure on `tests/fixtures/reference.json` (tools/fixtures/metrics.py).
#![allow(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

use std::collections::BTreeMap;

use fasgard_metrics::{Ranked, metrics::auc::auc};
use serde_json::Value;

#[test]
fn auc_roc_points_and_rates_are_theirs() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("fixtures/reference.json")).unwrap();
    let list = |v: &Value| -> Vec<f64> {
        let items = v.as_array().unwrap().iter();
        items.map(|x| x.as_f64().unwrap()).collect()
    };
    assert_eq!(cases.len(), 3);
    for case in &cases {
        let (live, attack) = (list(&case["live"]), list(&case["attack"]));
        let mut candidates = [live.clone(), attack.clone(), vec![f64::NEG_INFINITY]].concat();
        candidates.sort_by(|a, b| b.total_cmp(a));
        candidates.dedup();
        let species = BTreeMap::from([("print/1".parse().unwrap(), attack)]);
        let r = Ranked::from_scores(live, species);
        let found = auc(&r).value.unwrap();
        assert!((found - case["auc"].as_f64().unwrap()).abs() < 1e-12);
        let rates = case["bob"].as_array().unwrap();
        assert_eq!(rates.len(), 16);
        for rate in rates {
            let [t, far, frr] = list(rate)[..] else {
                unreachable!("three numbers a threshold")
            };
            let (accepted, attacks) = r.accepted_pooled(t);
            let (rejected, lives) = r.rejected_live(t);
            assert!((accepted as f64 / attacks as f64 - far).abs() < 1e-12);
            assert!((rejected as f64 / lives as f64 - frr).abs() < 1e-12);
        }
        let (fpr, tpr) = (list(&case["fpr"]), list(&case["tpr"]));
        assert_eq!(candidates.len(), fpr.len());
        for (i, t) in candidates.into_iter().enumerate() {
            let (accepted, attacks) = r.accepted_pooled(t);
            let (rejected, lives) = r.rejected_live(t);
            assert!((accepted as f64 / attacks as f64 - fpr[i]).abs() < 1e-12);
            assert!((1.0 - rejected as f64 / lives as f64 - tpr[i]).abs() < 1e-12);
        }
    }
}

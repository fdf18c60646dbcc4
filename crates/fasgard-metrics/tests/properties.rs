//! What must hold of every set of scores.
#![allow(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod common;

use common::file;
use fasgard_metrics::{
    Aggregation, Fuse, Level, Ranked, ScoreFile, clopper_pearson, curves,
    metrics::{apcer::apcer, auc::auc, bpcer::bpcer, eer::eer_point},
    presentations,
};
use proptest::prelude::*;

/// Few distinct values, so that ties are common.
fn scores() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-8i32..8).prop_map(|i| f64::from(i) / 4.0), 1..40)
}

fn ranked(live: &[f64], attack: &[f64]) -> Ranked {
    rank(&file("x", &[("live", live), ("print/1", attack)]))
}

fn rank(file: &ScoreFile) -> Ranked {
    Ranked::new(&presentations(file, Level::Frame, Fuse::Mean).unwrap())
}

proptest! {
    #[test]
    fn auc_equals_counting_pairs(live in scores(), attack in scores()) {
        let mut won = 0.0;
        for l in &live {
            for a in &attack {
                won += if l > a { 1.0 } else if l == a { 0.5 } else { 0.0 };
            }
        }
        let found = auc(&ranked(&live, &attack)).value.unwrap();
        prop_assert!((0.0..=1.0).contains(&found));
        prop_assert!((found - won / (live.len() * attack.len()) as f64).abs() < 1e-12);
    }

    #[test]
    fn swapping_classes_and_signs_swaps_the_rates(live in scores(), attack in scores(), t in -8i32..8) {
        // Between scores, so that no score is at the threshold.
        let t = f64::from(t) / 4.0 + 0.1;
        let negate = |s: &[f64]| s.iter().map(|v| -v).collect::<Vec<_>>();
        let (a, b) = (ranked(&live, &attack), ranked(&negate(&attack), &negate(&live)));
        let pooled = |r: &Ranked, t| apcer(r, t, Aggregation::Pooled).0;
        prop_assert_eq!(pooled(&a, t), bpcer(&b, -t));
        prop_assert_eq!(pooled(&b, -t).value, bpcer(&a, t).value);
        prop_assert_eq!(auc(&a).value, auc(&b).value);
    }

    #[test]
    fn eer_threshold_has_the_smallest_gap(live in scores(), attack in scores()) {
        let r = ranked(&live, &attack);
        let gap = |t: f64| {
            let a = attack.iter().filter(|s| **s > t).count() * live.len();
            let b = live.iter().filter(|s| **s <= t).count() * attack.len();
            a.abs_diff(b)
        };
        let mut candidates = vec![f64::NEG_INFINITY];
        candidates.extend(live.iter().chain(&attack));
        candidates.sort_by(f64::total_cmp);
        let smallest = candidates.iter().map(|t| gap(*t)).min().unwrap();
        let lowest = *candidates.iter().find(|t| gap(**t) == smallest).unwrap();
        prop_assert_eq!(eer_point(&r).unwrap().threshold, lowest);
    }

    #[test]
    fn monotone_maps_change_nothing(live in scores(), attack in scores()) {
        let map = |s: &[f64]| s.iter().map(|v| v.exp() * 3.0 - 7.0).collect::<Vec<_>>();
        let (a, b) = (ranked(&live, &attack), ranked(&map(&live), &map(&attack)));
        prop_assert_eq!(auc(&a), auc(&b));
        prop_assert_eq!(eer_point(&a).unwrap().eer, eer_point(&b).unwrap().eer);
    }

    #[test]
    fn roc_is_a_staircase_whose_area_is_the_auc(live in scores(), attack in scores()) {
        let r = ranked(&live, &attack);
        let points = curves::roc(&r, usize::MAX);
        prop_assert_eq!((points[0].apcer, points[0].true_accept()), (1.0, 1.0));
        let last = points[points.len() - 1];
        prop_assert_eq!((last.apcer, last.true_accept()), (0.0, 0.0));
        let mut area = 0.0;
        for pair in points.windows(2) {
            prop_assert!(pair[0].threshold < pair[1].threshold);
            prop_assert!(pair[0].apcer >= pair[1].apcer && pair[0].bpcer <= pair[1].bpcer);
            area += (pair[0].apcer - pair[1].apcer)
                * (pair[0].true_accept() + pair[1].true_accept()) / 2.0;
        }
        prop_assert!((area - auc(&r).value.unwrap()).abs() < 1e-9);
        let few = curves::roc(&r, 5);
        prop_assert!(few.len() <= 5);
        prop_assert_eq!((few[0], few[few.len() - 1]), (points[0], last));
        prop_assert!(curves::det(&r, 7).iter().all(|p| p.apcer > 0.0 && p.bpcer > 0.0));
    }

    #[test]
    fn histograms_lose_nothing(s in scores(), bins in 1usize..20) {
        let h = curves::histogram(&s, -1.0, 1.0, bins);
        prop_assert_eq!(h.counts.iter().sum::<u64>() + h.outside, s.len() as u64);
        let outside = s.iter().filter(|v| v.abs() > 1.0).count() as u64;
        prop_assert_eq!(h.outside, outside);
    }

    #[test]
    fn intervals_hold_the_rate_and_mirror(n in 1u64..3000, share in 0.0..1.0f64) {
        let k = (n as f64 * share) as u64;
        let [lo, hi] = clopper_pearson(k, n).unwrap();
        let rate = k as f64 / n as f64;
        prop_assert!(0.0 <= lo && lo <= rate && rate <= hi && hi <= 1.0);
        let [mirror_lo, mirror_hi] = clopper_pearson(n - k, n).unwrap();
        prop_assert!((1.0 - mirror_hi - lo).abs() < 1e-9 && (1.0 - mirror_lo - hi).abs() < 1e-9);
    }
}

/// Values of the beta quantile by arbitrary-precision arithmetic (mpmath, 30 digits or more).
#[test]
fn intervals_agree_with_known_values() {
    for (errors, of, lo, hi) in INTERVALS {
        let [found_lo, found_hi] = clopper_pearson(errors, of).unwrap();
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs().max(1e-300);
        assert!(
            near(found_lo, lo) && near(found_hi, hi),
            "{errors}/{of}: {found_lo} {found_hi}"
        );
    }
    assert_eq!(clopper_pearson(0, 0), None);
    assert_eq!(clopper_pearson(2, 1), None);
}

#[rustfmt::skip]
const INTERVALS: [(u64, u64, f64, f64); 11] = [
    (0, 20, 0.0, 0.16843347098309),
    (0, 120, 0.0, 0.03027297257742),
    (0, 150, 0.0, 0.024292597166109),
    (1, 120, 0.00021095947812171, 0.045555513233593),
    (1, 240, 0.00010548530263539, 0.022995275839817),
    (1, 2, 0.012579117093425, 0.98742088290657),
    (20, 20, 0.83156652901691, 1.0),
    (37, 120, 0.22725511963383, 0.39913676453195),
    (1000, 2000, 0.47785055423111, 0.52214944576889),
    (5, 1000000, 1.6234883192412e-6, 1.1668293175209e-5),
    (2000, 100000, 0.019141229780473, 0.02088676697182),
];

//! Measures of localisation on tables computed by hand, and what must hold of any map.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

use fasgard_metrics::localization::{CellMap, best_threshold, centre_prior, figures, rank_auc};
use proptest::prelude::*;

fn map(evidence: &[f32], shares: &[f32]) -> CellMap {
    CellMap::new(evidence, shares, None).unwrap()
}

#[test]
fn two_pictures_by_hand() {
    // Attack cells 0.9 and 0.4 of four.
    let first = map(&[0.9, 0.4, 0.5, 0.1], &[1.0, 0.6, 0.0, 0.5]);
    // The attack cell 0.6 is below another.
    let second = map(&[0.7, 0.6, 0.2, 0.3], &[0.0, 1.0, 0.1, 0.0]);
    let f = figures(&[&first, &second], Some(0.35), &[0, 1]);
    assert_eq!((f.images, f.cells, f.attack_cells), (2, 8, 3));
    // Within the first: 0.9 above both others, 0.4 above one of two: 3 of 4. Second: 2 of 3.
    let auc = (0.75 + 2.0 / 3.0) / 2.0;
    assert!((f.auc_image.value.unwrap() - auc).abs() < 1e-12);
    // Together: 0.9 above 5, 0.4 above 0.1, 0.2 and 0.3, 0.6 above 0.5, 0.1, 0.2 and 0.3: 12 of 15.
    assert!((f.auc.value.unwrap() - 0.8).abs() < 1e-12);
    // Marked: 0.9 0.4 0.5 | 0.7 0.6: two of three, one of two; together three of five.
    assert!((f.iou_image.value.unwrap() - (2.0 / 3.0 + 0.5) / 2.0).abs() < 1e-12);
    assert!((f.iou.value.unwrap() - 0.6).abs() < 1e-12);
    assert_eq!(f.pointing.value, Some(0.5));
    assert_eq!(f.chance.value, Some((0.5 + 0.25) / 2.0));
}

#[test]
fn a_picture_without_attack_cells_has_no_figures_but_counts_in_pooled_ones() {
    let none = map(&[0.9, 0.1], &[0.2, 0.0]);
    let some = map(&[0.5, 0.1], &[0.9, 0.0]);
    let f = figures(&[&none, &some], Some(0.2), &[0, 1]);
    assert_eq!((f.auc_image.images, f.pointing.images), (1, 1));
    assert_eq!(f.pointing.value, Some(1.0));
    // The false mark of the first picture: one of two.
    assert_eq!(f.iou.value, Some(0.5));
    assert_eq!(f.iou_image.value, Some(1.0));
    let f = figures(&[&none], None, &[0]);
    assert_eq!(f.pointing.reason.as_deref(), Some("no cell is attack"));
    assert!(f.iou.reason.unwrap().contains("dev has no attack cell"));
    assert_eq!(f.auc.value, None);
}

fn shares() -> impl Strategy<Value = Vec<f32>> {
    // Of both kinds, and never exactly a half.
    proptest::collection::vec(0_u8..4, 16).prop_filter_map("both kinds", |v| {
        let shares: Vec<f32> = v.iter().map(|&k| f32::from(k) / 3.0).collect();
        let attack = shares.iter().filter(|s| **s > 0.5).count();
        (attack > 0 && attack < 16).then_some(shares)
    })
}

proptest! {
    #[test]
    fn a_perfect_map_is_perfect(shares in shares()) {
        let evidence: Vec<f32> = shares.iter().map(|s| if *s > 0.5 { 0.8 } else { 0.3 }).collect();
        let map = map(&evidence, &shares);
        let threshold = best_threshold(map.cells());
        let f = figures(&[&map], threshold, &[0]);
        prop_assert_eq!(f.auc.value, Some(1.0));
        prop_assert_eq!(f.auc_image.value, Some(1.0));
        prop_assert_eq!(f.iou.value, Some(1.0));
        prop_assert_eq!(f.pointing.value, Some(1.0));
    }

    /// A map that says the same everywhere says nothing: AUC 1/2, and pointing hits by chance.
    #[test]
    fn a_constant_map_is_chance(shares in shares(), value in 0.0f32..1.0) {
        let map = map(&[value; 16], &shares);
        let f = figures(&[&map], None, &[0]);
        prop_assert_eq!(f.auc.value, Some(0.5));
        prop_assert_eq!(f.pointing.value, f.chance.value);
    }

    /// Only the order of the evidence counts, and its reverse mirrors the area.
    #[test]
    fn order_is_all_that_areas_see(shares in shares(), evidence in proptest::collection::vec(0.0f32..1.0, 16)) {
        let auc = |f: &dyn Fn(f32) -> f32| {
            let evidence: Vec<f32> = evidence.iter().map(|v| f(*v)).collect();
            rank_auc(map(&evidence, &shares).cells()).unwrap()
        };
        let plain = auc(&|v| v);
        prop_assert_eq!(plain, auc(&|v| 4.0 * v));
        prop_assert!((plain + auc(&|v| -v) - 1.0).abs() < 1e-12);
    }
}

/// Evidence drawn without looking: AUC near 1/2.
#[test]
fn random_maps_are_chance() {
    let mut state = 1_u32;
    let mut draw = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0
    };
    let maps: Vec<CellMap> = (0..400)
        .map(|_| {
            let evidence: Vec<f32> = (0..64).map(|_| draw()).collect();
            let shares: Vec<f32> = (0..64).map(|i| f32::from(u8::from(i < 16))).collect();
            map(&evidence, &shares)
        })
        .collect();
    let maps: Vec<&CellMap> = maps.iter().collect();
    let clusters: Vec<u32> = (0..400).collect();
    let f = figures(&maps, Some(0.5), &clusters);
    assert!((f.auc.value.unwrap() - 0.5).abs() < 0.02, "{f:?}");
    assert!((f.pointing.value.unwrap() - 0.25).abs() < 0.06, "{f:?}");
    let [lo, hi] = f.auc_image.ci95.unwrap();
    assert!(lo < 0.5 && 0.5 < hi, "{f:?}");
    // Half of the cells marked at random: 8 of 40.
    assert!((f.iou.value.unwrap() - 0.2).abs() < 0.02, "{f:?}");
}

#[test]
fn the_centre_prior_finds_the_centre() {
    let shares: Vec<f32> = (0..64)
        .map(|i| {
            f32::from(u8::from(
                (3..5).contains(&(i / 8)) && (3..5).contains(&(i % 8)),
            ))
        })
        .collect();
    let map = map(&centre_prior(8), &shares);
    assert_eq!(rank_auc(map.cells()), Some(1.0));
}

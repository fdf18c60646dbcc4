//! Intersection over union of what a threshold marks and what is attack.

/// The share of cells that are both marked (evidence above `threshold`) and attack among those that are
/// either (Jaccard); `None` if no cell is either.
pub fn intersection_over_union(
    cells: impl IntoIterator<Item = (f64, bool)>,
    threshold: f64,
) -> Option<f64> {
    let (mut both, mut either) = (0_u64, 0_u64);
    for (evidence, attack) in cells {
        let marked = evidence > threshold;
        both += u64::from(marked && attack);
        either += u64::from(marked || attack);
    }
    (either > 0).then(|| both as f64 / either as f64)
}

/// The threshold with the largest intersection over union of all cells together, the lowest of those
/// that share it; `None` if no cell is attack. Candidates are minus infinity (everything is marked) and
/// every distinct evidence but the highest.
///
/// Choose it on dev: one chosen on the tested maps flatters them.
pub fn best_threshold(cells: impl IntoIterator<Item = (f64, bool)>) -> Option<f64> {
    let mut cells: Vec<(f64, bool)> = cells.into_iter().collect();
    let attack = cells.iter().filter(|c| c.1).count();
    if attack == 0 {
        return None;
    }
    cells.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    // Rising: everything is marked at first, then what is not above the candidate is given up.
    let (mut both, mut marked) = (attack, cells.len());
    let mut best = (both as f64 / marked as f64, f64::NEG_INFINITY);
    for group in cells.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        both -= group.iter().filter(|c| c.1).count();
        marked -= group.len();
        let iou = both as f64 / (attack + marked - both) as f64;
        if marked > 0 && iou > best.0 {
            best = (iou, group[0].0);
        }
    }
    Some(best.1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn by_hand() {
        let cells = [(0.9, true), (0.8, false), (0.7, true), (0.1, false)];
        // Above 0.7 are 0.9 and 0.8: one of three cells is both.
        assert_eq!(intersection_over_union(cells, 0.7), Some(1.0 / 3.0));
        // Above 0.1 are three, two of them attack.
        assert_eq!(intersection_over_union(cells, 0.1), Some(2.0 / 3.0));
        assert_eq!(best_threshold(cells), Some(0.1));
        assert_eq!(intersection_over_union([(0.1, false)], 0.5), None);
        assert_eq!(best_threshold([(0.1, false)]), None);
        // Where marking everything is best, so it is.
        assert_eq!(
            best_threshold([(0.2, true), (0.2, true), (0.2, false)]),
            Some(f64::NEG_INFINITY)
        );
    }

    proptest! {
        /// The sweep finds what trying every candidate finds.
        #[test]
        fn the_best_is_the_best_of_all(
            cells in proptest::collection::vec((0_u8..12, proptest::bool::ANY), 1..60)
        ) {
            let cells: Vec<(f64, bool)> = cells.iter().map(|&(v, a)| (f64::from(v), a)).collect();
            let iou = |t| intersection_over_union(cells.iter().copied(), t).unwrap_or(0.0);
            let all = cells.iter().map(|c| c.0).chain([f64::NEG_INFINITY]);
            match best_threshold(cells.iter().copied()) {
                Some(found) => {
                    let most = all.map(iou).fold(0.0, f64::max);
                    prop_assert_eq!(iou(found), most);
                }
                None => prop_assert!(cells.iter().all(|c| !c.1)),
            }
        }
    }
}

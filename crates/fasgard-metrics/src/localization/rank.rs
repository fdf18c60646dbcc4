//! Area under the ROC curve of a number.

/// The chance that a number of the class `true` is above one of the class `false`, ties counted half
/// (Mann-Whitney); `None` if a class is missing. Numbers that are no numbers come first.
///
/// For numbers that are not the scores of presentations: features of samples (`true` is live), cells
/// of maps (`true` is attack). Exact in integers before the one division.
pub fn rank_auc(values: impl IntoIterator<Item = (f64, bool)>) -> Option<f64> {
    let mut values: Vec<(f64, bool)> = values.into_iter().collect();
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut won) = (0_u64, 0_u64);
    let mut rest = values.as_slice();
    while let Some(&(first, _)) = rest.first() {
        let ties = rest
            .iter()
            .take_while(|(v, _)| v.total_cmp(&first).is_eq())
            .count();
        let (tied, after) = rest.split_at(ties);
        let high = tied.iter().filter(|(_, class)| *class).count() as u64;
        let low = ties as u64 - high;
        // Twice the wins, so that halves stay whole.
        won += high * (2 * below + low);
        below += low;
        rest = after;
    }
    let high = values.iter().filter(|(_, class)| *class).count() as u64;
    let pairs = high * (values.len() as u64 - high);
    (pairs > 0).then(|| won as f64 / (2 * pairs) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // 3 and 1 against 1 and 2: wins 2 + half = 2.5 of 4.
        let values = [(3.0, true), (1.0, true), (1.0, false), (2.0, false)];
        assert_eq!(rank_auc(values), Some(0.625));
        assert_eq!(rank_auc([(1.0, true)]), None);
        assert_eq!(rank_auc([(1.0, true), (0.0, false)]), Some(1.0));
    }
}

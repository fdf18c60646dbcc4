//! The pointing game.

/// 1 if the cell with the most evidence is attack, else 0 (the pointing game of Zhang et al.,
/// "Top-down Neural Attention by Excitation Backprop", ECCV 2016, on cells and without its margin of
/// pixels around the object). Where several cells share the maximum, the share of them that is attack:
/// what a fair draw among them hits. `None` without cells.
pub fn pointing(cells: impl IntoIterator<Item = (f64, bool)>) -> Option<f64> {
    let mut best = f64::NEG_INFINITY;
    let (mut hits, mut tied) = (0_u64, 0_u64);
    for (evidence, attack) in cells {
        if evidence > best || tied == 0 {
            best = evidence;
            (hits, tied) = (u64::from(attack), 1);
        } else if evidence == best {
            hits += u64::from(attack);
            tied += 1;
        }
    }
    (tied > 0).then(|| hits as f64 / tied as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        assert_eq!(
            pointing([(0.1, true), (0.3, true), (0.2, false)]),
            Some(1.0)
        );
        assert_eq!(pointing([(0.1, true), (0.3, false)]), Some(0.0));
        // Two of three cells share the maximum, one of them is attack.
        assert_eq!(
            pointing([(0.3, true), (0.1, true), (0.3, false)]),
            Some(0.5)
        );
        assert_eq!(pointing([]), None);
    }
}

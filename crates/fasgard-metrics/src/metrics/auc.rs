//! AUC: area under the ROC curve.

use super::{NO_ATTACK, NO_LIVE};
use crate::{ranked::Ranked, rate::Rate};

/// The probability that a live presentation scores above an attack, ties counted half: the
/// Mann-Whitney statistic, exact in integers before the one division. Undefined without scores of
/// both classes.
pub fn auc(ranked: &Ranked) -> Rate {
    let (live, attack) = (ranked.live(), ranked.attack());
    if live.is_empty() {
        return Rate::undefined(NO_LIVE);
    }
    if attack.is_empty() {
        return Rate::undefined(NO_ATTACK);
    }
    // Twice the number of pairs won: both lists ascend, so two cursors follow the live scores.
    let (mut below, mut not_above) = (0, 0);
    let mut twice_won = 0u128;
    for &score in live {
        while attack.get(below).is_some_and(|&a| a < score) {
            below += 1;
        }
        while attack.get(not_above).is_some_and(|&a| a <= score) {
            not_above += 1;
        }
        twice_won += (below + not_above) as u128;
    }
    let pairs = live.len() as u128 * attack.len() as u128;
    Rate::composite(twice_won as f64 / (2 * pairs) as f64)
}

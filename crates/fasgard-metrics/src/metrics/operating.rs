//! Error rates at fixed rates of the other error (ISO/IEC 30107-3), read off the set itself.

use serde::{Deserialize, Serialize};

use super::{NO_ATTACK, NO_LIVE, apcer::apcer, bpcer::bpcer};
use crate::{
    convention::Aggregation,
    ranked::Ranked,
    rate::Rate,
    threshold::{Criterion, choose, value},
};

/// The allowances that are reported: 10, 5, 1 and 0.1 percent.
pub const ALLOWANCES: [f64; 4] = [0.1, 0.05, 0.01, 0.001];

/// One rate where the other is held down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatingPoint {
    /// The most that the other rate may be, a fraction.
    pub at_most: f64,
    /// The threshold there, chosen on this very set; null if undefined; may be `"-inf"`.
    #[serde(with = "value::optional")]
    pub threshold: Option<f64>,
    /// The rate there.
    pub rate: Rate,
}

/// APCER at BPCER: the smallest APCER of any candidate threshold whose BPCER is at most `allowed`.
pub fn apcer_at_bpcer(ranked: &Ranked, allowed: f64, aggregation: Aggregation) -> OperatingPoint {
    at(
        ranked,
        Criterion::Bpcer(allowed),
        allowed,
        aggregation,
        |t| {
            // Rejected non-responses alone may exceed the allowance.
            let rejected = bpcer(ranked, t);
            match rejected.value {
                Some(value) if value > allowed => {
                    Rate::undefined("non-responses alone exceed the allowed BPCER")
                }
                _ => apcer(ranked, t, aggregation).0,
            }
        },
    )
}

/// BPCER at APCER: the smallest BPCER of any candidate threshold whose APCER, aggregated as told,
/// is at most `allowed`. BPCER10, BPCER20 and BPCER100 are those at 10, 5 and 1 percent.
pub fn bpcer_at_apcer(ranked: &Ranked, allowed: f64, aggregation: Aggregation) -> OperatingPoint {
    at(
        ranked,
        Criterion::Apcer(allowed),
        allowed,
        aggregation,
        |t| bpcer(ranked, t),
    )
}

/// TPR at FPR: the largest fraction of live presentations accepted where at most `allowed` of all
/// attacks, pooled, are. The counts are of live presentations accepted.
pub fn tpr_at_fpr(ranked: &Ranked, allowed: f64) -> OperatingPoint {
    let pooled = Aggregation::Pooled;
    at(ranked, Criterion::Apcer(allowed), allowed, pooled, |t| {
        let (rejected, of) = ranked.rejected_live(t);
        Rate::proportion(of - rejected, of, NO_LIVE)
    })
}

fn at(
    ranked: &Ranked,
    criterion: Criterion,
    at_most: f64,
    aggregation: Aggregation,
    rate: impl Fn(f64) -> Rate,
) -> OperatingPoint {
    let missing = if ranked.live().is_empty() {
        Some(NO_LIVE)
    } else if ranked.attack().is_empty() {
        Some(NO_ATTACK)
    } else {
        None
    };
    let threshold = match missing {
        None => choose(ranked, criterion, aggregation).ok(),
        Some(_) => None,
    };
    OperatingPoint {
        at_most,
        threshold,
        rate: match threshold {
            Some(t) => rate(t),
            None => Rate::undefined(missing.unwrap_or(NO_LIVE)),
        },
    }
}

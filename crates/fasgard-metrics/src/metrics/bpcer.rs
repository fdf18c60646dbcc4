//! BPCER: bona fide presentation classification error rate (ISO/IEC 30107-3).

use super::NO_LIVE;
use crate::{ranked::Ranked, rate::Rate};

/// The fraction of live presentations with a score that is not above `t`. Undefined without live
/// presentations.
pub fn bpcer(ranked: &Ranked, t: f64) -> Rate {
    let (errors, of) = ranked.rejected_live(t);
    Rate::proportion(errors, of, NO_LIVE)
}

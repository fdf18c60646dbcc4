//! ACER: average classification error rate.

use crate::rate::Rate;

/// (APCER + BPCER) / 2, with APCER aggregated as the convention does. Not part of ISO/IEC 30107-3
/// since 2023, but what the field's papers report. Undefined if either part is.
pub fn acer(apcer: &Rate, bpcer: &Rate) -> Rate {
    Rate::mean_of(apcer, bpcer)
}

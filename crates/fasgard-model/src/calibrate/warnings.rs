//! What must be known beside a calibration.

use super::{Calibration, FAMILIAR};

pub(super) fn warnings(
    found: &Calibration,
    live: u64,
    no_attacks: bool,
    allowed: f64,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let needed = found.needed;
    match &found.clusters {
        Some(clusters) if clusters.live < needed => warnings.push(format!(
            "{live} live frames of {} {}s do not show a BPCER of {} %: where frames of a {1} are alike, {needed} {1}s are needed, none of them rejected",
            clusters.live, clusters.unit, allowed * 100.0
        )),
        Some(_) => {}
        None if live < needed => warnings.push(format!(
            "{live} live frames do not show a BPCER of {} %: {needed} are needed, and of many people",
            allowed * 100.0
        )),
        None => warnings.push(
            "it is not known whose frames these are: they are counted as if they were independent, and frames of one person are not"
                .into(),
        ),
    }
    if no_attacks {
        warnings.push(
            "no attack frames were given: how many attacks the new threshold accepts is not known"
                .into(),
        );
    }
    if let Some((apcer, before)) = found.apcer.value.zip(found.apcer_before.value)
        && apcer > before
    {
        warnings.push(format!(
            "the new threshold accepts more attacks: {} % instead of {} %",
            100.0 * apcer,
            100.0 * before
        ));
    }
    if let Some(share) = found.familiar
        && share < FAMILIAR
    {
        warnings.push(format!(
            "only {:.0} % of the camera's live scores lie where the dev set's do: this camera is unlike those of training, its attacks may be scored otherwise too",
            100.0 * share
        ));
    }
    warnings
}

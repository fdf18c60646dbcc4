//! A calibration for people.

use std::path::Path;

use fasgard_metrics::{
    Rate,
    resample::{Interval, Method},
};
use fasgard_model::{Calibration, Clustered, ModelFile};

use super::scored::Camera;

/// The whole result.
pub(super) fn describe(
    found: &Calibration,
    file: &ModelFile,
    camera: &Camera,
    output: &Path,
) -> String {
    let mut text = camera.live.line("live") + &camera.attack.line("attack");
    let by = found.clusters.as_ref();
    if let Some(before) = file.card.thresholds.get(1) {
        text += &format!("before  live if {before}\n");
        let clustered = by.map(|c| (c, c.bpcer_before, c.live));
        text += &rate("BPCER", &found.bpcer_before, clustered);
        let clustered = by.map(|c| (c, c.apcer_before, c.attack));
        text += &rate("APCER", &found.apcer_before, clustered);
    }
    text += &format!("now     live if {}\n", found.threshold);
    text += &rate("BPCER", &found.bpcer, by.map(|c| (c, c.bpcer, c.live)));
    text += &rate("APCER", &found.apcer, by.map(|c| (c, c.apcer, c.attack)));
    if let Some([low, high]) = found.gap {
        text += &format!(
            "no decision for scores between {low:.6} and {high:.6}: none was seen there\n"
        );
    }
    let [low, high] = found.support;
    text += &format!("no decision for scores below {low:.6} or above {high:.6}\n");
    text += &format!(
        "{} independent live frames, none rejected, are needed to claim that BPCER; where frames of one person are alike, as many people\n",
        found.needed
    );
    for warning in &found.warnings {
        text += &format!("warning: {warning}\n");
    }
    text + &format!("written: {}\n", output.display())
}

/// A rate with its intervals: over frames, and over clusters where they are known.
fn rate(name: &str, rate: &Rate, by: Option<(&Clustered, Option<Interval>, u64)>) -> String {
    let (Some(errors), Some(of), Some([low, high])) = (rate.errors, rate.of, rate.ci95) else {
        let reason = rate.reason.as_deref().unwrap_or("not known");
        return format!("        {name} {reason}\n");
    };
    let share = 100.0 * rate.value.unwrap_or_default();
    let ends = |low: f64, high: f64| format!("{:.2}-{:.2} %", 100.0 * low, 100.0 * high);
    let mut text = format!(
        "        {name} {share:.2} % ({errors}/{of}; 95 % interval {} as if frames were independent",
        ends(low, high)
    );
    if let Some((clustered, Some(interval), count)) = by {
        let exact = match interval.method {
            Method::ExactClusters => ", the exact bound for so few",
            Method::Percentile => "",
        };
        text += &format!(
            "; {} by {}: {count} of them{exact}",
            ends(interval.lo, interval.hi),
            clustered.unit
        );
    }
    text + ")\n"
}

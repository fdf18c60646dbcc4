//! The learning rate as a pure function of the step: nothing to save, nothing to resume.

use serde::{Deserialize, Serialize};

/// The learning rate over time, as a factor of `optimizer.lr`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleConfig {
    /// The shape.
    pub kind: ScheduleKind,
    /// Steps over which the rate rises linearly from nearly 0; 0 = none.
    pub warmup: u64,
    /// `step`: steps between two drops, at least 1.
    pub every: u64,
    /// `step`: the factor of each drop, above 0.
    pub gamma: f64,
    /// `cosine`: the factor at the end, 0 to 1.
    pub floor: f64,
}

/// The shape of a schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScheduleKind {
    /// Always the same.
    #[default]
    Constant,
    /// Multiplied by `gamma` every `every` steps.
    Step,
    /// Half a cosine from 1 to `floor` over the run.
    Cosine,
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        Self {
            kind: ScheduleKind::Constant,
            warmup: 0,
            every: 1000,
            gamma: 0.5,
            floor: 0.0,
        }
    }
}

impl ScheduleConfig {
    /// The factor of the learning rate at `step` (from 0) of `steps`.
    pub fn factor(&self, step: u64, steps: u64) -> f64 {
        if step < self.warmup {
            return (step + 1) as f64 / (self.warmup + 1) as f64;
        }
        match self.kind {
            ScheduleKind::Constant => 1.0,
            ScheduleKind::Step => self.gamma.powf((step / self.every.max(1)) as f64),
            ScheduleKind::Cosine => {
                let length = steps.saturating_sub(self.warmup).max(1) as f64;
                let progress = ((step - self.warmup) as f64 / length).min(1.0);
                self.floor
                    + (1.0 - self.floor) * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
            }
        }
    }

    pub(crate) fn validate(&self) -> Result<(), String> {
        if self.every == 0 {
            return Err("key `schedule.every`: expected at least 1, found 0".into());
        }
        if !(self.gamma > 0.0 && self.gamma.is_finite()) {
            return Err(format!(
                "key `schedule.gamma`: expected above 0, found {}",
                self.gamma
            ));
        }
        if !(0.0..=1.0).contains(&self.floor) {
            return Err(format!(
                "key `schedule.floor`: expected 0 to 1, found {}",
                self.floor
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} {b}");
    }

    #[test]
    fn shapes() {
        let step = ScheduleConfig {
            kind: ScheduleKind::Step,
            every: 10,
            gamma: 0.5,
            ..Default::default()
        };
        for (at, factor) in [(0, 1.0), (9, 1.0), (10, 0.5), (25, 0.25)] {
            near(step.factor(at, 100), factor);
        }
        let cosine = ScheduleConfig {
            kind: ScheduleKind::Cosine,
            warmup: 4,
            floor: 0.2,
            ..Default::default()
        };
        for (at, factor) in [(0, 0.2), (3, 0.8), (4, 1.0), (54, 0.6), (104, 0.2)] {
            near(cosine.factor(at, 104), factor);
        }
    }
}

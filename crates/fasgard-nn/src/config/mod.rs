//! What a detector is made of, as written in the `[model]` table of a config.

mod backbone;
mod supervision;

use serde::{Deserialize, Serialize};

pub use backbone::BackboneKind;
pub use supervision::{Classes, Reduction, Score, Supervision, Target, TargetPool};

use supervision::one;

/// A model key whose value does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: expected {expected}, found {found}")]
pub struct ConfigError {
    /// The key, as a path in the config.
    pub key: &'static str,
    /// What fits.
    pub expected: String,
    /// What was found.
    pub found: String,
}

/// A detector: backbone x supervision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The backbone.
    pub backbone: BackboneKind,
    /// The last part kept, such as `layer3`: [`BackboneKind::taps`] lists them. Empty is the last one,
    /// and the only value for backbones that are not cut.
    #[serde(default)]
    pub tap: String,
    /// Multiplies the channels of every layer, above 0 (rounded to multiples of 4 unless 1).
    #[serde(default = "one")]
    pub width: f64,
    /// Share of the central difference term in CDCN's convolutions, 0 to 1.
    #[serde(default = "default_theta")]
    pub theta: f64,
    /// What is learnt.
    pub supervision: Supervision,
}

fn default_theta() -> f64 {
    0.7
}

impl ModelConfig {
    /// A whole backbone at full width with the binary head.
    pub fn whole(backbone: BackboneKind) -> Self {
        Self {
            backbone,
            tap: String::new(),
            width: 1.0,
            theta: default_theta(),
            supervision: Supervision::binary(),
        }
    }

    /// Checks every value for inputs of `size` x `size` pixels.
    pub fn validate(&self, size: usize) -> Result<(), ConfigError> {
        let error = |key, expected: String, found: String| {
            Err(ConfigError {
                key,
                expected,
                found,
            })
        };
        if !(self.width.is_finite() && self.width > 0.0 && self.width <= 4.0) {
            return error(
                "model.width",
                "above 0, at most 4".into(),
                self.width.to_string(),
            );
        }
        if !(0.0..=1.0).contains(&self.theta) {
            return error("model.theta", "0 to 1".into(), self.theta.to_string());
        }
        if !(8..=4096).contains(&size) {
            return error("input.size", "8 to 4096 pixels".into(), size.to_string());
        }
        self.supervision.validate()?;
        self.backbone.validate(self, size)
    }

    /// The number of the tap in [`BackboneKind::taps`], from 1; 0 for backbones that are not cut.
    pub(crate) fn tap_number(&self) -> usize {
        let taps = self.backbone.taps();
        let named = taps.iter().position(|tap| *tap == self.tap);
        named.map_or(taps.len(), |place| place + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(tap: &str, scales: &[usize]) -> ModelConfig {
        ModelConfig {
            backbone: BackboneKind::Resnet50,
            tap: tap.into(),
            width: 1.0,
            theta: 0.7,
            supervision: Supervision {
                target: Target::Mask,
                scales: scales.to_vec(),
                scale_weights: vec![],
                final_weight: 1.0,
                reduction: Reduction::Mean,
                shared_conv: false,
                target_pool: TargetPool::Mean,
                score: None,
                classes: None,
            },
        }
    }

    #[test]
    fn taps_and_sizes_that_give_eight() {
        config("layer4", &[8, 4, 2, 1]).validate(256).unwrap();
        config("layer3", &[8]).validate(128).unwrap();
    }

    #[test]
    fn a_tap_that_does_not_give_the_scale_names_the_sizes() {
        let message = config("layer4", &[8])
            .validate(128)
            .unwrap_err()
            .to_string();
        assert!(message.contains("128x128 pixels into 4x4"), "{message}");
        assert!(message.contains("input.size = 256"), "{message}");
        assert!(
            config("layer5", &[8])
                .validate(256)
                .unwrap_err()
                .to_string()
                .contains("layer4")
        );
    }

    #[test]
    fn weights_must_match_scales() {
        let mut c = config("layer4", &[8, 4]);
        c.supervision.scale_weights = vec![1.0];
        assert!(
            c.validate(256)
                .unwrap_err()
                .to_string()
                .contains("1 weights for 2 scales")
        );
    }
}

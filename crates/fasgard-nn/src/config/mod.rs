//! What a detector is made of, as written in the `[model]` table of a config.

use serde::{Deserialize, Serialize};

use crate::{Pyramid, losses::SMALLEST_CONTRAST};

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

/// The backbones, named as in configs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackboneKind {
    /// ResNet-18 (basic blocks 2, 2, 2, 2).
    Resnet18,
    /// ResNet-34 (basic blocks 3, 4, 6, 3).
    Resnet34,
    /// ResNet-50 (bottleneck blocks 3, 4, 6, 3).
    Resnet50,
    /// CDCN: central difference convolutions, three multi-level blocks.
    Cdcn,
    /// DepthNet: CDCN's body with vanilla convolutions.
    Depthnet,
}

impl BackboneKind {
    /// All backbones, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::Resnet18,
        Self::Resnet34,
        Self::Resnet50,
        Self::Cdcn,
        Self::Depthnet,
    ];

    /// The name used in configs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resnet18 => "resnet18",
            Self::Resnet34 => "resnet34",
            Self::Resnet50 => "resnet50",
            Self::Cdcn => "cdcn",
            Self::Depthnet => "depthnet",
        }
    }
}

/// What the maps mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// No map: the label alone.
    Binary,
    /// Where the face is live: 1 live, 0 attack.
    Mask,
    /// Pseudo-depth: 1 nearest, 0 background and attack.
    Depth,
}

/// How a mask's binary cross entropy is summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reduction {
    /// Mean over positions: every scale weighs the same.
    #[default]
    Mean,
    /// Sum over positions (the article's literal accumulation), mean over the batch.
    Sum,
}

/// How an annotated mask is reduced to a scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetPool {
    /// The live share of a cell's area.
    #[default]
    Mean,
    /// 0 as soon as any part of a cell is attack.
    Min,
}

/// What the score is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Score {
    /// The sigmoid of the final logit (the article's choice for masks).
    Logit,
    /// The mean over scales of the mean of the predicted map.
    MapMean,
}

/// A supervision: a target, its scales, its losses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supervision {
    /// What is predicted.
    pub target: Target,
    /// Sides of the maps, largest first; empty for `binary`.
    #[serde(default)]
    pub scales: Vec<usize>,
    /// Weight of each scale's loss; empty means 1 for all.
    #[serde(default)]
    pub scale_weights: Vec<f64>,
    /// Weight of the final logit's binary cross entropy.
    #[serde(default = "one")]
    pub final_weight: f64,
    /// Reduction of a mask's binary cross entropy.
    #[serde(default)]
    pub reduction: Reduction,
    /// One 1x1 convolution for all scales instead of one per scale. A shared one commutes with
    /// average pooling, so that coarse logits become mere means of the fine ones.
    #[serde(default)]
    pub shared_conv: bool,
    /// How annotated masks are reduced.
    #[serde(default)]
    pub target_pool: TargetPool,
    /// What the score is read from; `logit` for binary and mask, `map-mean` for depth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
}

fn one() -> f64 {
    1.0
}

/// A detector: backbone x supervision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The backbone.
    pub backbone: BackboneKind,
    /// ResNet: the last stage kept, `layer1` to `layer4` (strides 4, 8, 16, 32). Empty for others.
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

impl Supervision {
    /// The pyramid of the maps; `None` for `binary`.
    pub fn pyramid(&self) -> Result<Option<Pyramid>, ConfigError> {
        if self.target == Target::Binary {
            return match self.scales.is_empty() {
                true => Ok(None),
                false => Err(ConfigError {
                    key: "model.supervision.scales",
                    expected: "no scales for target `binary`".into(),
                    found: format!("{:?}", self.scales),
                }),
            };
        }
        Pyramid::new(&self.scales).map(Some)
    }

    /// The weight of the loss at each scale.
    pub fn weights(&self) -> Vec<f64> {
        match self.scale_weights.is_empty() {
            true => vec![1.0; self.scales.len()],
            false => self.scale_weights.clone(),
        }
    }

    /// What the score is read from.
    pub fn score(&self) -> Score {
        self.score.unwrap_or(match self.target {
            Target::Binary | Target::Mask => Score::Logit,
            Target::Depth => Score::MapMean,
        })
    }

    /// Side of the ground-truth map that training needs: the largest scale, or four times it for
    /// `target_pool = "min"`, whose smallest value must be taken from a finer map.
    pub fn target_side(&self) -> usize {
        let largest = self.scales.first().copied().unwrap_or_default();
        match self.target_pool {
            TargetPool::Min if self.target == Target::Mask => largest * 4,
            _ => largest,
        }
    }

    /// Names of the loss terms, in the order in which a head reports them.
    pub fn loss_terms(&self) -> Vec<String> {
        let mut terms = Vec::new();
        for &scale in &self.scales {
            match self.target {
                Target::Binary => {}
                Target::Mask => terms.push(format!("bce@{scale}")),
                Target::Depth => {
                    terms.push(format!("mse@{scale}"));
                    if scale >= SMALLEST_CONTRAST {
                        terms.push(format!("cdl@{scale}"));
                    }
                }
            }
        }
        if self.target != Target::Depth {
            terms.push("bce@final".into());
        }
        terms
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let error = |key, expected: &str, found: String| {
            Err(ConfigError {
                key,
                expected: expected.into(),
                found,
            })
        };
        self.pyramid()?;
        if !self.scale_weights.is_empty() && self.scale_weights.len() != self.scales.len() {
            return error(
                "model.supervision.scale_weights",
                "one weight per scale (or none: all 1)",
                format!(
                    "{} weights for {} scales",
                    self.scale_weights.len(),
                    self.scales.len()
                ),
            );
        }
        let weights = self.scale_weights.iter().chain([&self.final_weight]);
        for weight in weights {
            if !(weight.is_finite() && *weight >= 0.0) {
                return error(
                    "model.supervision.scale_weights / final_weight",
                    "finite weights of at least 0",
                    weight.to_string(),
                );
            }
        }
        match (self.target, self.score()) {
            (Target::Binary, Score::MapMean) => error(
                "model.supervision.score",
                "`logit`: target `binary` has no map",
                "map-mean".into(),
            ),
            (Target::Depth, Score::Logit) => error(
                "model.supervision.score",
                "`map-mean`: target `depth` has no logit",
                "logit".into(),
            ),
            _ => Ok(()),
        }
    }
}

impl ModelConfig {
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
        let resnet = !matches!(self.backbone, BackboneKind::Cdcn | BackboneKind::Depthnet);
        let name = self.backbone.name();
        if !resnet {
            return match self.tap.is_empty() {
                true => Ok(()),
                false => error("model.tap", format!("no tap for {name}"), self.tap.clone()),
            };
        }
        let Some(stage) = self.stage() else {
            return error(
                "model.tap",
                format!("layer1, layer2, layer3 or layer4 for {name}"),
                format!("`{}`", self.tap),
            );
        };
        if self.supervision.target == Target::Mask {
            let (side, largest) = (resnet_side(size, stage), self.supervision.scales[0]);
            if side != largest {
                return error(
                    "model.supervision.scales",
                    format!(
                        "{side} as the largest scale: {name} {} turns {size}x{size} pixels into {side}x{side} \
                         (choose input.size = {} or another tap)",
                        self.tap,
                        largest * (4 << (stage - 1)),
                    ),
                    largest.to_string(),
                );
            }
        }
        Ok(())
    }

    /// The number of the ResNet stage named by `tap`, 1 to 4.
    pub(crate) fn stage(&self) -> Option<usize> {
        match self.tap.as_str() {
            "" | "layer4" => Some(4),
            "layer3" => Some(3),
            "layer2" => Some(2),
            "layer1" => Some(1),
            _ => None,
        }
    }
}

/// Side of a ResNet stage's output: the stem and each later stage halve it, rounding up.
fn resnet_side(size: usize, stage: usize) -> usize {
    (0..=stage).fold(size, |side, _| side.div_ceil(2))
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

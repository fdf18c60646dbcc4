//! What is learnt: the `[model.supervision]` table.

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::{Pyramid, losses::SMALLEST_CONTRAST};

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
    /// `binary` alone: several classes, one of which is live, instead of one logit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Classes>,
}

/// Classes of a detector that tells kinds of attack apart. Its score is the softmax's share of the
/// live class, and its logit that of this share, `z_live - ln(sum of e^z over the others)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classes {
    /// How many, 2 to 1000.
    pub count: usize,
    /// The number of the live one, from 0.
    pub live: usize,
}

pub(super) fn one() -> f64 {
    1.0
}

impl Supervision {
    /// The label alone, by one logit.
    pub fn binary() -> Self {
        Self {
            target: Target::Binary,
            scales: Vec::new(),
            scale_weights: Vec::new(),
            final_weight: 1.0,
            reduction: Reduction::Mean,
            shared_conv: false,
            target_pool: TargetPool::Mean,
            score: None,
            classes: None,
        }
    }

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

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
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
        if let Some(Classes { count, live }) = self.classes {
            if self.target != Target::Binary {
                return error(
                    "model.supervision.classes",
                    "none but for target `binary`",
                    format!("{count} classes"),
                );
            }
            if !(2..=1000).contains(&count) || live >= count {
                return error(
                    "model.supervision.classes",
                    "a count of 2 to 1000, live below it",
                    format!("count {count}, live {live}"),
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

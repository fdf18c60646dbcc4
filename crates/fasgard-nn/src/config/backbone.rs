//! The backbones: their names, where they may be cut, how large their features are there.

use serde::{Deserialize, Serialize};

use super::{ConfigError, ModelConfig, Target};
use crate::backbones::MINIFASNET_SIDE;

/// The backbones, named as in configs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackboneKind {
    /// ResNet-18 (basic blocks 2, 2, 2, 2).
    Resnet18,
    /// ResNet-34 (basic blocks 3, 4, 6, 3).
    Resnet34,
    /// ResNet-50 (bottleneck blocks 3, 4, 6, 3).
    Resnet50,
    /// EfficientNet-Lite0: inverted residuals with ReLU6, no squeeze-and-excitation.
    EfficientnetLite0,
    /// MobileNetV3-Large: inverted residuals with squeeze-and-excitation and hardswish.
    MobilenetV3Large,
    /// DenseNet-161, of which DeepPixBiS uses the part up to the second transition.
    Densenet161,
    /// MiniFASNetV2 of minivision-ai, for inputs of 80x80: an embedding, no map.
    MinifasnetV2,
    /// MiniFASNetV1SE of minivision-ai, with squeeze-and-excitation.
    MinifasnetV1se,
    /// CDCN: central difference convolutions, three multi-level blocks.
    Cdcn,
    /// DepthNet: CDCN's body with vanilla convolutions.
    Depthnet,
}

/// How a side shrinks up to a tap: halved so often rounding up, then so often rounding down.
#[derive(Clone, Copy)]
struct Halvings {
    up: u32,
    down: u32,
}

impl Halvings {
    fn side(self, size: usize) -> usize {
        let side = (0..self.up).fold(size, |side, _| side.div_ceil(2));
        (0..self.down).fold(side, |side, _| side / 2)
    }

    fn stride(self) -> usize {
        1 << (self.up + self.down)
    }
}

impl BackboneKind {
    /// All backbones, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::Resnet18,
        Self::Resnet34,
        Self::Resnet50,
        Self::EfficientnetLite0,
        Self::MobilenetV3Large,
        Self::Densenet161,
        Self::MinifasnetV2,
        Self::MinifasnetV1se,
        Self::Cdcn,
        Self::Depthnet,
    ];

    /// The name used in configs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resnet18 => "resnet18",
            Self::Resnet34 => "resnet34",
            Self::Resnet50 => "resnet50",
            Self::EfficientnetLite0 => "efficientnet-lite0",
            Self::MobilenetV3Large => "mobilenet-v3-large",
            Self::Densenet161 => "densenet161",
            Self::MinifasnetV2 => "minifasnet-v2",
            Self::MinifasnetV1se => "minifasnet-v1se",
            Self::Cdcn => "cdcn",
            Self::Depthnet => "depthnet",
        }
    }

    /// Where it may be cut, in order; none if it is always used whole.
    pub fn taps(self) -> &'static [&'static str] {
        match self {
            Self::Resnet18 | Self::Resnet34 | Self::Resnet50 => {
                &["layer1", "layer2", "layer3", "layer4"]
            }
            Self::EfficientnetLite0 => &[
                "stage1", "stage2", "stage3", "stage4", "stage5", "stage6", "stage7", "head",
            ],
            Self::MobilenetV3Large => &[
                "stage1", "stage2", "stage3", "stage4", "stage5", "stage6", "head",
            ],
            Self::Densenet161 => &["transition1", "transition2", "transition3", "block4"],
            Self::MinifasnetV2 | Self::MinifasnetV1se | Self::Cdcn | Self::Depthnet => &[],
        }
    }

    /// How the side shrinks up to the tap of this number (from 1).
    fn halvings(self, tap: usize) -> Halvings {
        let (up, down) = match self {
            // The stem's convolution and max-pool, and every stage but the first.
            Self::Resnet18 | Self::Resnet34 | Self::Resnet50 => (tap as u32 + 1, 0),
            // Padded behind: odd sides are halved rounding down.
            Self::EfficientnetLite0 => {
                const DOWN: [u32; 8] = [1, 2, 3, 4, 4, 5, 5, 5];
                (0, DOWN[(tap - 1).min(7)])
            }
            Self::MobilenetV3Large => {
                const UP: [u32; 7] = [1, 2, 3, 4, 4, 5, 5];
                (UP[(tap - 1).min(6)], 0)
            }
            // The stem's convolution and max-pool, then the means of 2x2 of the transitions.
            Self::Densenet161 => (2, (tap as u32).min(3)),
            Self::MinifasnetV2 | Self::MinifasnetV1se | Self::Cdcn | Self::Depthnet => (0, 0),
        };
        Halvings { up, down }
    }

    /// Checks the tap, and that the features have the size that the supervision needs.
    pub(super) fn validate(self, config: &ModelConfig, size: usize) -> Result<(), ConfigError> {
        let error = |key, expected: String, found: String| {
            Err(ConfigError {
                key,
                expected,
                found,
            })
        };
        let (taps, name) = (self.taps(), self.name());
        if matches!(self, Self::MinifasnetV2 | Self::MinifasnetV1se) {
            if size != MINIFASNET_SIDE {
                return error(
                    "input.size",
                    format!("{MINIFASNET_SIDE} pixels for {name}"),
                    size.to_string(),
                );
            }
            if config.supervision.target != Target::Binary {
                return error(
                    "model.supervision.target",
                    format!("`binary` for {name}: it ends in an embedding, without a map"),
                    format!("{:?}", config.supervision.target).to_lowercase(),
                );
            }
        }
        if taps.is_empty() {
            return match config.tap.is_empty() {
                true => Ok(()),
                false => error(
                    "model.tap",
                    format!("no tap for {name}"),
                    config.tap.clone(),
                ),
            };
        }
        if !config.tap.is_empty() && !taps.contains(&config.tap.as_str()) {
            return error(
                "model.tap",
                format!("{} for {name}", taps.join(", ")),
                format!("`{}`", config.tap),
            );
        }
        let halvings = self.halvings(config.tap_number());
        let side = halvings.side(size);
        if side == 0 {
            return error(
                "input.size",
                format!(
                    "at least {} pixels for {name} {}",
                    halvings.stride(),
                    config.tap
                ),
                size.to_string(),
            );
        }
        if config.supervision.target == Target::Mask {
            let largest = config.supervision.scales[0];
            if side != largest {
                return error(
                    "model.supervision.scales",
                    format!(
                        "{side} as the largest scale: {name} {} turns {size}x{size} pixels into {side}x{side} \
                         (choose input.size = {} or another tap)",
                        config.tap,
                        largest * halvings.stride(),
                    ),
                    largest.to_string(),
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_configs() {
        for kind in BackboneKind::ALL {
            let json = serde_json::to_value(kind).unwrap();
            assert_eq!(json, kind.name());
        }
    }

    #[test]
    fn sides_by_hand() {
        for (kind, tap, size, side) in [
            (BackboneKind::Resnet18, 4, 256, 8),
            (BackboneKind::Resnet18, 3, 130, 9),
            (BackboneKind::EfficientnetLite0, 5, 128, 8),
            (BackboneKind::EfficientnetLite0, 8, 224, 7),
            (BackboneKind::EfficientnetLite0, 5, 130, 8),
            (BackboneKind::MobilenetV3Large, 5, 128, 8),
            (BackboneKind::MobilenetV3Large, 7, 200, 7),
            (BackboneKind::Densenet161, 2, 224, 14),
            (BackboneKind::Densenet161, 4, 256, 8),
        ] {
            assert_eq!(kind.halvings(tap).side(size), side, "{kind:?} {tap} {size}");
        }
    }
}

//! MiniFASNet as minivision-ai publishes it: whole detectors of three classes, class 1 of which is
//! live.

use fasgard_image::{ColorOrder, CropFit, Interpolation, PixelRange, Preprocess};
use fasgard_nn::{BackboneKind, Classes, ModelConfig, NamedTensor, Supervision};

use super::adopt::list;

/// Values of the embedding, classes, and the live one.
const CLASSES: Classes = Classes { count: 3, live: 1 };

/// A published network: how it is told apart, and what belongs to it.
pub(super) struct Published {
    /// The backbone.
    pub(super) kind: BackboneKind,
    /// The published crop: so many times the face box.
    crop_scale: f32,
}

/// Which of the published networks these tensors are.
///
/// # Errors
/// Neither; says what was found.
pub(super) fn recognise(tensors: &[NamedTensor]) -> Result<Published, String> {
    let shape = |name: &str| tensors.iter().find(|t| t.name == name).map(|t| &t.shape);
    let excite = |stage: &str| shape(&format!("{stage}.se_module.fc1.weight")).is_some();
    let known = shape("conv_6_dw.conv.weight").is_some() && shape("prob.weight").is_some();
    // What tells the pruned widths apart is inside the first block of the second stage.
    let second = shape("conv_4.model.0.conv.conv.weight").and_then(|s| s.first());
    match (known, second, excite("conv_3.model.3")) {
        (true, Some(231), false) => Ok(Published {
            kind: BackboneKind::MinifasnetV2,
            crop_scale: 2.7,
        }),
        (true, Some(154), true) => Ok(Published {
            kind: BackboneKind::MinifasnetV1se,
            crop_scale: 4.0,
        }),
        _ => {
            let names: Vec<&str> = tensors.iter().map(|t| t.name.as_str()).collect();
            Err(format!(
                "expected the weights of MiniFASNetV2 or MiniFASNetV1SE (80x80), found {}",
                list(&names)
            ))
        }
    }
}

impl Published {
    /// The architecture.
    pub(super) fn config(&self) -> ModelConfig {
        ModelConfig {
            supervision: Supervision {
                classes: Some(CLASSES),
                ..Supervision::binary()
            },
            ..ModelConfig::whole(self.kind)
        }
    }

    /// The published preprocessing: blue, green, red, 0 to 255, the box's sides times the crop scale,
    /// moved into the image and stretched to 80x80 without antialiasing.
    pub(super) fn preprocess(&self) -> Preprocess {
        Preprocess {
            size: 80,
            crop_scale: self.crop_scale,
            fit: CropFit::Inside,
            color: ColorOrder::Bgr,
            range: PixelRange::Byte,
            mean: [0.0; 3],
            std: [1.0; 3],
            interpolation: Interpolation::Linear,
            exif_orientation: true,
        }
    }
}

/// The embedding's matrix becomes a 1x1 convolution, and the classes get the bias they do without.
pub(super) fn reshaped(mut tensors: Vec<NamedTensor>) -> Vec<NamedTensor> {
    for tensor in &mut tensors {
        if tensor.name == "linear.weight" && tensor.shape.len() == 2 {
            tensor.shape.extend([1, 1]);
        }
    }
    tensors.push(NamedTensor {
        name: "prob.bias".into(),
        shape: vec![CLASSES.count],
        values: vec![0.0; CLASSES.count],
    });
    tensors
}

/// Our name of a tensor.
pub(super) fn rename(name: &str) -> Option<String> {
    let (path, field) = name.rsplit_once('.')?;
    let place = match path {
        "linear" => "backbone.embed.conv".to_owned(),
        "bn" => "backbone.embed.bn".to_owned(),
        "prob" => "head.linear".to_owned(),
        _ => {
            let (part, layer) = path.split_once('.')?;
            match part {
                "conv1" => format!("backbone.stem.{}", unit(layer)?),
                "conv2_dw" => format!("backbone.stem_depthwise.{}", unit(layer)?),
                "conv_6_sep" => format!("backbone.widen.{}", unit(layer)?),
                "conv_6_dw" => format!("backbone.cover.{}", bare(layer)?),
                // The first block of a stage halves the side and has a name of its own.
                "conv_23" => format!("backbone.stage1.0.{}", block(layer)?),
                "conv_34" => format!("backbone.stage2.0.{}", block(layer)?),
                "conv_45" => format!("backbone.stage3.0.{}", block(layer)?),
                "conv_3" => format!("backbone.stage1.{}", numbered(layer)?),
                "conv_4" => format!("backbone.stage2.{}", numbered(layer)?),
                "conv_5" => format!("backbone.stage3.{}", numbered(layer)?),
                _ => return None,
            }
        }
    };
    Some(format!("{place}.{field}"))
}

/// A layer of a convolution with a PReLU.
fn unit(layer: &str) -> Option<String> {
    match layer {
        "conv" | "bn" => Some(format!("layer.{layer}")),
        "prelu" => Some(layer.to_owned()),
        _ => None,
    }
}

/// A layer of a convolution without one.
fn bare(layer: &str) -> Option<&str> {
    matches!(layer, "conv" | "bn").then_some(layer)
}

/// A layer of a block of a stage.
fn numbered(layer: &str) -> Option<String> {
    let (number, layer) = layer.strip_prefix("model.")?.split_once('.')?;
    let number: usize = number.parse().ok()?;
    Some(format!("{}.{}", number.checked_add(1)?, block(layer)?))
}

/// A layer of a block.
fn block(layer: &str) -> Option<String> {
    let (part, layer) = layer.split_once('.')?;
    Some(match (part, layer) {
        ("conv", _) => format!("expand.{}", unit(layer)?),
        ("conv_dw", _) => format!("depthwise.{}", unit(layer)?),
        ("project", _) => format!("project.{}", bare(layer)?),
        ("se_module", "fc1") => "excite.squeeze.conv".into(),
        ("se_module", "bn1") => "excite.squeeze.bn".into(),
        ("se_module", "fc2") => "excite.expand.conv".into(),
        ("se_module", "bn2") => "excite.expand.bn".into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (torch, ours) in [
            ("conv1.conv.weight", "backbone.stem.layer.conv.weight"),
            ("conv1.prelu.weight", "backbone.stem.prelu.weight"),
            (
                "conv_23.conv_dw.bn.bias",
                "backbone.stage1.0.depthwise.layer.bn.bias",
            ),
            (
                "conv_4.model.5.project.conv.weight",
                "backbone.stage2.6.project.conv.weight",
            ),
            (
                "conv_5.model.1.se_module.bn2.running_var",
                "backbone.stage3.2.excite.expand.bn.running_var",
            ),
            ("conv_6_dw.bn.weight", "backbone.cover.bn.weight"),
            ("linear.weight", "backbone.embed.conv.weight"),
            ("bn.running_mean", "backbone.embed.bn.running_mean"),
            ("prob.weight", "head.linear.weight"),
        ] {
            assert_eq!(rename(torch).as_deref(), Some(ours), "{torch}");
        }
        for odd in [
            "weight",
            "conv_6_dw.prelu.weight",
            "conv_3.model.x.conv.conv.weight",
        ] {
            assert_eq!(rename(odd), None, "{odd}");
        }
    }
}

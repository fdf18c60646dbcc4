//! CDCN as its authors' code (ZitongYu/CDCN) saves it: a whole detector of one depth map.

use fasgard_image::{PixelRange, Preprocess};
use fasgard_nn::{BackboneKind, ModelConfig, Supervision, Target};

/// The published architecture: one map of 32x32, theta 0.7.
pub(super) fn config() -> ModelConfig {
    ModelConfig {
        supervision: Supervision {
            target: Target::Depth,
            scales: vec![32],
            ..Supervision::binary()
        },
        ..ModelConfig::whole(BackboneKind::Cdcn)
    }
}

/// The published preprocessing of tests: 1.3 times the box, 256x256, `(x - 127.5) / 128`, red, green,
/// blue. (Theirs scales the box's sides apart, cuts them at the image's edge and stretches the rest to
/// a square; ours takes a square of the longer side.)
pub(super) fn preprocess() -> Preprocess {
    Preprocess {
        size: 256,
        crop_scale: 1.3,
        range: PixelRange::Byte,
        mean: [127.5; 3],
        std: [128.0; 3],
        ..Preprocess::default()
    }
}

/// Our name of a tensor. A sequence's members are numbered: convolution, normalisation, ReLU.
pub(super) fn rename(name: &str) -> Option<String> {
    let (path, field) = name.rsplit_once('.')?;
    let (part, layer) = path.split_once('.')?;
    // The convolution lies in a module of its own that adds the central difference.
    let (number, kind) = match layer.strip_suffix(".conv") {
        Some(number) => (number, "conv"),
        None => (layer, "bn"),
    };
    let number: usize = number.parse().ok()?;
    let expected = if kind == "conv" { 0 } else { 1 };
    if number % 3 != expected {
        return None;
    }
    let unit = number / 3;
    Some(match (part, unit) {
        ("conv1", 0) => format!("backbone.stem.{kind}.{field}"),
        ("Block1", _) => format!("backbone.blocks.0.{unit}.{kind}.{field}"),
        ("Block2", _) => format!("backbone.blocks.1.{unit}.{kind}.{field}"),
        ("Block3", _) => format!("backbone.blocks.2.{unit}.{kind}.{field}"),
        ("lastconv1", 0) => format!("head.convs.0.{kind}.{field}"),
        ("lastconv2", 0) => format!("head.convs.1.{kind}.{field}"),
        ("lastconv3", 0) if kind == "conv" => format!("head.last.{field}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (torch, ours) in [
            ("conv1.0.conv.weight", "backbone.stem.conv.weight"),
            ("conv1.1.running_mean", "backbone.stem.bn.running_mean"),
            ("Block1.3.conv.weight", "backbone.blocks.0.1.conv.weight"),
            ("Block3.7.bias", "backbone.blocks.2.2.bn.bias"),
            ("lastconv2.0.conv.weight", "head.convs.1.conv.weight"),
            ("lastconv3.0.conv.weight", "head.last.weight"),
        ] {
            assert_eq!(rename(torch).as_deref(), Some(ours), "{torch}");
        }
        for odd in [
            "weight",
            "conv1.weight",
            "Block1.1.conv.weight",
            "lastconv3.1.weight",
            "Block4.0.conv.weight",
        ] {
            assert_eq!(rename(odd), None, "{odd}");
        }
    }
}

//! Residual networks.

use fasgard_nn::BackboneKind;

/// Blocks in each of the four stages, and whether they are bottlenecks.
const DEPTHS: [(BackboneKind, [usize; 4], bool); 3] = [
    (BackboneKind::Resnet18, [2, 2, 2, 2], false),
    (BackboneKind::Resnet34, [3, 4, 6, 3], false),
    (BackboneKind::Resnet50, [3, 4, 6, 3], true),
];

/// Which residual network has tensors of these names, if any.
pub(super) fn recognise(has: &dyn Fn(&str) -> bool) -> Option<BackboneKind> {
    let known = DEPTHS.iter().find(|(_, blocks, bottleneck)| {
        let conv =
            |stage: usize, block: usize| has(&format!("layer{}.{block}.conv1.weight", stage + 1));
        (0..4).all(|stage| conv(stage, blocks[stage] - 1) && !conv(stage, blocks[stage]))
            && has("layer1.0.conv3.weight") == *bottleneck
    });
    known.map(|(kind, _, _)| *kind)
}

/// Our name of a torchvision tensor.
pub(super) fn rename(name: &str) -> Option<String> {
    let (path, field) = name.rsplit_once('.')?;
    let parts: Vec<&str> = path.split('.').collect();
    let place = match parts[..] {
        ["conv1"] => "stem.conv".to_owned(),
        ["bn1"] => "stem.bn".to_owned(),
        [layer, block, "downsample", "0"] => format!("{layer}.{block}.downsample.conv"),
        [layer, block, "downsample", "1"] => format!("{layer}.{block}.downsample.bn"),
        [layer, block, unit] => {
            let (kind, number) = unit.split_at(unit.len().checked_sub(1)?);
            let index = number.parse::<usize>().ok()?.checked_sub(1)?;
            match kind {
                "conv" | "bn" => format!("{layer}.{block}.convs.{index}.{kind}"),
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(format!("backbone.{place}.{field}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (torch, ours) in [
            ("conv1.weight", "backbone.stem.conv.weight"),
            ("bn1.running_var", "backbone.stem.bn.running_var"),
            (
                "layer3.0.conv1.weight",
                "backbone.layer3.0.convs.0.conv.weight",
            ),
            ("layer3.5.bn3.bias", "backbone.layer3.5.convs.2.bn.bias"),
            (
                "layer2.0.downsample.0.weight",
                "backbone.layer2.0.downsample.conv.weight",
            ),
            (
                "layer2.0.downsample.1.bias",
                "backbone.layer2.0.downsample.bn.bias",
            ),
        ] {
            assert_eq!(rename(torch).as_deref(), Some(ours), "{torch}");
        }
        for odd in [
            "weight",
            "layer1.0.conv.weight",
            "layer1.0.conv0.weight",
            "a.b.c.d.e",
        ] {
            assert_eq!(rename(odd), None, "{odd}");
        }
    }
}

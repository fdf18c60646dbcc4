//! torchvision's residual networks: their names, and ours.

use fasgard_nn::NamedTensor;

/// Blocks in each of the four stages.
const DEPTHS: [(&str, [usize; 4], usize); 3] = [
    ("resnet18", [2, 2, 2, 2], 2),
    ("resnet34", [3, 4, 6, 3], 2),
    ("resnet50", [3, 4, 6, 3], 3),
];

/// Renames the weights of a torchvision ResNet to those of the backbone, and says which one it is.
/// The classifier `fc` is left out: detectors have their own heads.
///
/// # Errors
/// Says which names are missing or surplus.
pub(super) fn resnet(
    tensors: Vec<NamedTensor>,
) -> Result<(&'static str, Vec<NamedTensor>), String> {
    let known = DEPTHS.iter().find(|(_, blocks, convs)| {
        let has = |name: String| tensors.iter().any(|t| t.name == name);
        let last = |stage: usize| format!("layer{}.{}.conv1.weight", stage + 1, blocks[stage] - 1);
        let next = |stage: usize| format!("layer{}.{}.conv1.weight", stage + 1, blocks[stage]);
        (0..4).all(|stage| has(last(stage)) && !has(next(stage)))
            && has("layer1.0.conv3.weight".into()) == (*convs == 3)
    });
    let Some((name, _, _)) = known else {
        let first: Vec<&str> = tensors.iter().take(4).map(|t| t.name.as_str()).collect();
        return Err(format!(
            "expected the weights of torchvision's resnet18, resnet34 or resnet50, found {} tensors: {} ...",
            tensors.len(),
            first.join(", ")
        ));
    };
    let mut renamed = Vec::with_capacity(tensors.len());
    for mut tensor in tensors {
        if tensor.name.starts_with("fc.") || tensor.name.ends_with(".num_batches_tracked") {
            continue;
        }
        tensor.name = rename(&tensor.name)
            .ok_or_else(|| format!("unexpected tensor `{}` in a {name}", tensor.name))?;
        renamed.push(tensor);
    }
    Ok((name, renamed))
}

/// Our name of a torchvision tensor.
fn rename(name: &str) -> Option<String> {
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

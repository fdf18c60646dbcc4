//! DenseNet-161.

/// Whether tensors of these names are DenseNet-161's: its blocks have 6, 12, 36 and 24 layers.
pub(super) fn is_161(has: &dyn Fn(&str) -> bool) -> bool {
    let layer = |block: usize, layer: usize| {
        let path = format!("features.denseblock{block}.denselayer{layer}");
        has(&format!("{path}.conv1.weight")) || has(&format!("{path}.conv.1.weight"))
    };
    [6, 12, 36, 24]
        .iter()
        .enumerate()
        .all(|(block, count)| layer(block + 1, *count) && !layer(block + 1, count + 1))
}

/// Our name of a tensor. The layers of a published file are called `norm.1`, those of a network saved
/// today `norm1`.
pub(super) fn rename(name: &str) -> Option<String> {
    let (path, field) = name.strip_prefix("features.")?.rsplit_once('.')?;
    let parts: Vec<&str> = path.split('.').collect();
    let place = match parts[..] {
        ["conv0"] => "stem.conv".to_owned(),
        ["norm0"] => "stem.bn".to_owned(),
        ["norm5"] => "last".to_owned(),
        [transition, layer @ ("norm" | "conv")] if transition.starts_with("transition") => {
            format!("{transition}.{layer}")
        }
        [block, layer, ref kind @ ..] => {
            let block = block.strip_prefix("denseblock")?;
            let number: usize = layer.strip_prefix("denselayer")?.parse().ok()?;
            let kind = match kind.concat().as_str() {
                "norm1" => "norm",
                "conv1" => "squeeze.conv",
                "norm2" => "squeeze.bn",
                "conv2" => "conv",
                _ => return None,
            };
            format!("block{block}.{}.{kind}", number.checked_sub(1)?)
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
            ("features.conv0.weight", "backbone.stem.conv.weight"),
            (
                "features.norm0.running_mean",
                "backbone.stem.bn.running_mean",
            ),
            (
                "features.denseblock2.denselayer12.norm1.bias",
                "backbone.block2.11.norm.bias",
            ),
            (
                "features.denseblock1.denselayer1.conv.1.weight",
                "backbone.block1.0.squeeze.conv.weight",
            ),
            (
                "features.denseblock3.denselayer7.norm.2.weight",
                "backbone.block3.6.squeeze.bn.weight",
            ),
            (
                "features.denseblock4.denselayer1.conv2.weight",
                "backbone.block4.0.conv.weight",
            ),
            (
                "features.transition3.conv.weight",
                "backbone.transition3.conv.weight",
            ),
            ("features.norm5.bias", "backbone.last.bias"),
        ] {
            assert_eq!(rename(torch).as_deref(), Some(ours), "{torch}");
        }
        for odd in [
            "weight",
            "features.weight",
            "features.denseblock1.denselayer0.conv1.weight",
            "features.denseblock1.denselayer1.conv3.weight",
        ] {
            assert_eq!(rename(odd), None, "{odd}");
        }
    }
}

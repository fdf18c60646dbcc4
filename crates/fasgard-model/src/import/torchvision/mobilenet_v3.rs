//! MobileNetV3-Large.

/// Blocks of the six stages, and whether they have squeeze-and-excitation: torchvision numbers the
/// blocks through, after the stem.
const STAGES: [(usize, bool); 6] = [
    (1, false),
    (2, false),
    (3, true),
    (4, false),
    (2, true),
    (3, true),
];
/// The head's number.
const HEAD: usize = 16;

/// Whether tensors of these names are MobileNetV3-Large's: the small one has fewer blocks.
pub(super) fn is_large(has: &dyn Fn(&str) -> bool) -> bool {
    has("features.4.block.2.fc1.weight") && has("features.16.0.weight")
}

/// Our name of a tensor.
pub(super) fn rename(name: &str) -> Option<String> {
    let (path, field) = name.strip_prefix("features.")?.rsplit_once('.')?;
    let (number, layer) = path.split_once('.')?;
    let number: usize = number.parse().ok()?;
    let place = match number {
        0 => format!("stem.{}", unit(layer)?),
        HEAD => format!("head.{}", unit(layer)?),
        _ => {
            let mut block = number - 1;
            let mut stage = 0;
            while block >= STAGES.get(stage)?.0 {
                block -= STAGES[stage].0;
                stage += 1;
            }
            // The very first block is not widened.
            let excite = STAGES[stage].1;
            let layers: Vec<&str> = [
                (number > 1).then_some("expand"),
                Some("depthwise"),
                excite.then_some("excite"),
                Some("project"),
            ]
            .into_iter()
            .flatten()
            .collect();
            let (index, layer) = layer.strip_prefix("block.")?.split_once('.')?;
            let part = *layers.get(index.parse::<usize>().ok()?)?;
            let layer = match (part, layer) {
                ("excite", "fc1") => "squeeze",
                ("excite", "fc2") => "expand",
                ("excite", _) => return None,
                (_, layer) => unit(layer)?,
            };
            format!("stage{}.{block}.{part}.{layer}", stage + 1)
        }
    };
    Some(format!("backbone.{place}.{field}"))
}

/// A convolution or its normalisation.
fn unit(layer: &str) -> Option<&'static str> {
    match layer {
        "0" => Some("conv"),
        "1" => Some("bn"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (torch, ours) in [
            ("features.0.0.weight", "backbone.stem.conv.weight"),
            ("features.16.1.running_var", "backbone.head.bn.running_var"),
            (
                "features.1.block.0.0.weight",
                "backbone.stage1.0.depthwise.conv.weight",
            ),
            (
                "features.1.block.1.1.bias",
                "backbone.stage1.0.project.bn.bias",
            ),
            (
                "features.5.block.2.fc1.bias",
                "backbone.stage3.1.excite.squeeze.bias",
            ),
            (
                "features.6.block.3.0.weight",
                "backbone.stage3.2.project.conv.weight",
            ),
            (
                "features.10.block.0.1.weight",
                "backbone.stage4.3.expand.bn.weight",
            ),
            (
                "features.15.block.2.fc2.weight",
                "backbone.stage6.2.excite.expand.weight",
            ),
        ] {
            assert_eq!(rename(torch).as_deref(), Some(ours), "{torch}");
        }
        for odd in [
            "weight",
            "features.17.0.weight",
            "features.1.block.2.0.weight",
            "features.4.block.2.0.weight",
            "features.x.0.weight",
        ] {
            assert_eq!(rename(odd), None, "{odd}");
        }
    }
}

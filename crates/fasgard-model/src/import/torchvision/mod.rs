//! torchvision's networks: which one a file holds, and our names of its tensors. One family a file.

mod densenet;
mod mobilenet_v3;
mod resnet;

use fasgard_nn::{BackboneKind, NamedTensor};

use super::adopt::list;

/// Our name of a tensor.
pub(super) type Rename = fn(&str) -> Option<String>;

/// Which network of torchvision these tensors are.
///
/// # Errors
/// None of those that are known; says what was found.
pub(super) fn recognise(tensors: &[NamedTensor]) -> Result<BackboneKind, String> {
    let has = |name: &str| tensors.iter().any(|t| t.name == name);
    if let Some(kind) = resnet::recognise(&has) {
        return Ok(kind);
    }
    if densenet::is_161(&has) {
        return Ok(BackboneKind::Densenet161);
    }
    if mobilenet_v3::is_large(&has) {
        return Ok(BackboneKind::MobilenetV3Large);
    }
    let names: Vec<&str> = tensors.iter().map(|t| t.name.as_str()).collect();
    Err(format!(
        "expected the weights of torchvision's resnet18, resnet34, resnet50, densenet161 or \
         mobilenet_v3_large, found {}",
        list(&names)
    ))
}

/// How the tensors of a network are renamed.
pub(super) fn renaming(kind: BackboneKind) -> Rename {
    match kind {
        BackboneKind::Densenet161 => densenet::rename,
        BackboneKind::MobilenetV3Large => mobilenet_v3::rename,
        _ => resnet::rename,
    }
}

/// The classifier: detectors have their own heads.
pub(super) fn is_dropped(name: &str) -> bool {
    name.starts_with("fc.") || name.starts_with("classifier.")
}

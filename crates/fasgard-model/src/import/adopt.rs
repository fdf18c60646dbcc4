//! Tensors of another project as the weights of one of our networks.

use burn::tensor::Device;
use fasgard_nn::{Detector, ModelConfig, NamedTensor, named_weights};

/// Names that a message lists of each kind.
const LISTED: usize = 4;

/// Renames `tensors` to the weights of `expected`, by `rename`; those that `is_dropped` names are
/// left out, and so are counters of batches. A common beginning `module.` (of data-parallel training)
/// is ignored.
///
/// # Errors
/// Says what `what` should be, and which names are missing or surplus.
pub(super) fn adopt(
    what: &str,
    mut tensors: Vec<NamedTensor>,
    expected: &[String],
    rename: impl Fn(&str) -> Option<String>,
    is_dropped: impl Fn(&str) -> bool,
) -> Result<Vec<NamedTensor>, String> {
    strip_module(&mut tensors);
    let mut adopted = Vec::with_capacity(tensors.len());
    let mut surplus = Vec::new();
    for mut tensor in tensors {
        if is_dropped(&tensor.name) || tensor.name.ends_with(".num_batches_tracked") {
            continue;
        }
        match rename(&tensor.name).filter(|name| expected.contains(name)) {
            Some(name) => {
                tensor.name = name;
                adopted.push(tensor);
            }
            None => surplus.push(tensor.name),
        }
    }
    let missing: Vec<&String> = expected
        .iter()
        .filter(|name| !adopted.iter().any(|t| t.name == **name))
        .collect();
    if missing.is_empty() && surplus.is_empty() {
        return Ok(adopted);
    }
    let missing: Vec<&str> = missing.into_iter().map(String::as_str).collect();
    let surplus: Vec<&str> = surplus.iter().map(String::as_str).collect();
    Err(format!(
        "expected the weights of {what}; missing (by our names): {}; surplus: {}",
        list(&missing),
        list(&surplus)
    ))
}

/// Leaves out the beginning that data-parallel training adds to every name.
pub(super) fn strip_module(tensors: &mut [NamedTensor]) {
    const PREFIX: &str = "module.";
    if tensors.iter().all(|t| t.name.starts_with(PREFIX)) {
        for tensor in tensors {
            tensor.name.drain(..PREFIX.len());
        }
    }
}

/// The first names, and how many there are.
pub(super) fn list(names: &[&str]) -> String {
    let first = names[..names.len().min(LISTED)].join(", ");
    match names.len() {
        0 => "none".to_owned(),
        n if n > LISTED => format!("{n} tensors: {first} ..."),
        _ => first,
    }
}

/// Names of all weights of the network that `config` describes, for inputs of `size` x `size`.
pub(super) fn names(config: &ModelConfig, size: usize) -> Result<Vec<String>, String> {
    // Names do not depend on the width, and a narrow network is made at once.
    let narrow = ModelConfig {
        width: 0.01,
        ..config.clone()
    };
    let detector = Detector::blank(&narrow, size, &Device::flex()).map_err(|e| e.to_string())?;
    Ok(named_weights(&detector)
        .into_iter()
        .map(|w| w.name)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str) -> NamedTensor {
        NamedTensor {
            name: name.into(),
            shape: vec![1],
            values: vec![1.0],
        }
    }

    #[test]
    fn missing_and_surplus_are_named() {
        let expected = ["a.weight", "b.weight"].map(str::to_owned);
        let take = |names: &[&str]| {
            adopt(
                "a test",
                names.iter().map(|n| tensor(n)).collect(),
                &expected,
                |name| Some(name.replace("theirs", "a")),
                |name| name.starts_with("fc."),
            )
        };
        let names = ["module.theirs.weight", "module.b.weight", "module.fc.bias"];
        let adopted = take(&names).unwrap();
        let found: Vec<&str> = adopted.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(found, ["a.weight", "b.weight"]);
        let message = take(&["theirs.weight", "c.weight"]).unwrap_err();
        assert!(
            message.contains("missing (by our names): b.weight; surplus: c.weight"),
            "{message}"
        );
    }
}

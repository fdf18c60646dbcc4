//! A model in a few words, out of its config.

use toml::Value;

use crate::inputs::Run;

/// Backbone, supervision, input and length of training, as far as the config says.
pub(crate) fn describe(run: &Run) -> Option<String> {
    let config = run.config.as_ref()?;
    let get = |path: &[&str]| -> Option<String> {
        let (first, rest) = path.split_first()?;
        let mut value = config.get(*first)?;
        for key in rest {
            value = value.get(key)?;
        }
        Some(plain(value))
    };
    let mut parts = Vec::new();
    if let Some(backbone) = get(&["model", "backbone"]) {
        let tap = get(&["model", "tap"]).filter(|t| !t.is_empty());
        parts.push(tap.map_or(backbone.clone(), |tap| format!("{backbone} ({tap})")));
    }
    if let Some(target) = get(&["model", "supervision", "target"]) {
        let scales = get(&["model", "supervision", "scales"]).filter(|s| !s.is_empty());
        parts.push(match scales {
            Some(scales) => format!("{target} at scales {scales}"),
            None => target,
        });
    }
    parts.push(format!("{0}×{0} px input", run.preprocess.size));
    if let Some(steps) = get(&["train", "steps"]) {
        let batch = get(&["train", "batch_size"]);
        parts.push(match batch {
            Some(batch) => format!("up to {steps} steps of batch {batch}"),
            None => format!("up to {steps} steps"),
        });
    }
    if let Some(seed) = get(&["seed"]) {
        parts.push(format!("seed {seed}"));
    }
    Some(parts.join(", "))
}

/// Whether the config says that the model predicts no maps.
pub(crate) fn is_binary(run: &Run) -> bool {
    let target = run
        .config
        .as_ref()
        .and_then(|c| c.get("model")?.get("supervision")?.get("target")?.as_str());
    target == Some("binary")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

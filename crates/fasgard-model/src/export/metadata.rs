//! What an exported file says about itself, for programs and for people.

use fasgard_image::{ColorOrder, PixelRange, Preprocess};
use fasgard_metrics::Threshold;
use fasgard_nn::{Score, Target};
use serde_json::json;

use crate::{CARD_KEY, ModelCard, SCHEMA};

/// The file's metadata, each value JSON; null where the card has none.
pub(super) fn entries(card: &ModelCard) -> Result<Vec<(String, String)>, String> {
    let threshold = card.thresholds.first();
    let text = |value: serde_json::Result<String>| {
        value.map_err(|e| format!("its card cannot be written: {e}"))
    };
    let score = json!({
        "kind": card.model.supervision.score(),
        // Of live; a mean of depths is none.
        "probability": card.model.supervision.target != Target::Depth,
        // `score` is to be bounded by this before it is used.
        "at_most": 1.0,
        "logit_threshold": threshold.and_then(|threshold| logit_threshold(card, threshold)),
    });
    Ok(vec![
        (CARD_KEY.into(), text(serde_json::to_string(card))?),
        (key("schema"), SCHEMA.to_string()),
        (
            key("preprocess"),
            text(serde_json::to_string(&card.preprocess))?,
        ),
        (key("labels"), text(serde_json::to_string(&card.labels))?),
        (key("threshold"), text(serde_json::to_string(&threshold))?),
        (key("score"), score.to_string()),
        (key("support"), text(serde_json::to_string(&card.support))?),
        (key("gap"), text(serde_json::to_string(&card.gap))?),
        (
            key("training"),
            text(serde_json::to_string(&card.training))?,
        ),
        (key("licence"), text(serde_json::to_string(&card.licence))?),
        (key("rendered_only"), card.is_rendered_only().to_string()),
    ])
}

fn key(name: &str) -> String {
    format!("{CARD_KEY}.{name}")
}

/// The logit above which the score is above the threshold; `f32` scores tie at 1, logits do not. None
/// where the score is no sigmoid, or every or no score is above the threshold.
fn logit_threshold(card: &ModelCard, threshold: &Threshold) -> Option<f64> {
    let t = threshold.value;
    let is_sigmoid = card.model.supervision.score() == Score::Logit;
    (is_sigmoid && 0.0 < t && t < 1.0).then(|| (t / (1.0 - t)).ln())
}

/// What a reader of the file must know.
pub(super) fn doc(card: &ModelCard) -> String {
    let mut text = format!(
        "{}: face presentation attack detector, exported from weights {}.\n",
        card.name, card.weights_sha256
    );
    text += &match card.thresholds.first() {
        Some(threshold) => format!("Live if {threshold}.\n"),
        None => "No threshold: there is no default verdict, set one first.\n".to_owned(),
    };
    if let Some([low, high]) = card.support {
        text += &format!("No decision below {low} and above {high}: not calibrated there.\n");
    }
    if let Some([low, high]) = card.gap {
        text += &format!("No decision between {low} and {high}: calibration saw neither class.\n");
    }
    if card.is_rendered_only() {
        text += "Trained on rendered faces only: not for real faces.\n";
    }
    text += &match card.licence.is_empty() {
        true => "Licence of the weights: not stated.".to_owned(),
        false => format!("Licence of the weights: {}.", card.licence),
    };
    text
}

/// What is to be fed.
pub(super) fn input_doc(preprocess: &Preprocess) -> String {
    let order = match preprocess.color {
        ColorOrder::Rgb => "red, green, blue",
        ColorOrder::Bgr => "blue, green, red",
    };
    let range = match preprocess.range {
        PixelRange::Unit => "value / 255",
        PixelRange::Byte => "value",
    };
    format!(
        "Face crops of {0} x {0} pixels, {order}, each ({range} - mean) / std with mean {1:?} and std {2:?}",
        preprocess.size, preprocess.mean, preprocess.std
    )
}

/// What an output means.
pub(super) fn output_doc(card: &ModelCard, name: &str) -> String {
    let target = card.model.supervision.target;
    match (name, target) {
        ("score", Target::Depth) => {
            "Mean predicted depth, higher is more likely live; take min(score, 1)".into()
        }
        ("score", _) => "Higher is more likely live, 0 to 1".into(),
        ("logit", _) => "The score is its sigmoid".into(),
        (_, Target::Depth) => "Predicted depth: 1 nearest, 0 background and attack".into(),
        _ => "Probability of live at each place".into(),
    }
}

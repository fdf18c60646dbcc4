//! What `/v1/info` says: the model's card, and how the service works.

use fasgard_image::Preprocess;
use fasgard_metrics::{Source, Threshold};
use fasgard_model::{ModelCard, Predictor};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Answers, Crop, answer, intake::TYPES, service::Service};

/// Version of the interface.
const API: u32 = 1;

/// The model and how the service works.
#[derive(Serialize, ToSchema)]
pub(crate) struct Info {
    /// `fasgard`.
    service: &'static str,
    /// Its version.
    version: &'static str,
    /// Version of the interface.
    api: u32,
    /// The model.
    model: ModelInfo,
    /// What verdicts are made with; null with `answers = "coarse"`.
    decision: Option<Decision>,
    /// How much answers say.
    answers: Answers,
    /// Where the face is.
    crop: Crop,
    /// How a session's frames are fused unless it says otherwise.
    fuse: &'static str,
    /// Whether clients need a key.
    keys: bool,
    /// Sessions; null if switched off.
    sessions: Option<SessionInfo>,
    /// What a browser needs to judge by itself; null if it is not served.
    in_browser: Option<InBrowser>,
    /// What an image may cost.
    limits: Limits,
    /// What users must know.
    notes: Vec<&'static str>,
}

/// The model.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelInfo {
    /// The configuration's name.
    name: String,
    /// Digest of the weights.
    weights_sha256: String,
    /// Version of fasgard that wrote it.
    fasgard: String,
    /// Terms of use; empty = not stated.
    licence: String,
    /// True if it has seen rendered faces only: then it is not for real ones.
    rendered_only: bool,
    /// The backbone's name.
    #[schema(value_type = String)]
    backbone: serde_json::Value,
    /// `binary`, `mask` or `depth`.
    #[schema(value_type = String)]
    target: serde_json::Value,
    /// Sides of the maps, largest first; empty for `binary`.
    scales: Vec<usize>,
    /// Class 0, class 1.
    labels: [&'static str; 2],
    /// Attack species in training.
    species: Vec<String>,
    /// Names of the datasets in training.
    datasets: Vec<String>,
    /// From pixels to the network's input.
    #[schema(value_type = Object)]
    preprocess: Preprocess,
}

/// What verdicts are made with.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decision {
    /// Live if the score is above it; `"-inf"` accepts everything.
    #[schema(value_type = f64)]
    threshold: serde_json::Value,
    /// The rule that chose it.
    criterion: String,
    /// What it was chosen on.
    origin: String,
    /// Scores outside give no decision; null = not calibrated.
    support: Option<[f64; 2]>,
    /// Scores strictly between give no decision; null = no gap.
    gap: Option<[f64; 2]>,
    /// Scores strictly between were next to none in the model's dev set: many of them mean a camera
    /// unlike those of training. Null = its classes overlap, or it is not known.
    unfamiliar: Option<[f64; 2]>,
}

/// How sessions work.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionInfo {
    /// Seconds of a session.
    time_s: u64,
    /// Frames of a session.
    frames: u32,
}

/// What a browser needs to judge by itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct InBrowser {
    /// Path of the exported model.
    model: &'static str,
    /// Its size.
    bytes: usize,
    /// Its digest.
    sha256: String,
    /// Names of the files below `/assets/`.
    assets: Vec<String>,
    /// The exported face detector; null if it is not served: then the user frames the face.
    face: Option<FaceDetector>,
}

/// The face detector for browsers.
#[derive(Serialize, ToSchema)]
pub(crate) struct FaceDetector {
    /// Its path.
    model: &'static str,
    /// Its size.
    bytes: usize,
    /// Its digest.
    sha256: String,
}

/// What an image may cost.
#[derive(Serialize, ToSchema)]
pub(crate) struct Limits {
    /// Bytes of the file.
    bytes: u64,
    /// Width times height.
    pixels: u64,
    /// The longer side.
    side: u32,
    /// Media types that are read.
    types: [&'static str; 4],
}

impl Info {
    pub(crate) fn new(service: &Service, predictor: &Predictor) -> Self {
        let (config, card) = (&service.config, predictor.card());
        let full = config.answers == Answers::Full;
        let mut notes = Vec::new();
        if card.is_rendered_only() {
            notes.push("this model was trained on rendered faces only; it is not for real faces");
        }
        let in_browser = service
            .assets
            .onnx()
            .filter(|_| service.assets.has_folder());
        Self {
            service: "fasgard",
            version: env!("CARGO_PKG_VERSION"),
            api: API,
            model: ModelInfo::new(card),
            decision: full.then(|| Decision::new(predictor)),
            answers: config.answers,
            crop: config.crop,
            fuse: config.fuse.as_str(),
            keys: service.keys.are_needed(),
            sessions: config.sessions.then(|| SessionInfo {
                time_s: service.sessions.seconds(),
                frames: service.sessions.frames(),
            }),
            in_browser: in_browser.map(|file| InBrowser {
                model: "/model.onnx",
                bytes: file.bytes.len(),
                sha256: file.sha256.clone(),
                assets: service.assets.names(),
                face: service.assets.face_onnx().map(|file| FaceDetector {
                    model: "/face.onnx",
                    bytes: file.bytes.len(),
                    sha256: file.sha256.clone(),
                }),
            }),
            limits: Limits {
                bytes: config.max_bytes,
                pixels: config.max_pixels,
                side: config.max_side,
                types: TYPES,
            },
            notes,
        }
    }
}

impl ModelInfo {
    fn new(card: &ModelCard) -> Self {
        // Enums with names: they always serialise.
        let named = |value: Result<serde_json::Value, _>| value.unwrap_or_default();
        let data = &card.training.data;
        let mut species: Vec<String> = data.iter().flat_map(|d| d.species.clone()).collect();
        species.sort();
        species.dedup();
        let target = card.model.supervision.target;
        Self {
            name: card.name.clone(),
            weights_sha256: card.weights_sha256.clone(),
            fasgard: card.fasgard.clone(),
            licence: card.licence.clone(),
            rendered_only: card.is_rendered_only(),
            backbone: named(serde_json::to_value(card.model.backbone)),
            target: named(serde_json::to_value(target)),
            scales: card.model.supervision.scales.clone(),
            labels: ["attack", "live"],
            species,
            datasets: data.iter().map(|d| d.name.clone()).collect(),
            preprocess: card.preprocess.clone(),
        }
    }
}

impl Decision {
    fn new(predictor: &Predictor) -> Self {
        let threshold = predictor.threshold();
        let card = predictor.card();
        Self {
            threshold: answer::threshold(threshold.value),
            criterion: threshold.criterion.to_string(),
            origin: origin(threshold),
            support: card.support,
            gap: card.gap,
            unfamiliar: card.dev_scores.and_then(|dev| dev.between()),
        }
    }
}

/// Where a threshold came from, without the name of the file: that may be a path of the machine
/// that chose it.
fn origin(threshold: &Threshold) -> String {
    let from = &threshold.from;
    let set = match from.source {
        Source::Given => return "given by the operator".into(),
        Source::Dev => "chosen on the dev set",
        Source::Test => "chosen on the evaluated set itself",
    };
    let mut text = set.to_owned();
    if let Some(level) = from.level {
        text += &format!(", {level} level");
    }
    if let Some(fuse) = from.fuse {
        text += &format!(" by {fuse}");
    }
    text + &format!(", {} live and {} attack", from.live, from.attack)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_name_no_file() {
        let mut threshold = Threshold::given(0.5);
        assert_eq!(origin(&threshold), "given by the operator");
        threshold.from.source = Source::Dev;
        threshold.from.file = Some("/home/someone/scores.csv".into());
        (threshold.from.live, threshold.from.attack) = (3, 4);
        assert_eq!(
            origin(&threshold),
            "chosen on the dev set, 3 live and 4 attack"
        );
    }
}

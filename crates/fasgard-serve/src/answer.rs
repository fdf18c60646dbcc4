//! Answers as they are sent.

use fasgard_image::FaceBox;
use fasgard_model::SessionAnswer;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Answers, judge::Judged, sessions::Entry};

/// A square or box in pixels of the upright image; it may reach outside.
#[derive(Serialize, ToSchema)]
pub(crate) struct Place {
    /// Left edge.
    x: f32,
    /// Upper edge.
    y: f32,
    /// Width.
    w: f32,
    /// Height.
    h: f32,
}

/// The map of one scale.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScaleMap {
    /// Side in cells.
    side: usize,
    /// `side * side` numbers row by row, top down: in a mask the probability of live, in a depth
    /// map the relief (0 = background).
    values: Vec<f32>,
}

/// Size of the upright image in pixels.
#[derive(Serialize, ToSchema)]
pub(crate) struct Size {
    /// Width.
    width: u32,
    /// Height.
    height: u32,
}

/// Where the time went, in seconds.
#[derive(Serialize, ToSchema)]
pub(crate) struct Times {
    /// In the queue.
    queue_s: f64,
    /// Decoding.
    decode_s: f64,
    /// Looking for faces.
    detection_s: f64,
    /// Crop, resize and normalisation.
    crop_s: f64,
    /// The network; a batch's time shared evenly.
    network_s: f64,
}

/// The answer to one image. With `answers = "coarse"` only `request_id`, `verdict` and `reason` are
/// there; of a coarse frame of a session not even the verdict.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImageAnswer {
    /// The request, as in the log.
    request_id: String,
    /// The session, of a frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// Number of the frame in its session, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<u32>,
    /// `live`, `attack` or `no-decision`.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'static str>,
    /// Why there is no decision: `no-face`, `outside-support`, `in-gap`, `not-finite`, `no-frames`.
    reason: Option<&'static str>,
    /// What full answers say.
    #[serde(flatten)]
    full: Option<FullAnswer>,
}

/// What full answers say beside the verdict.
#[derive(Serialize, ToSchema)]
pub(crate) struct FullAnswer {
    /// Higher is more likely live, 0 to 1; null without a face.
    score: Option<f64>,
    /// The final logit where the score is its sigmoid.
    logit: Option<f64>,
    /// Whether the model's dev set had next to no scores like this one; null if it is not known.
    unfamiliar: Option<bool>,
    /// Live if the score is above it; `"-inf"` accepts everything.
    #[schema(value_type = f64)]
    threshold: serde_json::Value,
    /// One map a scale, largest first.
    maps: Vec<ScaleMap>,
    /// The face that was judged; null with `crop = "none"`.
    face: Option<Place>,
    /// Faces that were found; 0 with `crop = "none"`.
    faces: usize,
    /// What the network saw.
    region: Option<Place>,
    /// Size of the upright image.
    image: Size,
    /// Where the time went.
    timings: Times,
    /// What a reader must know.
    notes: Vec<String>,
}

/// The verdict of a session, which is used up by it. With `answers = "coarse"` without score and
/// threshold.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionVerdict {
    /// The request, as in the log.
    request_id: String,
    /// The session.
    session: String,
    /// Its nonce, so that the verdict belongs to a challenge.
    nonce: String,
    /// `live`, `attack` or `no-decision`.
    verdict: &'static str,
    /// Why there is no decision.
    reason: Option<&'static str>,
    /// The fused score of the frames that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<Option<f64>>,
    /// Live if the score is above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    threshold: Option<serde_json::Value>,
    /// How the scores were fused.
    fuse: &'static str,
    /// Frames that were judged.
    frames: usize,
    /// Frames with a score.
    scored: usize,
}

impl From<FaceBox> for Place {
    fn from(FaceBox { x, y, w, h }: FaceBox) -> Self {
        Self { x, y, w, h }
    }
}

/// A threshold in JSON, which has no infinity.
pub(crate) fn threshold(value: f64) -> serde_json::Value {
    match serde_json::Number::from_f64(value) {
        Some(number) => number.into(),
        None => if value < 0.0 { "-inf" } else { "inf" }.into(),
    }
}

/// Reasons that do not tell where the score lies: what coarse answers may say.
fn plain(reason: &'static str) -> Option<&'static str> {
    ["no-face", "no-frames"].contains(&reason).then_some(reason)
}

impl ImageAnswer {
    /// The answer to an image, or to a frame (number, session).
    pub(crate) fn new(
        request_id: &str,
        judged: Judged,
        threshold_value: f64,
        answers: Answers,
        frame: Option<(u32, &Entry)>,
    ) -> Self {
        let verdict = judged.answer.verdict.as_str();
        let reason = judged.answer.reason.map(|reason| reason.as_str());
        let (verdict, reason, full) = match answers {
            Answers::Full => {
                let full = FullAnswer::new(judged, threshold_value);
                (Some(verdict), reason, Some(full))
            }
            Answers::Coarse => {
                let verdict = frame.is_none().then_some(verdict);
                (verdict, reason.and_then(plain), None)
            }
        };
        Self {
            request_id: request_id.to_owned(),
            session: frame.map(|(_, entry)| entry.id.clone()),
            frame: frame.map(|(number, _)| number),
            verdict,
            reason,
            full,
        }
    }
}

impl FullAnswer {
    fn new(judged: Judged, threshold_value: f64) -> Self {
        let answer = judged.answer;
        let mut notes = Vec::new();
        if answer.faces > 1 {
            notes.push(format!("{} faces were found; one was judged", answer.faces));
        }
        if answer.unfamiliar == Some(true) {
            notes.push("the model's dev set had next to no scores like this one; if there are many, this camera is unlike those of training".into());
        }
        let maps = answer.maps.into_iter().map(|map| ScaleMap {
            side: map.side,
            values: map.values,
        });
        Self {
            score: answer.score,
            logit: answer.logit.filter(|logit| logit.is_finite()),
            unfamiliar: answer.unfamiliar,
            threshold: threshold(threshold_value),
            maps: maps.collect(),
            face: answer.face.map(Place::from),
            faces: answer.faces,
            region: answer.region.map(Place::from),
            image: Size {
                width: judged.width,
                height: judged.height,
            },
            timings: Times {
                queue_s: judged.queue_s,
                decode_s: judged.decode_s,
                detection_s: answer.timings.detection_s,
                crop_s: answer.timings.crop_s,
                network_s: answer.timings.network_s,
            },
            notes,
        }
    }
}

impl SessionVerdict {
    pub(crate) fn new(
        request_id: &str,
        entry: &Entry,
        answer: &SessionAnswer,
        threshold_value: f64,
        answers: Answers,
    ) -> Self {
        let reason = answer.reason.map(|reason| reason.as_str());
        let full = answers == Answers::Full;
        Self {
            request_id: request_id.to_owned(),
            session: entry.id.clone(),
            nonce: entry.nonce.clone(),
            verdict: answer.verdict.as_str(),
            reason: if full { reason } else { reason.and_then(plain) },
            score: full.then_some(answer.score),
            threshold: full.then(|| threshold(threshold_value)),
            fuse: answer.fuse.as_str(),
            frames: answer.frames,
            scored: answer.scored,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use fasgard_model::{FrameAnswer, MapLevel, NoDecision, Timings, Verdict};

    use super::*;

    /// An answer with this score.
    pub(crate) fn frame(score: f64) -> FrameAnswer {
        FrameAnswer {
            verdict: Verdict::NoDecision,
            reason: Some(NoDecision::InGap),
            score: Some(score),
            logit: Some(f64::INFINITY),
            unfamiliar: Some(true),
            maps: vec![MapLevel {
                side: 1,
                values: vec![0.5],
            }],
            face: None,
            faces: 2,
            region: None,
            timings: Timings::default(),
        }
    }

    #[test]
    fn coarse_answers_tell_nothing_of_the_score() {
        let judged = Judged {
            answer: frame(0.25),
            width: 4,
            height: 3,
            queue_s: 0.0,
            decode_s: 0.0,
        };
        let json = |answers| {
            let answer = ImageAnswer::new("id", judged.clone(), f64::NEG_INFINITY, answers, None);
            serde_json::to_value(answer).unwrap()
        };
        let full = json(Answers::Full);
        assert_eq!(
            (&full["score"], &full["threshold"]),
            (&0.25.into(), &"-inf".into())
        );
        assert_eq!(
            (&full["reason"], &full["image"]["width"]),
            (&"in-gap".into(), &4.into())
        );
        assert!(full["logit"].is_null() && full["notes"][0].as_str().unwrap().contains("2 faces"));
        assert_eq!(full["unfamiliar"], true);
        assert!(
            full["notes"][1]
                .as_str()
                .unwrap()
                .contains("unlike those of training")
        );
        let coarse = json(Answers::Coarse);
        let expected = serde_json::json!({
            "request_id": "id", "verdict": "no-decision", "reason": null
        });
        assert_eq!(coarse, expected);
        assert_eq!(
            (plain("no-face"), plain("outside-support")),
            (Some("no-face"), None)
        );
    }
}

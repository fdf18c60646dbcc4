//! What a prediction says of one frame or one session.

use fasgard_image::FaceBox;
use fasgard_metrics::Fuse;
use serde::Serialize;

use super::{NoDecision, Verdict};

/// The map of one scale.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MapLevel {
    /// Side of the map in cells.
    pub side: usize,
    /// Row by row, top down: the probability of live in a mask, 0 to 1; in a depth map the relief,
    /// 0 (background) and up.
    pub values: Vec<f32>,
}

/// Seconds spent on one frame. A batch's network time is shared evenly among its frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Timings {
    /// Looking for faces; 0 if none were looked for.
    pub detection_s: f64,
    /// Crop, resize and normalisation.
    pub crop_s: f64,
    /// The network.
    pub network_s: f64,
}

/// The answer to one frame.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FrameAnswer {
    /// Live, attack or no decision.
    pub verdict: Verdict,
    /// Why there is no decision; none if there is one.
    pub reason: Option<NoDecision>,
    /// Higher is more likely live, 0 to 1; none without a face.
    pub score: Option<f64>,
    /// The final logit where the score is its sigmoid.
    pub logit: Option<f64>,
    /// Whether the dev set had next to no scores like this: it lies
    /// [between](crate::DevScores::is_between) its classes. None if the model file does not know, or
    /// without a score.
    pub unfamiliar: Option<bool>,
    /// One map per scale, largest first; empty for a model without maps.
    pub maps: Vec<MapLevel>,
    /// The face that was judged, in pixels of the image; none if no face was looked for.
    pub face: Option<FaceBox>,
    /// Faces that were found; 0 if none were looked for.
    pub faces: usize,
    /// What the network saw, in pixels of the image; it may reach outside, where it is black.
    pub region: Option<FaceBox>,
    /// Where the time went.
    pub timings: Timings,
}

/// The answer to the frames of one session, such as a video.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SessionAnswer {
    /// Live, attack or no decision.
    pub verdict: Verdict,
    /// Why there is no decision; none if there is one.
    pub reason: Option<NoDecision>,
    /// The fused score of the frames that have one.
    pub score: Option<f64>,
    /// How it was fused.
    pub fuse: Fuse,
    /// Frames seen.
    pub frames: usize,
    /// Frames with a score.
    pub scored: usize,
}

impl FrameAnswer {
    /// The answer to a frame without a face.
    pub(super) fn without_face(timings: Timings) -> Self {
        Self {
            verdict: Verdict::NoDecision,
            reason: Some(NoDecision::NoFace),
            score: None,
            logit: None,
            unfamiliar: None,
            maps: Vec::new(),
            face: None,
            faces: 0,
            region: None,
            timings,
        }
    }
}

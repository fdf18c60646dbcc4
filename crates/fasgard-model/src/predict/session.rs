//! Frames of one presentation, fused by a stated rule.

use fasgard_image::{FaceBox, RgbImage};
use fasgard_metrics::Fuse;

use super::{FrameAnswer, NoDecision, Predictor, SessionAnswer, Verdict};

/// The frames of one presentation so far. The face is followed from frame to frame: where there are
/// several, it is the largest near the previous one.
#[derive(Clone, Debug)]
pub struct Session {
    fuse: Fuse,
    previous: Option<FaceBox>,
    frames: usize,
    scores: Vec<f64>,
}

impl Session {
    /// A session without frames. [`Fuse::Peak`] keeps a short attack from being diluted by the
    /// frames around it; [`Fuse::Mean`] is what most published figures use.
    pub fn new(fuse: Fuse) -> Self {
        Self {
            fuse,
            previous: None,
            frames: 0,
            scores: Vec::new(),
        }
    }

    /// Judges the next frame and keeps its score.
    pub fn push(&mut self, predictor: &Predictor, image: &RgbImage) -> FrameAnswer {
        let answer = predictor.image(image, self.previous);
        self.add(&answer);
        answer
    }

    /// Where the face was last, for the next frame; none before the first face.
    pub fn previous(&self) -> Option<FaceBox> {
        self.previous
    }

    /// Keeps the answer to the next frame, where [`Predictor::frames`] judged it with
    /// [`previous`](Self::previous) among frames of others.
    pub fn add(&mut self, answer: &FrameAnswer) {
        self.previous = answer.face.or(self.previous);
        self.frames += 1;
        // A frame outside the support still counts: leaving it out would let one choose frames.
        self.scores.extend(answer.score);
    }

    /// The answer to all frames so far, with the predictor's threshold and support.
    pub fn answer(&self, predictor: &Predictor) -> SessionAnswer {
        let score = self.fuse.fuse(&mut self.scores.clone());
        let (verdict, reason) = match score {
            Some(score) => predictor.decide(score),
            None => (Verdict::NoDecision, Some(NoDecision::NoFrames)),
        };
        SessionAnswer {
            verdict,
            reason,
            score,
            fuse: self.fuse,
            frames: self.frames,
            scored: self.scores.len(),
        }
    }
}

//! The answer to one file, for people and for programs.

use std::path::Path;

use fasgard_image::FaceBox;
use fasgard_metrics::Fuse;
use fasgard_model::{FrameAnswer, MapLevel, Predictor, SessionAnswer, Timings, Verdict};
use fasgard_nn::Target;
use serde::Serialize;

/// The answer to one file. Keys without a value are left out of no object: they are null.
#[derive(Debug, Serialize)]
pub(in crate::commands) struct FileAnswer {
    file: String,
    pub(super) verdict: Verdict,
    /// Why there is no decision: a [`NoDecision`](fasgard_model::NoDecision) or `unreadable`.
    reason: Option<String>,
    score: Option<f64>,
    logit: Option<f64>,
    /// Whether the model's dev set had next to no scores like this; null if it is not known.
    unfamiliar: Option<bool>,
    threshold: f64,
    maps: Vec<MapLevel>,
    face: Option<FaceBox>,
    faces: usize,
    region: Option<FaceBox>,
    /// Of a video: how its frames were fused, and each of them.
    fuse: Option<Fuse>,
    frames: Vec<VideoFrame>,
    timings: Option<Timings>,
    /// What a reader must know: why a file could not be read, which of several faces was judged.
    pub(super) notes: Vec<String>,
}

/// One frame of a video.
#[derive(Debug, Serialize)]
pub(super) struct VideoFrame {
    pub(super) frame: u64,
    #[serde(flatten)]
    pub(super) answer: FrameAnswer,
}

impl FileAnswer {
    fn new(path: &Path, predictor: &Predictor) -> Self {
        Self {
            file: path.to_string_lossy().into_owned(),
            verdict: Verdict::NoDecision,
            reason: None,
            score: None,
            logit: None,
            unfamiliar: None,
            threshold: predictor.threshold().value,
            maps: Vec::new(),
            face: None,
            faces: 0,
            region: None,
            fuse: None,
            frames: Vec::new(),
            timings: None,
            notes: Vec::new(),
        }
    }

    /// A file that could not be read.
    pub(super) fn unreadable(path: &Path, predictor: &Predictor, error: &str) -> Self {
        Self {
            reason: Some("unreadable".into()),
            notes: vec![error.to_owned()],
            ..Self::new(path, predictor)
        }
    }

    /// An image.
    pub(super) fn image(path: &Path, predictor: &Predictor, answer: FrameAnswer) -> Self {
        Self {
            verdict: answer.verdict,
            reason: answer.reason.map(|r| r.to_string()),
            score: answer.score,
            logit: answer.logit,
            unfamiliar: answer.unfamiliar,
            face: answer.face,
            faces: answer.faces,
            region: answer.region,
            timings: Some(answer.timings),
            notes: notes(predictor, &answer),
            maps: answer.maps,
            ..Self::new(path, predictor)
        }
    }

    /// A video: the session's answer and its frames; `problem` is what went wrong on the way.
    pub(super) fn video(
        path: &Path,
        predictor: &Predictor,
        answer: &SessionAnswer,
        frames: Vec<VideoFrame>,
        problem: Option<String>,
    ) -> Self {
        let mut notes = vec![format!(
            "{} of {} frames have a score, fused by {}",
            answer.scored,
            answer.frames,
            answer.fuse.as_str()
        )];
        notes.extend(problem);
        Self {
            verdict: answer.verdict,
            reason: answer.reason.map(|r| r.to_string()),
            score: answer.score,
            unfamiliar: answer.score.and_then(|s| predictor.is_unfamiliar(s)),
            fuse: Some(answer.fuse),
            faces: frames.iter().map(|f| f.answer.faces).max().unwrap_or(0),
            frames,
            notes,
            ..Self::new(path, predictor)
        }
    }

    /// The scores of the image or of the video's frames.
    pub(in crate::commands) fn frame_scores(&self) -> impl Iterator<Item = f64> {
        let frames = self.frames.iter().filter_map(|f| f.answer.score);
        let image = self.score.filter(|_| self.frames.is_empty());
        frames.chain(image)
    }

    /// How many frames have a score, and how many of them one that dev hardly had.
    pub(super) fn unfamiliar_frames(&self) -> [usize; 2] {
        let image = self.unfamiliar.filter(|_| self.frames.is_empty());
        let frames = self.frames.iter().map(|f| f.answer.unfamiliar);
        let known = frames.chain([image]).flatten();
        known.fold([0, 0], |[all, odd], unfamiliar| {
            [all + 1, odd + usize::from(unfamiliar)]
        })
    }

    /// Whether the file could not be read at all.
    pub(in crate::commands) fn is_unreadable(&self) -> bool {
        self.reason.as_deref() == Some("unreadable")
    }

    /// One line for people; names take `width` columns.
    pub(super) fn line(&self, width: usize) -> String {
        let score = self.score.map_or("-".to_owned(), |s| format!("{s:.4}"));
        let said: Vec<&str> = self
            .reason
            .iter()
            .chain(&self.notes)
            .map(String::as_str)
            .collect();
        let line = format!(
            "{:width$}  {:11}  {score:>7}  {}",
            self.file,
            self.verdict,
            said.join("; ")
        );
        format!("{}\n", line.trim_end())
    }

    /// Columns that the name takes.
    pub(super) fn name_width(&self) -> usize {
        self.file.chars().count()
    }
}

/// What must be known of an image's answer.
fn notes(predictor: &Predictor, answer: &FrameAnswer) -> Vec<String> {
    let mut notes = Vec::new();
    if answer.unfamiliar == Some(true) {
        notes.push("dev had next to no scores like this".into());
    }
    if answer.faces > 1 {
        notes.push(format!("{} faces, the largest was judged", answer.faces));
    }
    if predictor.card().model.supervision.target == Target::Mask
        && let Some(mean) = map_mean(&answer.maps)
    {
        let split = match answer.verdict {
            Verdict::Live => mean < 0.5,
            Verdict::Attack => mean > 0.5,
            Verdict::NoDecision => false,
        };
        if split {
            notes.push(format!(
                "the maps say otherwise: their mean is {mean:.2}, look at them"
            ));
        }
    }
    let size = predictor.card().preprocess.size;
    if let Some(region) = answer.region
        && region.w * 2.0 < size as f32
    {
        notes.push(format!(
            "{:.0} pixels across where the model takes {size}: too small to trust",
            region.w
        ));
    }
    notes
}

/// Mean over scales of the mean of the map; none without maps.
fn map_mean(maps: &[MapLevel]) -> Option<f64> {
    let means = maps.iter().map(|map| {
        map.values.iter().map(|&v| f64::from(v)).sum::<f64>() / map.values.len().max(1) as f64
    });
    (!maps.is_empty()).then(|| means.sum::<f64>() / maps.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scale_counts_alike() {
        let map = |values: &[f32]| MapLevel {
            side: 1,
            values: values.to_vec(),
        };
        assert_eq!(map_mean(&[]), None);
        let maps = [map(&[1.0, 0.0, 0.0, 1.0]), map(&[1.0])];
        assert_eq!(map_mean(&maps), Some(0.75));
    }
}

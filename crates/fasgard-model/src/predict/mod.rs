//! From an image to a verdict.
//!
//! ```no_run
//! use fasgard_image::{DecodeLimits, decode};
//! use fasgard_model::{Predictor, PredictorOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let predictor = Predictor::open("model.safetensors", &PredictorOptions::default())?;
//! let photo = decode("photo.jpg", &DecodeLimits::default(), true)?;
//! let answer = predictor.image(&photo, None);
//! println!("{} {:?}", answer.verdict, answer.score);
//! # Ok(())
//! # }
//! ```

mod answer;
mod session;
mod verdict;

use std::{path::Path, time::Instant};

use burn::tensor::{Device, Tensor, TensorData};
use fasgard_face::{Detection, Detector as FaceDetector, Weights, choose};
use fasgard_image::{FaceBox, RgbImage};
use fasgard_metrics::Threshold;
use fasgard_nn::InferenceDetector;

pub use answer::{FrameAnswer, MapLevel, SessionAnswer, Timings};
pub use session::Session;
pub use verdict::{NoDecision, Verdict};

use crate::{ModelCard, ModelError, ModelFile};

/// Images that go through the network together.
const BATCH: usize = 16;

/// Where the face is in an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CropSource {
    /// The face detector finds it; needs the auxiliary weights (`fasgard models install`).
    #[default]
    Auto,
    /// Every image is a face crop already: its largest centred square is what the network sees.
    None,
}

/// How a predictor works.
#[derive(Clone, Debug, Default)]
pub struct PredictorOptions {
    /// Where the face is.
    pub crop: CropSource,
    /// A threshold instead of the model file's first one.
    pub threshold: Option<f64>,
}

/// A detector with its whole contract: preprocessing, threshold, support. One serves many threads;
/// there is no state besides it.
pub struct Predictor {
    card: ModelCard,
    detector: InferenceDetector,
    faces: Option<FaceDetector>,
    threshold: Threshold,
    device: Device,
}

/// A frame ready for the network.
struct Ready {
    input: Vec<f32>,
    face: Option<FaceBox>,
    faces: usize,
    region: FaceBox,
}

impl Predictor {
    /// Opens a model file for prediction on the CPU.
    ///
    /// # Errors
    /// The file cannot be used, the face weights are missing (with [`CropSource::Auto`]), or there
    /// is no threshold or one that is no number.
    pub fn open(path: impl AsRef<Path>, options: &PredictorOptions) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let file = ModelFile::read(path)?;
        Self::new(&file, path, options, &Device::flex())
    }

    /// A predictor of a model file that was read already; `path` is for messages.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn new(
        file: &ModelFile,
        path: &Path,
        options: &PredictorOptions,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let wrong = |reason: String| ModelError::new(path, reason);
        let threshold = match (options.threshold, file.card.thresholds.first()) {
            (Some(value), _) if value.is_nan() => {
                return Err(wrong("the threshold: expected a number, found NaN".into()));
            }
            (Some(value), _) => Threshold::given(value),
            (None, Some(threshold)) => threshold.clone(),
            (None, None) => {
                return Err(wrong(
                    "expected a threshold in the model file, found none, and there is no default verdict; give one (--threshold), or set one (fasgard calibrate)".into(),
                ));
            }
        };
        let faces = match options.crop {
            CropSource::None => None,
            CropSource::Auto => {
                let weights = Weights::find().map_err(|e| wrong(e.to_string()))?;
                Some(FaceDetector::new(&weights).map_err(|e| wrong(e.to_string()))?)
            }
        };
        Ok(Self {
            detector: file.detector(path, device)?.prepare(),
            card: file.card.clone(),
            faces,
            threshold,
            device: device.clone(),
        })
    }

    /// The model's card.
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// The threshold that verdicts are made with.
    pub fn threshold(&self) -> &Threshold {
        &self.threshold
    }

    /// Whether the dev set had next to no scores like this one; none if the model file does not know.
    /// A camera that gives many of them is unlike those of training.
    pub fn is_unfamiliar(&self, score: f64) -> Option<bool> {
        let dev = self.card.dev_scores?;
        score.is_finite().then(|| dev.is_between(score))
    }

    /// The verdict of a score, and why there is none.
    pub fn decide(&self, score: f64) -> (Verdict, Option<NoDecision>) {
        if !score.is_finite() {
            return (Verdict::NoDecision, Some(NoDecision::NotFinite));
        }
        if let Some([low, high]) = self.card.support
            && !(low..=high).contains(&score)
        {
            return (Verdict::NoDecision, Some(NoDecision::OutsideSupport));
        }
        if let Some([low, high]) = self.card.gap
            && low < score
            && score < high
        {
            return (Verdict::NoDecision, Some(NoDecision::InGap));
        }
        match self.threshold.accepts(score) {
            true => (Verdict::Live, None),
            false => (Verdict::Attack, None),
        }
    }

    /// Judges one image. `previous` is where the face was in the frame before: of several faces the
    /// largest near it is judged, without it the largest of all.
    pub fn image(&self, image: &RgbImage, previous: Option<FaceBox>) -> FrameAnswer {
        let mut answers = self.frames(&[(image, previous)]);
        answers
            .pop()
            .unwrap_or_else(|| FrameAnswer::without_face(Timings::default()))
    }

    /// Judges unrelated images, in batches; one answer an image, in their order.
    pub fn images(&self, images: &[RgbImage]) -> Vec<FrameAnswer> {
        images
            .chunks(BATCH)
            .flat_map(|chunk| self.frames(&chunk.iter().map(|i| (i, None)).collect::<Vec<_>>()))
            .collect()
    }

    /// Judges images in one pass of the network over those that have a face, each with where its
    /// face was in the frame before, as [`image`](Self::image) does; one answer an image, in their
    /// order. Memory grows with their number: callers bound it.
    pub fn frames(&self, images: &[(&RgbImage, Option<FaceBox>)]) -> Vec<FrameAnswer> {
        let prepared: Vec<(Option<Ready>, Timings)> = images
            .iter()
            .map(|&(image, previous)| self.ready(image, previous))
            .collect();
        let count = prepared.iter().filter(|(ready, _)| ready.is_some()).count();
        let mut input = Vec::with_capacity(count * self.card.preprocess.input_len());
        for ready in prepared.iter().filter_map(|(ready, _)| ready.as_ref()) {
            input.extend_from_slice(&ready.input);
        }
        let begin = Instant::now();
        let mut scores = None;
        if count > 0 {
            let size = self.card.preprocess.size as usize;
            let batch = TensorData::new(input, [count, 3, size, size]);
            let prediction = self
                .detector
                .forward(Tensor::from_data(batch, &self.device));
            scores = Some(prediction.scores(&self.card.model));
        }
        let network_s = begin.elapsed().as_secs_f64() / count.max(1) as f64;
        let mut index = 0;
        let mut answers = Vec::with_capacity(images.len());
        for (ready, mut timings) in prepared {
            let (Some(ready), Some(scores)) = (ready, &scores) else {
                answers.push(FrameAnswer::without_face(timings));
                continue;
            };
            timings.network_s = network_s;
            let score = scores.scores[index];
            let (verdict, reason) = self.decide(score);
            let sides = &self.card.model.supervision.scales;
            let maps = sides.iter().zip(&scores.maps).map(|(&side, values)| {
                let cells = side * side;
                let values = values[index * cells..(index + 1) * cells].to_vec();
                MapLevel { side, values }
            });
            answers.push(FrameAnswer {
                verdict,
                reason,
                score: Some(score).filter(|s| s.is_finite()),
                logit: scores.logits.as_ref().map(|l| l[index]),
                unfamiliar: self.is_unfamiliar(score),
                maps: maps.collect(),
                face: ready.face,
                faces: ready.faces,
                region: Some(ready.region),
                timings,
            });
            index += 1;
        }
        answers
    }

    /// Finds the face and makes the network's input of it.
    fn ready(&self, image: &RgbImage, previous: Option<FaceBox>) -> (Option<Ready>, Timings) {
        let mut timings = Timings::default();
        let (width, height) = image.dimensions();
        if width == 0 || height == 0 {
            return (None, timings);
        }
        let begin = Instant::now();
        let found: Option<Vec<Detection>> = self.faces.as_ref().map(|faces| faces.detect(image));
        if found.is_some() {
            timings.detection_s = begin.elapsed().as_secs_f64();
        }
        let face = match &found {
            None => None,
            Some(found) => match choose(found, previous) {
                None => return (None, timings),
                Some(chosen) => Some(chosen.face),
            },
        };
        let begin = Instant::now();
        let preprocess = &self.card.preprocess;
        let ready = Ready {
            input: preprocess.apply(image, face),
            face,
            faces: found.map_or(0, |f| f.len()),
            region: preprocess.crop_region(face, width, height),
        };
        timings.crop_s = begin.elapsed().as_secs_f64();
        (Some(ready), timings)
    }
}

impl std::fmt::Debug for Predictor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Predictor")
            .field("name", &self.card.name)
            .field("threshold", &self.threshold)
            .field("faces", &self.faces.is_some())
            .finish_non_exhaustive()
    }
}

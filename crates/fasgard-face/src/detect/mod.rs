//! Faces and six of their points, by BlazeFace (front camera).
//!
//! Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019), with
//! the published weights; sizes, anchors and thresholds as in MediaPipe.

mod anchors;
mod suppress;

use fasgard_image::{Eyes, FaceBox, Interpolation, RgbImage, crop};

use crate::tflite::{Network, TfliteError};
use crate::weights::{Weights, WeightsError};
pub use anchors::anchors;
use suppress::{Candidate, suppress};

/// Side of the network's input.
const SIDE: u16 = 128;
/// Faces below this score are not reported.
const THRESHOLD: f32 = 0.5;
/// Canvas sizes tried in turn, in longer sides of the image: a face that fills the image is found
/// only with some room around it.
const CANVASES: [f32; 3] = [1.0, 1.5, 2.0];

/// From an image to the network's input, and from its outputs to faces: what another program must do
/// that runs the same network.
pub const CONTRACT: Contract = Contract {
    side: SIDE,
    threshold: THRESHOLD,
    overlap: suppress::OVERLAP,
    canvases: CANVASES,
    grids: anchors::GRIDS,
};

/// See [`CONTRACT`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contract {
    /// Side of the input; pixels are `value / 127.5 - 1`, resized bilinearly.
    pub side: u16,
    /// A face has a score (the logit's sigmoid) above this.
    pub threshold: f32,
    /// Boxes with more of this in common (intersection over union) are of one face.
    pub overlap: f32,
    /// Sides of the square about the image's centre that are tried in turn until there is a face, in
    /// longer sides of the image.
    pub canvases: [f32; 3],
    /// Where the anchors are, in the order of the outputs: cells along each side, and anchors in the
    /// middle of every cell.
    pub grids: [(u16, usize); 2],
}

/// A face that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// The face from the brows to the chin, in pixels of the image; it may reach outside.
    pub face: FaceBox,
    /// How sure the network is, 0.5 to 1.
    pub score: f32,
    /// `[x, y]` in pixels of the image: the subject's right eye, left eye, nose tip, mouth centre,
    /// right ear, left ear.
    pub keypoints: [[f32; 2]; 6],
}

impl Detection {
    /// The eyes.
    pub fn eyes(&self) -> Eyes {
        Eyes {
            right: self.keypoints[0],
            left: self.keypoints[1],
        }
    }
}

/// The detector. One serves many threads.
pub struct Detector {
    network: Network,
    anchors: Vec<[f32; 2]>,
    boxes: usize,
    scores: usize,
}

impl Detector {
    /// The detector with these weights.
    ///
    /// # Errors
    /// [`WeightsError::Network`] if they are not such a network.
    pub fn new(weights: &Weights) -> Result<Self, WeightsError> {
        let failed = |source| WeightsError::Network {
            what: "the face detector",
            source,
        };
        let network = Network::read(weights.detector()).map_err(failed)?;
        let anchors = anchors();
        let side = usize::from(SIDE);
        let find = |values: usize| {
            let shape = [1, anchors.len(), values];
            network.output_shapes().position(|found| found == shape)
        };
        let (Some(boxes), Some(scores), true) = (
            find(16),
            find(1),
            network.input_shape() == [1, side, side, 3],
        ) else {
            return Err(failed(TfliteError::Ends {
                what: "inputs and outputs are not those of the detector",
            }));
        };
        Ok(Self {
            network,
            boxes,
            scores,
            anchors,
        })
    }

    /// The faces in `image`, best score first; none if there are none. If nothing is found in the
    /// image as it is, it is tried again on a black canvas of 1.5 and of 2 times its longer side.
    pub fn detect(&self, image: &RgbImage) -> Vec<Detection> {
        let whole = FaceBox::whole(image.width(), image.height());
        if !whole.is_valid() {
            return Vec::new();
        }
        for canvas in CANVASES {
            let found = self.detect_on(image, whole.square(canvas));
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// The faces in the square `canvas` of the image.
    fn detect_on(&self, image: &RgbImage, canvas: FaceBox) -> Vec<Detection> {
        let pixels = crop(
            image,
            canvas,
            u32::from(SIDE),
            Interpolation::Bilinear,
            false,
        );
        let input = pixels.iter().map(|v| level(*v)).collect();
        // The sizes were checked when the network was read.
        let Ok(outputs) = self.network.run(input) else {
            return Vec::new();
        };
        faces_at(
            &self.anchors,
            &outputs[self.boxes],
            &outputs[self.scores],
            canvas,
        )
    }

    /// Raw outputs of the network for an input `[128, 128, 3]` of -1 to 1: boxes `[896, 16]` and
    /// logits `[896]`.
    ///
    /// # Errors
    /// [`TfliteError::Input`] if the input has another length.
    pub fn raw(&self, input: Vec<f32>) -> Result<(Vec<f32>, Vec<f32>), TfliteError> {
        let mut outputs = self.network.run(input)?;
        let boxes = std::mem::take(&mut outputs[self.boxes]);
        Ok((boxes, std::mem::take(&mut outputs[self.scores])))
    }
}

/// The network's input for a pixel's value: -1 to 1.
pub fn level(value: u8) -> f32 {
    f32::from(value) / 127.5 - 1.0
}

/// The faces that raw outputs (boxes `[896, 16]`, logits `[896]`: [`Detector::raw`]) say, best score
/// first, in pixels of the image that `canvas` lies in.
pub fn faces(boxes: &[f32], logits: &[f32], canvas: FaceBox) -> Vec<Detection> {
    faces_at(&anchors(), boxes, logits, canvas)
}

fn faces_at(
    anchors: &[[f32; 2]],
    boxes: &[f32],
    logits: &[f32],
    canvas: FaceBox,
) -> Vec<Detection> {
    let place = |x: f32, y: f32| [canvas.x + x * canvas.w, canvas.y + y * canvas.h];
    suppress(decode(boxes, logits, anchors))
        .into_iter()
        .map(|Candidate { values, score }| {
            let [x, y] = place(values[0], values[1]);
            Detection {
                face: FaceBox {
                    x,
                    y,
                    w: (values[2] - values[0]) * canvas.w,
                    h: (values[3] - values[1]) * canvas.h,
                },
                score,
                keypoints: [0, 1, 2, 3, 4, 5].map(|i| place(values[4 + 2 * i], values[5 + 2 * i])),
            }
        })
        .collect()
}

/// Candidates above the threshold, in parts of the canvas.
fn decode(boxes: &[f32], logits: &[f32], anchors: &[[f32; 2]]) -> Vec<Candidate> {
    let side = f32::from(SIDE);
    let mut candidates = Vec::new();
    for ((raw, logit), anchor) in boxes.as_chunks::<16>().0.iter().zip(logits).zip(anchors) {
        let score = 1.0 / (1.0 + (-logit).exp());
        let mut values = raw.map(|v| v / side);
        let [w, h] = [values[2], values[3]];
        // Not only below: NaN scores and sizes are no faces either.
        if !(score > THRESHOLD && w > 0.0 && h > 0.0) || raw.iter().any(|v| !v.is_finite()) {
            continue;
        }
        for pair in values.as_chunks_mut::<2>().0 {
            pair[0] += anchor[0];
            pair[1] += anchor[1];
        }
        let [x, y] = [values[0], values[1]];
        values[..4].copy_from_slice(&[x - w / 2.0, y - h / 2.0, x + w / 2.0, y + h / 2.0]);
        candidates.push(Candidate { values, score });
    }
    candidates
}

/// The face to follow. Without `previous` the largest by area; with it, the largest of those whose
/// centre lies within one previous box size (the longer side) of the previous centre, and the nearest
/// if none does. Ties go to the better score. None only if `detections` is empty.
pub fn choose(detections: &[Detection], previous: Option<FaceBox>) -> Option<&Detection> {
    let distance = |d: &Detection, from: FaceBox| {
        let [x, a] = [d.face, from].map(|b| b.x + b.w / 2.0);
        let [y, b] = [d.face, from].map(|b| b.y + b.h / 2.0);
        (x - a).hypot(y - b)
    };
    let near = |d: &&Detection| previous.is_none_or(|from| distance(d, from) <= from.w.max(from.h));
    // The last of equals is taken, so the order is turned: the first has the better score.
    let area = |d: &Detection| d.face.w * d.face.h;
    let largest = detections.iter().rev().filter(near);
    let largest = largest.max_by(|a, b| area(a).total_cmp(&area(b)));
    largest.or_else(|| {
        let from = previous?;
        let by = |a: &&Detection, b: &&Detection| distance(a, from).total_cmp(&distance(b, from));
        detections.iter().min_by(by)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: f32, y: f32, size: f32, score: f32) -> Detection {
        Detection {
            face: FaceBox {
                x,
                y,
                w: size,
                h: size,
            },
            score,
            keypoints: [[0.0; 2]; 6],
        }
    }

    #[test]
    fn a_box_is_decoded_by_hand() {
        let mut raw = [0.0; 16];
        raw[..6].copy_from_slice(&[12.8, -6.4, 64.0, 32.0, 6.4, 0.0]);
        let boxes = [raw, raw, [f32::NAN; 16]].concat();
        let found = decode(&boxes, &[3.0, -0.1, 9.0], &[[0.5, 0.25]; 3]);
        assert_eq!(found.len(), 1);
        let expected = [0.35, 0.075, 0.85, 0.325, 0.55, 0.25, 0.5, 0.25];
        for (a, b) in found[0].values.iter().zip(expected) {
            assert!((a - b).abs() < 1e-6, "{:?}", found[0].values);
        }
        assert!((found[0].score - 0.952_574).abs() < 1e-5);
    }

    #[test]
    fn the_largest_near_the_previous_one_is_chosen() {
        assert!(choose(&[], None).is_none());
        let all = [
            face(0.0, 0.0, 10.0, 0.9),
            face(100.0, 0.0, 30.0, 0.8),
            face(4.0, 0.0, 12.0, 0.7),
        ];
        assert_eq!(choose(&all, None), Some(&all[1]));
        let previous = Some(all[0].face);
        assert_eq!(choose(&all, previous), Some(&all[2]));
        let far = Some(face(300.0, 0.0, 5.0, 0.0).face);
        assert_eq!(choose(&all, far), Some(&all[1]));
    }
}

//! What a photograph is taken of.

use crate::frame::Frame;
use crate::recapture::Source;
use crate::recapture::placement::Placement;

/// What is before the camera; lengths and places in pixels of the rendered frame.
pub(crate) struct Seen {
    pub(crate) frame: Frame,
    /// 1 where no artefact is seen.
    pub(crate) live: Vec<f32>,
    pub(crate) depth: Vec<f32>,
    pub(crate) face: [f32; 4],
    pub(crate) eyes: [[f32; 2]; 2],
}

impl Seen {
    /// `source` held before the camera as `placement` says: nothing in the square frame is live.
    pub(crate) fn held(frame: Frame, placement: &Placement, source: &Source) -> Self {
        let side = frame.width;
        let centre: [f32; 2] = std::array::from_fn(|k| (source.face[k] + source.face[k + 2]) / 2.0);
        let pixel = |p: f32| (p + 0.5) * side as f32;
        Self {
            frame,
            live: vec![0.0; side * side],
            depth: vec![0.0; side * side],
            face: placement.bounds(source.face).map(pixel),
            eyes: source.eyes.map(|e| {
                placement
                    .frame([e[0] - centre[0], e[1] - centre[1]])
                    .map(pixel)
            }),
        }
    }
}

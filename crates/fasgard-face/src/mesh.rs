//! The 468-point face mesh.
//!
//! Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs" (2019),
//! with the published weights.

use fasgard_image::{RgbImage, RotatedSquare, rotated_crop};

use crate::detect::Detection;
use crate::tflite::{Network, TfliteError};
use crate::weights::{Weights, WeightsError};

/// Points of the mesh.
pub const POINTS: usize = 468;
/// Side of the network's input.
const SIDE: u16 = 192;
/// Side of the square that the network sees, in longer sides of the detected box.
const SCALE: f32 = 1.5;

/// A face's surface.
#[derive(Clone, Debug, PartialEq)]
pub struct Mesh {
    /// 468 points `[x, y, z]` in the order of MediaPipe's canonical face: x, y in pixels of the
    /// image, z in the same unit, smaller is nearer to the camera.
    pub points: Vec<[f32; 3]>,
    /// How sure the network is that there is a face, 0 to 1.
    pub presence: f32,
}

/// Fits meshes. One serves many threads.
pub struct Mesher {
    network: Network,
    points: usize,
    presence: usize,
}

impl Mesher {
    /// The mesher with these weights.
    ///
    /// # Errors
    /// [`WeightsError::Network`] if they are not such a network.
    pub fn new(weights: &Weights) -> Result<Self, WeightsError> {
        let failed = |source| WeightsError::Network {
            what: "the face mesh",
            source,
        };
        let network = Network::read(weights.mesh()).map_err(failed)?;
        let side = usize::from(SIDE);
        let find = |values: usize| {
            let mut sizes = network.output_shapes().map(|s| s.iter().product::<usize>());
            sizes.position(|found| found == values)
        };
        let (Some(points), Some(presence), true) = (
            find(3 * POINTS),
            find(1),
            network.input_shape() == [1, side, side, 3],
        ) else {
            return Err(failed(TfliteError::Ends {
                what: "inputs and outputs are not those of the face mesh",
            }));
        };
        Ok(Self {
            network,
            points,
            presence,
        })
    }

    /// The mesh of a detected face. It is always given; look at its `presence`.
    pub fn fit(&self, image: &RgbImage, detection: &Detection) -> Mesh {
        self.fit_in(image, region(detection))
    }

    /// The mesh of the face that fills about two thirds of `region` and stands upright in it.
    pub fn fit_in(&self, image: &RgbImage, region: RotatedSquare) -> Mesh {
        let pixels = rotated_crop(image, region, u32::from(SIDE));
        let input = pixels.iter().map(|v| f32::from(*v) / 255.0).collect();
        // The sizes were checked when the network was read.
        let Ok(outputs) = self.network.run(input) else {
            return Mesh {
                points: vec![[0.0; 3]; POINTS],
                presence: 0.0,
            };
        };
        let side = f32::from(SIDE);
        let points = outputs[self.points].as_chunks::<3>().0;
        Mesh {
            points: points
                .iter()
                .map(|[x, y, z]| {
                    let [px, py] = region.to_image(x / side, y / side);
                    [px, py, z / side * region.side]
                })
                .collect(),
            presence: 1.0 / (1.0 + (-outputs[self.presence][0]).exp()),
        }
    }

    /// Raw outputs of the network for an input `[192, 192, 3]` of 0 to 1: points `[468, 3]` in pixels
    /// of the input, and the logit of presence.
    ///
    /// # Errors
    /// [`TfliteError::Input`] if the input has another length.
    pub fn raw(&self, input: Vec<f32>) -> Result<(Vec<f32>, f32), TfliteError> {
        let mut outputs = self.network.run(input)?;
        let presence = outputs[self.presence][0];
        Ok((std::mem::take(&mut outputs[self.points]), presence))
    }
}

/// What the network sees of a detected face: a square of 1.5 times the box's longer side about its
/// centre, turned so that the eyes are level.
pub fn region(detection: &Detection) -> RotatedSquare {
    let face = detection.face;
    RotatedSquare {
        center: [face.x + face.w / 2.0, face.y + face.h / 2.0],
        side: SCALE * face.w.max(face.h),
        angle: detection.eyes().roll(),
    }
}

#[cfg(test)]
mod tests {
    use fasgard_image::FaceBox;

    use super::*;

    #[test]
    fn the_region_follows_box_and_eyes() {
        let mut keypoints = [[0.0; 2]; 6];
        keypoints[0] = [40.0, 50.0];
        keypoints[1] = [60.0, 70.0];
        let detection = Detection {
            face: FaceBox {
                x: 20.0,
                y: 30.0,
                w: 60.0,
                h: 80.0,
            },
            score: 1.0,
            keypoints,
        };
        let region = region(&detection);
        assert_eq!(region.center, [50.0, 70.0]);
        assert_eq!(region.side, 120.0);
        assert!((region.angle - std::f32::consts::FRAC_PI_4).abs() < 1e-6);
        // The eyes are level in the crop.
        let [right, left] = [[40.0, 50.0], [60.0, 70.0]].map(|[x, y]| region.from_image(x, y));
        assert!((right[1] - left[1]).abs() < 1e-6 && right[0] < left[0]);
    }
}

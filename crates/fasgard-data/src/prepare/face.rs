//! Where the face of a frame is: what the dataset says, else what the detector finds.

use fasgard_face::{Detection, Detector, Mesh, Mesher, Weights, WeightsError, choose};
use fasgard_image::{Eyes, FaceBox, RgbImage};
use fasgard_metrics::Label;

use super::crop::bounds;
use super::{AttackDepth, CropPolicy, DepthPolicy, PrepareOptions};
use crate::layout::Place;
use crate::manifest::ManifestRow;

/// The face detector and the mesh network, from the installed auxiliary weights. They make face
/// boxes and training labels; no detector's score is made of them, since a mesh fits the photograph
/// of a face as happily as a face.
pub struct Faces {
    detector: Detector,
    mesher: Mesher,
}

impl Faces {
    /// Loads the installed weights.
    ///
    /// # Errors
    /// [`WeightsError`] if they are not installed, or are not the ones that this version knows.
    pub fn load() -> Result<Self, WeightsError> {
        let weights = Weights::find()?;
        Ok(Self {
            detector: Detector::new(&weights)?,
            mesher: Mesher::new(&weights)?,
        })
    }
}

impl std::fmt::Debug for Faces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Faces")
    }
}

/// What is known of the face in one frame, in pixels of the frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) face: Option<FaceBox>,
    pub(super) eyes: Option<Eyes>,
    pub(super) mesh: Option<Mesh>,
    /// Whether the detector has looked.
    pub(super) searched: bool,
    /// The box to look near in the next frame.
    pub(super) near: Option<FaceBox>,
}

/// Whether every frame of `row` needs the detector although the dataset says where the face is.
fn wants_mesh(options: &PrepareOptions, row: &ManifestRow) -> bool {
    let depth = match row.label {
        Label::Live => {
            row.depth.is_none() && matches!(options.depth, DepthPolicy::Auto | DepthPolicy::Mesh)
        }
        Label::Attack => {
            options.attack_depth == AttackDepth::Planar && options.depth != DepthPolicy::None
        }
    };
    depth || options.crop == CropPolicy::Mesh
}

/// Whether the crop cannot be made of what the dataset says.
pub(super) fn wants_detection(crop: CropPolicy, given: Option<Place>) -> bool {
    match crop {
        CropPolicy::None | CropPolicy::Center => false,
        CropPolicy::Box => given.is_none_or(|p| p.face.is_none()),
        CropPolicy::Eyes => given.is_none_or(|p| p.eyes.is_none()),
        CropPolicy::Mesh => true,
    }
}

/// Finds the face of a frame. `previous` is where it was in the frame before; the reason in words
/// if the crop needs a face and there is none.
pub(super) fn find(
    image: &RgbImage,
    row: &ManifestRow,
    given: Option<Place>,
    options: &PrepareOptions,
    faces: Option<&Faces>,
    previous: Option<FaceBox>,
) -> Result<Found, String> {
    let mut found = Found {
        face: row.face.or(given.and_then(|p| p.face)),
        eyes: row.eyes.or(given.and_then(|p| p.eyes)),
        ..Found::default()
    };
    let known = Place {
        face: found.face,
        eyes: found.eyes,
    };
    let needed = wants_detection(options.crop, Some(known));
    let mesh = wants_mesh(options, row);
    let Some(faces) = faces.filter(|_| needed || mesh) else {
        return match needed && options.crop == CropPolicy::Mesh {
            true => Err(
                "expected the face mesh's weights, found none; run `fasgard models install`"
                    .to_owned(),
            ),
            false => Ok(found),
        };
    };
    found.searched = true;
    let detections = faces.detector.detect(image);
    let chosen = match found.face {
        Some(face) => nearest(&detections, face),
        None => choose(&detections, previous),
    };
    let Some(chosen) = chosen else {
        return match needed {
            true => Err("expected a face, found none".to_owned()),
            false => Ok(found),
        };
    };
    found.near = Some(chosen.face);
    found.face.get_or_insert(chosen.face);
    found.eyes.get_or_insert(chosen.eyes());
    if mesh {
        found.mesh = Some(faces.mesher.fit(image, chosen));
    }
    if options.crop == CropPolicy::Mesh {
        let mesh = found.mesh.as_ref().filter(|m| m.presence >= 0.5);
        let outline = mesh.and_then(|m| bounds(m.points.iter().map(|p| [p[0], p[1]])));
        found.face = Some(outline.ok_or("expected a face that the mesh fits, found none")?);
    }
    Ok(found)
}

/// The detection that covers most of a known face, if it covers a quarter of the two together.
fn nearest(detections: &[Detection], face: FaceBox) -> Option<&Detection> {
    let best = detections
        .iter()
        .map(|d| (overlap(d.face, face), d))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(share, _)| *share >= 0.25).map(|(_, d)| d)
}

/// Common area over the area of both together.
fn overlap(a: FaceBox, b: FaceBox) -> f32 {
    let side = |a: f32, aw: f32, b: f32, bw: f32| ((a + aw).min(b + bw) - a.max(b)).max(0.0);
    let common = side(a.x, a.w, b.x, b.w) * side(a.y, a.h, b.y, b.h);
    let all = a.w * a.h + b.w * b.h - common;
    if all > 0.0 { common / all } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_by_hand() {
        let face = |x: f32, w: f32| FaceBox {
            x,
            y: 0.0,
            w,
            h: 10.0,
        };
        assert_eq!(overlap(face(0.0, 10.0), face(0.0, 10.0)), 1.0);
        assert_eq!(overlap(face(0.0, 10.0), face(10.0, 10.0)), 0.0);
        assert!((overlap(face(0.0, 10.0), face(5.0, 10.0)) - 1.0 / 3.0).abs() < 1e-6);
    }
}

//! The depth map that goes with a crop: a training label, made of the mesh or of the eyes.

use fasgard_face::geometry::{Refusal, depth};
use fasgard_image::GrayImage;
use fasgard_metrics::Label;

use super::face::Found;
use super::{AttackDepth, DepthPolicy, PrepareOptions};

/// Key of the attribute that says where a generated depth map comes from (`mesh`, `eyes`), or why
/// there is none (`no-face`, `no-eyes`, `presence`, `pose`, `degenerate`, `outside`).
pub const DEPTH_ATTRIBUTE: &str = "depth";

/// The map of a sample whose row brings none, and the value of [`DEPTH_ATTRIBUTE`]. A face that
/// cannot be modelled is marked, not faked. `to_crop` takes a place of the frame to parts of the
/// crop.
pub(super) fn depth_map(
    label: Label,
    found: &Found,
    options: &PrepareOptions,
    to_crop: impl Fn([f32; 2]) -> [f32; 2],
) -> (Option<GrayImage>, Option<&'static str>) {
    let planar = label == Label::Attack;
    let constant = planar && options.attack_depth == AttackDepth::Zero;
    if constant || options.depth == DepthPolicy::None {
        return (None, None);
    }
    let by_mesh = matches!(options.depth, DepthPolicy::Auto | DepthPolicy::Mesh);
    let by_eyes = matches!(options.depth, DepthPolicy::Auto | DepthPolicy::Eyes);
    let (made, source) = match (&found.mesh, found.eyes) {
        (Some(mesh), _) if by_mesh => {
            let made = match planar {
                true => depth::planar(&mesh.points, to_crop),
                false => depth::from_mesh(&mesh.points, mesh.presence, to_crop),
            };
            (made, "mesh")
        }
        // With the mesh at hand a face that it does not find is not made up from the eyes.
        (None, Some(eyes))
            if by_eyes && (options.depth == DepthPolicy::Eyes || !found.searched) =>
        {
            let made = match planar {
                true => depth::planar(&depth::fitted(eyes), to_crop),
                false => depth::from_eyes(eyes, to_crop),
            };
            (made, "eyes")
        }
        _ if found.searched => return (None, Some("no-face")),
        _ if options.depth == DepthPolicy::Eyes => return (None, Some("no-eyes")),
        _ => return (None, None),
    };
    match made {
        Ok(map) => (Some(map), Some(source)),
        Err(refusal) => (None, Some(word(&refusal))),
    }
}

fn word(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Presence { .. } => "presence",
        Refusal::Pose { .. } => "pose",
        Refusal::Outside { .. } => "outside",
        _ => "degenerate",
    }
}

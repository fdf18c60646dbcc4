//! A capture: the scene or the attack, the camera, the file.

use fasgard_image::{DecodeLimits, FaceBox, decode_bytes};
use image::{GrayImage, RgbImage};

use crate::background;
use crate::camera::Camera;
use crate::draw::Draw;
use crate::frame::Frame;
use crate::identity::Identity;
use crate::presentation::Presentation;
use crate::recapture::placement::Placement;
use crate::recapture::replay::Screens;
use crate::recapture::{Source, half_mask, paper_eyes, print, replay};
use crate::scene::{self, Framing};
use crate::seen::Seen;
use crate::shot::{Light, Shot};

/// Side of [`Capture::mask`] and [`Capture::depth`] in pixels.
pub const MAP_SIDE: u32 = 128;

/// Rendered pixels a stored pixel.
const OVERSAMPLING: f32 = 1.6;

/// Side of a rendered capture's stored crop over the longer side of its face box, and the least of
/// a photograph that is made of a portrait.
pub(crate) const WIDE: f32 = 1.6;

/// Sizes of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaptureOptions {
    /// Side of the stored wide crop in pixels; values outside 32 to 1024 are moved to the nearer end.
    pub side: u32,
}

impl Default for CaptureOptions {
    /// A crop of 160 pixels.
    fn default() -> Self {
        Self { side: 160 }
    }
}

impl CaptureOptions {
    /// A crop of `side` pixels.
    pub fn with_side(side: u32) -> Self {
        Self { side }
    }
}

/// One photograph with what is known about it.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The stored file: the one JPEG of the camera chain.
    pub jpeg: Vec<u8>,
    /// The wide crop, decoded from [`Capture::jpeg`].
    pub image: RgbImage,
    /// [`MAP_SIDE`] square in the frame of the image: 0 where the picture shows an artefact, else 255.
    pub mask: GrayImage,
    /// [`MAP_SIDE`] square in the frame of the image: 255 nearest, 0 background or artefact.
    pub depth: GrayImage,
    /// The face box, in the centre of the image: its longer side times 1.6 is the image's side.
    pub face: FaceBox,
    /// The subject's right and left eye, in pixels of the image.
    pub eyes: [[f32; 2]; 2],
    /// Attributes for a manifest: `light`, `device`, `background`, and for an attack `medium`.
    pub conditions: Vec<(&'static str, String)>,
}

/// Photographs a presentation of a person: a pure function of its arguments.
///
/// `shot` numbers the photographs of one identity and presentation: every number has its own pose,
/// expression, light, background and camera, and an attack its own source photograph.
pub fn capture(
    identity: &Identity,
    presentation: Presentation,
    shot: u64,
    options: &CaptureOptions,
) -> Capture {
    let side = options.side.clamp(32, 1024);
    let over = (side as f32 * OVERSAMPLING).round() as usize;
    let key = format!("{presentation}/{shot}");
    let mut d = Draw::new(identity.seed(), "synth-shot", identity.index(), &key);
    let framing = Framing::detected(&mut d, over, WIDE);
    let mut conditions = Vec::new();
    let seen = match presentation {
        Presentation::Live => worn(identity, framing, &mut d, &mut conditions, |_, _| None),
        Presentation::PaperEyes => worn(identity, framing, &mut d, &mut conditions, |d, s| {
            let source = Source::take(identity, &key, over * 3 / 4, 0.7, over * 3 / 4, 0.4);
            let (strip, medium) = paper_eyes::strip(d, identity, s, source);
            Some((strip, medium.to_owned()))
        }),
        Presentation::HalfMask => worn(identity, framing, &mut d, &mut conditions, |d, s| {
            Some(half_mask::mask(d, identity, s, || {
                Source::take(identity, &key, over * 3 / 4, 0.7, over * 3 / 4, 0.4)
            }))
        }),
        Presentation::Print | Presentation::Replay => held(
            identity,
            presentation,
            &key,
            framing,
            &mut d,
            &mut conditions,
        ),
    };
    let camera = Camera::draw(&mut Draw::new(
        identity.seed(),
        "synth-camera",
        identity.index(),
        &key,
    ));
    conditions.push(("device", camera.device.to_owned()));
    let (jpeg, image) = taken(&camera, &seen.frame, side as usize);
    let [x0, y0, x1, y1] = seen.face;
    let (w, h) = (x1 - x0, y1 - y0);
    let long = side as f32 / WIDE;
    let (w, h) = (long * w / w.max(h), long * h / w.max(h));
    Capture {
        jpeg,
        image,
        mask: map(&seen.live, over, true),
        depth: map(&seen.depth, over, false),
        face: FaceBox {
            x: (side as f32 - w) / 2.0,
            y: (side as f32 - h) / 2.0,
            w,
            h,
        },
        eyes: seen.eyes.map(|e| e.map(|v| v * side as f32 / over as f32)),
        conditions,
    }
}

/// The photograph of a scene: its file, and its pixels decoded from that.
pub(crate) fn taken(camera: &Camera, scene: &Frame, side: usize) -> (Vec<u8>, RgbImage) {
    let picture = camera.photograph(scene, side);
    let jpeg = camera.compress(&picture);
    let limits = DecodeLimits::default();
    let image = decode_bytes("photograph", &jpeg, &limits, false).unwrap_or(picture);
    (jpeg, image)
}

/// A person, maybe wearing something.
fn worn(
    id: &Identity,
    framing: Framing,
    d: &mut Draw,
    conditions: &mut Vec<(&'static str, String)>,
    artefact: impl FnOnce(&mut Draw, &Shot) -> Option<(scene::Artefact, String)>,
) -> Seen {
    let shot = Shot::draw(d);
    let artefact = artefact(d, &shot);
    let s = scene::render(id, &shot, framing, d, artefact.as_ref().map(|(a, _)| a));
    conditions.push(("light", shot.light.kind.to_owned()));
    conditions.push(("background", s.background.to_owned()));
    if let Some((_, medium)) = artefact {
        conditions.push(("medium", medium));
    }
    Seen {
        live: s.artefact.iter().map(|a| 1.0 - a).collect(),
        frame: s.frame,
        depth: s.depth,
        face: s.face,
        eyes: s.eyes,
    }
}

/// A print or a display.
fn held(
    id: &Identity,
    presentation: Presentation,
    key: &str,
    framing: Framing,
    d: &mut Draw,
    conditions: &mut Vec<(&'static str, String)>,
) -> Seen {
    let side = framing.side;
    let source = Source::take(
        id,
        key,
        side * 9 / 10,
        d.between(0.42, 0.62),
        side * 9 / 10,
        0.75,
    );
    let bend = if presentation == Presentation::Print {
        0.45
    } else {
        0.0
    };
    let placement = Placement::draw(d, bend, source.face, framing.fill, framing.shift);
    let light = Light::draw(d);
    let (behind, _) = background::paint(d, side, &light);
    let (frame, medium) = match presentation {
        Presentation::Print => print::render(d, &light, &source, &placement, behind),
        _ => replay::render(d, &light, &source, &placement, behind, Screens::Any),
    };
    conditions.push(("light", light.kind.to_owned()));
    conditions.push(("medium", medium.to_owned()));
    Seen::held(frame, &placement, &source)
}

/// A square map of [`MAP_SIDE`]: the mean over each of its pixels, or 0 / 255 by its majority.
pub(crate) fn map(values: &[f32], side: usize, binary: bool) -> GrayImage {
    let step = side as f32 / MAP_SIDE as f32;
    GrayImage::from_fn(MAP_SIDE, MAP_SIDE, |x, y| {
        let span = |v: u32| {
            let low = ((v as f32 * step).round() as usize).min(side - 1);
            low..((((v + 1) as f32 * step).round() as usize).max(low + 1)).min(side)
        };
        let (mut sum, mut count) = (0.0f32, 0u32);
        for row in span(y) {
            for value in &values[row * side..][span(x)] {
                sum += value;
                count += 1;
            }
        }
        let mean = sum / count.max(1) as f32;
        let level = match binary {
            true if mean >= 0.5 => 255.0,
            true => 0.0,
            false => mean * 255.0,
        };
        image::Luma([(level + 0.5) as u8])
    })
}

//! Real pictures of live faces, photographed again as they are or as presentation attacks.

mod held;
mod light;
mod mould;
mod paper;
mod worn;

use fasgard_image::{Eyes, FaceBox};
use image::{GrayImage, RgbImage};

use crate::attack::Attack;
use crate::camera::{self, Camera};
use crate::capture::{Capture, MAP_SIDE, WIDE, map, taken};
use crate::draw::Draw;
use crate::frame::Frame;
use crate::seen::Seen;

/// Smallest side of the wide crop in pixels of the picture; below it there is no face to re-capture.
pub const MIN_PORTRAIT: u32 = 48;

/// A box that was written with few digits may miss a whole pixel by this much.
const ROUNDING: f32 = 0.01;

/// Rendered pixels a stored pixel.
const OVERSAMPLING: f32 = 1.6;

/// The widest crop over the face box: more than any input shows.
const MOST_WIDE: f32 = 16.0;

/// A real picture of a live face.
#[derive(Clone, Copy, Debug)]
pub struct Portrait<'a> {
    /// The picture, not mirrored.
    pub picture: &'a RgbImage,
    /// The face box in its pixels.
    pub face: FaceBox,
    /// The eye centres in its pixels; what is worn is laid on the face by them.
    pub eyes: Option<Eyes>,
    /// The depth of the whole picture: 255 nearest, 0 background.
    pub depth: Option<&'a GrayImage>,
    /// Another portrait of the person, which prints and displays show in place of this one. One
    /// that does not suit the attack is not used.
    pub shown: Option<&'a Portrait<'a>>,
}

/// How [`recapture`] works.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecaptureOptions {
    /// Largest side of the stored wide crop in pixels; values outside 48 to 1024 are moved to the
    /// nearer end. A crop is never larger than the picture's own.
    pub side: u32,
    /// Whether the depth of a held picture is that of a plane, [`PLANE`] within the outline of the
    /// shown face (where its portrait has depth), in place of 0.
    pub planar: bool,
    /// Side of the stored crop over the longer side of the face box, 1.6 to 16; values outside are
    /// moved to the nearer end. In crops wider than 1.6 the scene behind a held picture is the
    /// portrait's own, where a narrow crop has a painted background.
    pub wide_scale: f32,
}

/// Depth of a held picture of a face as a share of the largest: the middle, as it is for prepared
/// attacks.
pub const PLANE: f32 = 128.0 / 255.0;

impl Default for RecaptureOptions {
    /// A crop of at most 256 pixels and 1.6 times the face box, held pictures without depth.
    fn default() -> Self {
        Self {
            side: 256,
            planar: false,
            wide_scale: WIDE,
        }
    }
}

impl RecaptureOptions {
    /// A crop of at most `side` pixels.
    pub fn with_side(side: u32) -> Self {
        Self {
            side,
            ..Self::default()
        }
    }

    /// With the depth of a plane for held pictures, or without.
    #[must_use]
    pub fn with_planar(self, planar: bool) -> Self {
        Self { planar, ..self }
    }

    /// With a crop of `wide_scale` times the face box.
    #[must_use]
    pub fn with_wide_scale(self, wide_scale: f32) -> Self {
        Self { wide_scale, ..self }
    }
}

/// A picture that cannot be photographed again.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RecaptureError {
    /// The face box is not one of the picture.
    Face {
        /// The box.
        found: FaceBox,
        /// Width and height of the picture.
        picture: (u32, u32),
    },
    /// The face has too few pixels.
    Small {
        /// Side of the wide crop in pixels of the picture.
        found: f32,
    },
    /// The attack is laid on by the eyes, and none are given.
    NoEyes {
        /// The attack.
        attack: Attack,
    },
    /// The eyes do not fit the face box.
    Eyes {
        /// The eyes.
        found: Eyes,
        /// The box.
        face: FaceBox,
    },
}

impl std::fmt::Display for RecaptureError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Face { found, picture } => write!(
                f,
                "face box: expected one that overlaps the picture of {} x {} pixels and is at most as large, found x {}, y {}, width {}, height {}",
                picture.0, picture.1, found.x, found.y, found.w, found.h
            ),
            Self::Small { found } => write!(
                f,
                "face box: expected one whose wide crop (1.6 times its longer side) has at least {MIN_PORTRAIT} pixels, found {found}; use larger pictures"
            ),
            Self::NoEyes { attack } => write!(
                f,
                "eyes: expected both (eye_r, eye_l), for `{attack}` is laid on the face by them, found none; bring eyes or leave out the attacks that are worn"
            ),
            Self::Eyes { found, face } => write!(
                f,
                "eyes: expected the subject's right eye to the left of the left one, both in the face box (x {}, y {}, width {}, height {}) and at least 0.15 of its longer side apart, found right {:?} and left {:?}; a mirrored picture must be mirrored back",
                face.x, face.y, face.w, face.h, found.right, found.left
            ),
        }
    }
}

impl std::error::Error for RecaptureError {}

/// Photographs a real picture of a live face again: as the person (`attack` none, the live twin)
/// or as a presentation attack made of it. A pure function of its arguments.
///
/// The picture's wide crop, [`RecaptureOptions::wide_scale`] times the longer side of the face box,
/// stands for the scene; parts outside the picture hold its edge, and are black in crops wider than
/// 1.6. Twin and attacks of one `seed` and `key` end in **the same
/// camera** (lens, sensor, exposure, noise, JPEG), whose settings are drawn from the same ranges as
/// those of [`capture`](crate::capture()), so the camera tells nothing of the label.
///
/// Masks and depth are as for rendered captures: 0 in the mask exactly where an artefact is seen,
/// everywhere for a held picture but for the eye holes of [`Attack::PrintCut`]. Depth is the
/// portrait's own where the person is seen and 0 on artefacts; without a portrait depth it is 0.
/// With [`RecaptureOptions::planar`] a held picture has the outline of its face at one depth.
/// [`Capture::eyes`] of a portrait without eyes are the usual places in the box, not found ones.
///
/// # Errors
/// [`RecaptureError`]: a box outside the picture or too small, eyes that are missing for an attack
/// that needs them, or that do not fit the box.
pub fn recapture(
    portrait: &Portrait<'_>,
    attack: Option<Attack>,
    options: &RecaptureOptions,
    seed: u64,
    key: &str,
) -> Result<Capture, RecaptureError> {
    check(portrait, attack)?;
    let scale = match options.wide_scale {
        scale if scale.is_finite() => scale.clamp(WIDE, MOST_WIDE),
        _ => WIDE,
    };
    let own = (portrait.face.square(scale).w + ROUNDING).floor() as u32;
    let side = options.side.clamp(MIN_PORTRAIT, 1024).min(own);
    let over = (side as f32 * OVERSAMPLING).round() as usize;
    let stage = Stage::new(portrait, scale, over);
    let other = portrait.shown.and_then(|shown| {
        check(shown, attack).ok()?;
        Some((shown, Stage::new(shown, scale, over)))
    });
    let shown = match &other {
        Some((portrait, stage)) => Shown { portrait, stage },
        None => Shown {
            portrait,
            stage: &stage,
        },
    };
    let mut conditions = Vec::new();
    let mut d = match attack {
        Some(a) => Draw::new(seed, "portrait-attack", 0, &format!("{a}/{key}")),
        None => Draw::new(seed, "portrait-live", 0, key),
    };
    let seen = match attack {
        None => stage.live(),
        Some(a) if a.is_worn() => worn::render(&mut d, &stage, shown.stage, a, &mut conditions),
        Some(a) => {
            let planar = options.planar;
            held::render(&mut d, &shown, &stage, (a, planar), &mut conditions)
        }
    };
    let camera = Camera::draw(&mut Draw::new(seed, "portrait-camera", 0, key));
    conditions.push(("device", camera.device.to_owned()));
    let (jpeg, image) = taken(&camera, &seen.frame, side as usize);
    let scale = side as f32 / over as f32;
    let [x0, y0, x1, y1] = seen.face.map(|v| v * scale);
    let eyes = seen.eyes.map(|e| e.map(|v| v * scale));
    Ok(Capture {
        jpeg,
        image,
        mask: map(&seen.live, over, true),
        depth: map(&seen.depth, over, false),
        face: FaceBox {
            x: x0,
            y: y0,
            w: x1 - x0,
            h: y1 - y0,
        },
        eyes,
        conditions,
    })
}

/// Whether a portrait fits.
fn check(portrait: &Portrait<'_>, attack: Option<Attack>) -> Result<(), RecaptureError> {
    let (face, size) = (portrait.face, portrait.picture.dimensions());
    let (w, h) = (size.0 as f32, size.1 as f32);
    let inside = face.is_valid() && face.x < w && face.y < h;
    if !inside || ends_before(face) || face.w.max(face.h) > 1.5 * w.max(h) {
        return Err(RecaptureError::Face {
            found: face,
            picture: size,
        });
    }
    places(face, portrait.eyes, attack)
}

/// Whether [`recapture`] can make `attack` (or the live twin) of a face, as far as box and eyes
/// tell without the picture: a box of enough pixels, and eyes that fit it and are there if needed.
pub fn suits(face: FaceBox, eyes: Option<Eyes>, attack: Option<Attack>) -> bool {
    face.is_valid() && !ends_before(face) && places(face, eyes, attack).is_ok()
}

/// Whether all of a box lies left of or above every picture.
fn ends_before(face: FaceBox) -> bool {
    face.x + face.w <= 0.0 || face.y + face.h <= 0.0
}

/// Whether box and eyes allow the attack.
fn places(face: FaceBox, eyes: Option<Eyes>, attack: Option<Attack>) -> Result<(), RecaptureError> {
    let wide = face.square(WIDE);
    if wide.w + ROUNDING < MIN_PORTRAIT as f32 {
        return Err(RecaptureError::Small { found: wide.w });
    }
    match (eyes, attack) {
        (None, Some(attack)) if attack.needs_eyes() => Err(RecaptureError::NoEyes { attack }),
        (Some(eyes), _) if !fit(eyes, face, face.w.max(face.h)) => {
            Err(RecaptureError::Eyes { found: eyes, face })
        }
        _ => Ok(()),
    }
}

fn fit(eyes: Eyes, face: FaceBox, long: f32) -> bool {
    // A detector's box may end at the brows, so there is some room.
    let room = 0.1 * long;
    let inside = |[x, y]: [f32; 2]| {
        x.is_finite()
            && y.is_finite()
            && x > face.x - room
            && x < face.x + face.w + room
            && y > face.y - room
            && y < face.y + face.h + room
    };
    inside(eyes.right)
        && inside(eyes.left)
        && eyes.left[0] > eyes.right[0]
        && eyes.distance() >= 0.15 * long
}

/// What prints and displays are made of.
struct Shown<'a> {
    portrait: &'a Portrait<'a>,
    stage: &'a Stage,
}

/// The person before the camera: the wide crop in linear light.
struct Stage {
    /// Side of the crop over the longer side of the face box, and the crop in the picture.
    scale: f32,
    square: FaceBox,
    frame: Frame,
    depth: Vec<f32>,
    face: [f32; 4],
    eyes: [[f32; 2]; 2],
}

impl Stage {
    fn new(portrait: &Portrait<'_>, scale: f32, over: usize) -> Self {
        let face = portrait.face;
        let wide = face.square(scale);
        let crop = cut(portrait.picture, wide, scale);
        let pixels = over as f32 / wide.w;
        let place = |[x, y]: [f32; 2]| [(x - wide.x) * pixels, (y - wide.y) * pixels];
        let eyes = portrait.eyes.unwrap_or(Eyes {
            right: [face.x + 0.3 * face.w, face.y + 0.4 * face.h],
            left: [face.x + 0.7 * face.w, face.y + 0.4 * face.h],
        });
        let [x0, y0] = place([face.x, face.y]);
        let [x1, y1] = place([face.x + face.w, face.y + face.h]);
        let mut frame = Frame::filled(over, over, [0.0; 3]);
        let step = crop.width as f32 / over as f32;
        for (i, p) in frame.pixels.iter_mut().enumerate() {
            let (x, y) = ((i % over) as f32 + 0.5, (i / over) as f32 + 0.5);
            *p = crop.sample(x * step, y * step);
        }
        Self {
            scale,
            square: wide,
            frame,
            depth: depth(portrait, wide, over),
            face: [x0, y0, x1, y1],
            eyes: [place(eyes.right), place(eyes.left)],
        }
    }

    fn live(&self) -> Seen {
        Seen {
            live: vec![1.0; self.frame.pixels.len()],
            frame: self.frame.clone(),
            depth: self.depth.clone(),
            face: self.face,
            eyes: self.eyes,
        }
    }
}

/// A square of the picture in linear light, at the picture's own resolution but for a shift below a
/// pixel. Parts outside hold the edge, in a photograph of `scale` above [`WIDE`] they are black: much
/// of the frame may be outside, and prepared pictures are black there. At most 2048 pixels a side:
/// larger faces are thinned.
fn cut(picture: &RgbImage, square: FaceBox, scale: f32) -> Frame {
    let side = (square.w.round() as u32).clamp(1, 2048);
    let (w, h) = (picture.width() as i64 - 1, picture.height() as i64 - 1);
    let step = square.w / side as f32;
    let at = |first: f32, i: u32| (first + (i as f32 + 0.5) * step).floor() as i64;
    let crop = RgbImage::from_fn(side, side, |x, y| {
        let (x, y) = (at(square.x, x), at(square.y, y));
        let (inner_x, inner_y) = (x.clamp(0, w), y.clamp(0, h));
        if scale > WIDE && (x, y) != (inner_x, inner_y) {
            return image::Rgb([0; 3]);
        }
        *picture.get_pixel(inner_x as u32, inner_y as u32)
    });
    camera::linear(&crop)
}

/// The portrait's depth under the wide square, `over` x `over`, 0 to 1.
fn depth(portrait: &Portrait<'_>, wide: FaceBox, over: usize) -> Vec<f32> {
    let Some(map) = portrait.depth else {
        return vec![0.0; over * over];
    };
    let region = wide.rescaled(portrait.picture.dimensions(), map.dimensions());
    let side = MAP_SIDE.min(over as u32);
    let small = fasgard_image::resample_map(map, region, side, fasgard_image::Outside::Zero, false);
    let step = side as f32 / over as f32;
    (0..over * over)
        .map(|i| {
            let (x, y) = ((i % over) as f32 * step, (i / over) as f32 * step);
            small[y as usize * side as usize + x as usize]
        })
        .collect()
}

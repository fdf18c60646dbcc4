//! Rendered live faces and their re-capture as presentation attacks, with exact masks and depth.
//!
//! Nobody's face is in here: an [`Identity`] is a set of drawn numbers (head shape, skin, hair,
//! eyes), and a [`capture()`] of it is a photograph of a 3-D head in drawn light before a drawn
//! background. An attack photographs something made from *another* photograph of the same
//! identity: a print, a display, a paper strip over the eyes, or a moulded half mask.
//!
//! ```text
//! identity -> head mesh -> light, background -> scene ------------------------+-> camera -> JPEG
//!                                 scene -> camera -> photograph -> print, ... -+
//! ```
//!
//! Live faces and attacks end in the **same camera chain** with parameters from the same ranges
//! (lens blur, sensor sampling, exposure, white balance, noise, sharpening, one JPEG), so neither
//! brightness nor colour, sharpness or file size alone tells them apart (`tests/separability.rs`).
//!
//! # Frames, masks and depth
//! The stored image is the square crop of side 1.6 times the longer side of the face box (forehead
//! at the hairline to chin, cheek to cheek), so the box is in its centre; the box misses the true
//! one by a few percent, as a detector's does. Masks and depth are 128 x 128 in the same frame.
//! - **mask**: 255 where the picture shows no artefact, 0 where it shows one. A live capture is 255
//!   everywhere, a print or replay 0 everywhere (the coarse masks of pixel-wise supervision); a
//!   partial attack is 0 exactly on the strip's or mask's pixels and 255 on skin, hair and background.
//! - **depth**: 255 at the nearest point of the head, falling linearly to the ears' depth, at least
//!   1 on the head; 0 on background, neck, shoulders and loose hair, on any artefact, and
//!   everywhere in a print or replay.
//!
//! # Determinism
//! A capture is a pure function of its arguments: the same bytes on any thread, in any order.

mod attack;
mod background;
mod camera;
mod capture;
mod draw;
mod frame;
mod geometry;
mod identity;
mod noise;
mod portrait;
mod presentation;
mod recapture;
mod scene;
mod seen;
mod shade;
mod shot;

pub use attack::{Attack, ParseAttackError};
pub use capture::{Capture, CaptureOptions, MAP_SIDE, capture};
pub use identity::Identity;
pub use portrait::{
    MIN_PORTRAIT, PLANE, Portrait, RecaptureError, RecaptureOptions, recapture, suits,
};
pub use presentation::{ParsePresentationError, Presentation};

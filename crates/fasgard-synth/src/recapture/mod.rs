//! Attacks: a photograph of the same person, made into something, photographed again.

pub(crate) mod half_mask;
pub(crate) mod paper_eyes;
pub(crate) mod placement;
pub(crate) mod print;
pub(crate) mod replay;

use crate::camera::{self, Camera};
use crate::draw::Draw;
use crate::frame::{Frame, Rgb};
use crate::identity::Identity;
use crate::scene::{self, Framing};
use crate::shot::Shot;

/// The photograph that an attack was made from: another pose, light, background and camera.
pub(crate) struct Source {
    /// The photograph in linear light.
    pub(crate) frame: Frame,
    /// True face box, as shares of the photograph's side.
    pub(crate) face: [f32; 4],
    /// The subject's right and left eye, as shares of the side.
    pub(crate) eyes: [[f32; 2]; 2],
}

impl Source {
    /// The photograph's colour at face coordinates, laid on the face by the eyes: `a`, `b` are
    /// to the image's right and up from the eyes' middle in distances between the eyes.
    pub(crate) fn by_eyes(&self, a: f32, b: f32) -> Rgb {
        let [r, l] = self.eyes;
        let axis = [l[0] - r[0], l[1] - r[1]];
        let middle = [(r[0] + l[0]) / 2.0, (r[1] + l[1]) / 2.0];
        let (w, h) = (self.frame.width as f32, self.frame.height as f32);
        self.frame.sample(
            (middle[0] + a * axis[0] + b * axis[1]) * w,
            (middle[1] + a * axis[1] - b * axis[0]) * h,
        )
    }

    /// Takes the photograph: `side` pixels rendered, `fill` of it face, `pixels` kept. A pose too
    /// far from frontal is no picture an attacker would choose, so it is damped by `calm`.
    pub(crate) fn take(
        id: &Identity,
        key: &str,
        side: usize,
        fill: f32,
        pixels: usize,
        calm: f32,
    ) -> Self {
        let mut d = Draw::new(id.seed(), "synth-source", id.index(), key);
        let mut shot = Shot::draw(&mut d);
        shot.pose.yaw *= calm;
        shot.pose.pitch *= calm;
        shot.pose.roll *= calm;
        shot.expression.lids = shot.expression.lids.max(0.75);
        let framing = Framing {
            side,
            fill,
            shift: [0.02 * d.normal(), 0.02 * d.normal()],
        };
        let scene = scene::render(id, &shot, framing, &mut d, None);
        let camera = Camera::for_source(&mut d);
        let picture = camera.photograph(&scene.frame, pixels);
        let share = |v: f32| v / side as f32;
        Self {
            frame: camera::linear(&picture),
            face: scene.face.map(share),
            eyes: scene.eyes.map(|e| e.map(share)),
        }
    }
}

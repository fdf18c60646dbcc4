//! A printed strip of a photograph of the eyes, worn over the eyes.

use super::Source;
use super::print::Press;
use crate::draw::Draw;
use crate::frame::smooth;
use crate::geometry::head::{Layout, shell};
use crate::geometry::mesh::Part;
use crate::identity::Identity;
use crate::noise;
use crate::scene::Artefact;
use crate::shade::Matter;
use crate::shot::Shot;

/// The strip on a face; returns the press's name too.
pub(crate) fn strip(
    d: &mut Draw,
    id: &Identity,
    shot: &Shot,
    source: Source,
) -> (Artefact, &'static str) {
    let layout = Layout::new(id, &shot.expression);
    let (high, low) = (d.between(0.15, 0.27), -d.between(0.13, 0.21));
    let half = d.between(0.50, 0.66);
    let lean = 0.05 * d.normal();
    let ragged = d.between(0.0, 0.012);
    let crease = d.between(0.0, 0.25);
    let offset = d.between(0.02, 0.05);
    let bits = d.bits();
    // The print's scale and place are a little wrong.
    let (scale, dx, dy) = (d.about_one(0.05), 0.02 * d.normal(), 0.02 * d.normal());
    let pitch = 1.75 / (0.62 * 160.0);
    let press = Press::draw(d, pitch);
    let name = press.name();
    let gloss = d.between(0.0, 0.05);
    let mesh = shell(
        id,
        [&shot.expression; 2],
        Part::Strip,
        [high + 0.08, low - 0.08, 1.3],
        offset,
        0.30,
    );
    let keep = move |[x, y, _]: [f32; 3]| {
        let y = y - lean * x;
        let edge = ragged * noise::value(x * 14.0, y.signum(), bits);
        y < high + edge
            && y > low + edge
            && x.abs() < half + ragged * noise::value(y * 14.0, x.signum(), bits)
    };
    let eye_x = layout.eye_x;
    let matter = move |[x, y, _]: [f32; 3]| {
        // A similarity from the face to the photograph, by the eyes.
        let (a, b) = (
            (x + dx) / (2.0 * eye_x) / scale,
            (y + dy) / (2.0 * eye_x) / scale,
        );
        let mut m = Matter::dull(press.ink(source.by_eyes(a, b), x, y));
        let fold = noise::fractal(x * 3.5, y * 2.0, bits ^ 3, 2);
        m.tilt = [
            crease * fold,
            0.5 * crease * noise::value(x * 2.0, y * 5.0, bits ^ 4),
        ];
        m.gloss = gloss;
        m.cavity = 0.9 + 0.1 * smooth(0.0, 0.1, x.abs());
        m
    };
    (
        Artefact {
            mesh,
            keep: Box::new(keep),
            matter: Box::new(matter),
        },
        name,
    )
}

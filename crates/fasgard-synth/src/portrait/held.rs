//! The picture printed or shown, and held before the camera.

use fasgard_image::FaceBox;

use super::light::FaceLight;
use super::worn::EyeFrame;
use super::{PLANE, Seen, Shown, Stage, cut};
use crate::attack::Attack;
use crate::background;
use crate::capture::WIDE;
use crate::draw::Draw;
use crate::frame::{luminance, mix, smooth};
use crate::noise;
use crate::recapture::placement::Placement;
use crate::recapture::replay::Screens;
use crate::recapture::{Source, print, replay};
use crate::scene::Framing;
use crate::shot::Light;

use super::paper::ellipse;

/// The print or display with the picture; with `planar` its face has the depth of a plane.
pub(super) fn render(
    d: &mut Draw,
    shown: &Shown<'_>,
    stage: &Stage,
    (attack, planar): (Attack, bool),
    conditions: &mut Vec<(&'static str, String)>,
) -> Seen {
    let side = stage.frame.width;
    let (source, square) = source(d, shown);
    let paper = matches!(attack, Attack::PrintPhoto | Attack::PrintCut);
    let framing = Framing::detected(d, side, stage.scale);
    let bend = if paper { 0.45 } else { 0.0 };
    let placement = Placement::draw(d, bend, source.face, framing.fill, framing.shift);
    let light = Light::draw(d);
    // A wide frame shows much of what is behind: if that were painted for attacks only, it and not
    // the attack would be learnt. So it is the portrait's own scene there.
    let behind = if stage.scale > WIDE {
        stage.frame.clone()
    } else {
        background::paint(d, side, &light).0
    };
    let (frame, medium) = match attack {
        Attack::ReplayPhone => {
            replay::render(d, &light, &source, &placement, behind, Screens::Phone)
        }
        Attack::ReplayScreen => {
            replay::render(d, &light, &source, &placement, behind, Screens::Large)
        }
        _ => print::render(d, &light, &source, &placement, behind),
    };
    conditions.push(("light", light.kind.to_owned()));
    conditions.push(("medium", medium.to_owned()));
    let mut seen = Seen::held(frame, &placement, &source);
    if planar {
        plane(&placement, &source, shown, square, &mut seen);
    }
    if attack == Attack::PrintCut {
        holes(d, &light, &placement, &source, stage, &mut seen);
    }
    seen
}

/// The printed or shown part of the picture and its square: 1.6 times the face box, or more where
/// there is more, up to 2.4 times or the frame's.
fn source(d: &mut Draw, shown: &Shown<'_>) -> (Source, FaceBox) {
    let (portrait, stage) = (shown.portrait, shown.stage);
    let (w, h) = portrait.picture.dimensions();
    let face = portrait.face;
    let long = face.w.max(face.h);
    let (x, y) = (face.x + face.w / 2.0, face.y + face.h / 2.0);
    let room = x.min(y).min(w as f32 - x).min(h as f32 - y);
    let most = stage.scale.max(2.4);
    let scale = d.between(WIDE, most).min(2.0 * room / long).max(WIDE);
    let square = face.square(scale);
    let share = |[x, y]: [f32; 2]| [(x - square.x) / square.w, (y - square.y) / square.w];
    let [x0, y0] = share([face.x, face.y]);
    let [x1, y1] = share([face.x + face.w, face.y + face.h]);
    // From the stage, whose eyes are there even if the portrait's are not.
    let wide = stage.square;
    let step = wide.w / stage.frame.width as f32;
    let source = Source {
        frame: cut(portrait.picture, square, stage.scale),
        face: [x0, y0, x1, y1],
        eyes: stage
            .eyes
            .map(|[x, y]| share([wide.x + x * step, wide.y + y * step])),
    };
    (source, square)
}

/// One depth wherever the picture, of which `square` is shown, shows the face.
fn plane(
    placement: &Placement,
    source: &Source,
    shown: &Shown<'_>,
    square: FaceBox,
    seen: &mut Seen,
) {
    let (side, over) = (seen.frame.width, shown.stage.frame.width);
    let wide = shown.stage.square;
    let centre: [f32; 2] = std::array::from_fn(|k| (source.face[k] + source.face[k + 2]) / 2.0);
    for (i, depth) in seen.depth.iter_mut().enumerate() {
        let (x, y) = ((i % side) as f32 + 0.5, (i / side) as f32 + 0.5);
        let at = |v: f32| v / side as f32 - 0.5;
        let p = placement.picture(at(x), at(y)).0;
        let pixel = |k: usize| {
            let (first, wide) = ([square.x, square.y][k], [wide.x, wide.y][k]);
            first + (p[k] + centre[k]) * square.w - wide
        };
        let [px, py] = [pixel(0), pixel(1)].map(|v| v / wide.w * over as f32);
        let inside = px >= 0.0 && py >= 0.0 && px < over as f32 && py < over as f32;
        if inside && shown.stage.depth[py as usize * over + px as usize] > 0.0 {
            *depth = PLANE;
        }
    }
}

/// Holes at the print's eyes, through which the person's eyes are seen.
fn holes(
    d: &mut Draw,
    light: &Light,
    placement: &Placement,
    source: &Source,
    stage: &Stage,
    seen: &mut Seen,
) {
    let side = stage.frame.width;
    let sheet = EyeFrame::new(source.eyes);
    let person = EyeFrame::new(stage.eyes);
    let centre: [f32; 2] = std::array::from_fn(|k| (source.face[k] + source.face[k + 2]) / 2.0);
    let radius = [d.between(0.20, 0.30), d.between(0.09, 0.17)];
    let (ragged, bits) = (d.between(0.0, 0.02), d.bits());
    // The person behind is not quite where the print's eyes are.
    let (scale, dx, dy) = (d.about_one(0.04), 0.04 * d.normal(), 0.03 * d.normal());
    let lit = luminance(print::sheet_light(light, [0.0, 0.0, 1.0], 0.0).0);
    // Skin sends back about a third of the light.
    let dim = lit * d.between(0.22, 0.36) / FaceLight::guess(d, stage).mean;
    let shadow = d.between(0.3, 0.8);
    let thick = d.between(0.02, 0.06);
    let lamp = if light.key[0] > 0.0 { 1.0 } else { -1.0 };
    let pitch = {
        let at = |v: f32| {
            let p = placement.picture(v / side as f32, 0.0).0;
            sheet.place(p[0] + centre[0], p[1] + centre[1])
        };
        (at(1.0)[0] - at(0.0)[0]).abs().max(1e-4)
    };
    for i in 0..side * side {
        let (x, y) = ((i % side) as f32 + 0.5, (i / side) as f32 + 0.5);
        let p = placement
            .picture(x / side as f32 - 0.5, y / side as f32 - 0.5)
            .0;
        let [a, b] = sheet.place(p[0] + centre[0], p[1] + centre[1]);
        if a.abs() > 1.0 || b.abs() > 0.4 {
            continue;
        }
        let inside = |a: f32, b: f32| {
            ellipse([a.abs(), b], [0.5, 0.0], radius)
                + ragged * noise::value(a * 12.0, b * 12.0, bits)
        };
        let open = smooth(-0.6 * pitch, 0.6 * pitch, inside(a, b));
        if open <= 0.0 {
            continue;
        }
        let [px, py] = person.pixel([a * scale + dx, b * scale + dy]);
        // The sheet shades the skin at the hole's edge towards the lamp.
        let light_in = smooth(-thick, thick, inside(a + lamp * thick, b + thick));
        let level = dim * (1.0 - shadow * (1.0 - light_in));
        let behind = stage.frame.sample(px, py).map(|v| v * level);
        seen.frame.pixels[i] = mix(seen.frame.pixels[i], behind, open);
        seen.live[i] = open;
        let (ix, iy) = (px as usize, py as usize);
        if px >= 0.0 && py >= 0.0 && ix < side && iy < side {
            let plane = seen.depth[i];
            seen.depth[i] = plane + open * (stage.depth[iy * side + ix] - plane);
        }
    }
}

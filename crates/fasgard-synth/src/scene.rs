//! A person before a background: surfaces, light, depth.

use crate::background;
use crate::capture::WIDE;
use crate::draw::Draw;
use crate::frame::{Frame, Rgb, mix, scaled, smooth};
use crate::geometry::mesh::{Mesh, Part};
use crate::geometry::raster::{Surface, View};
use crate::geometry::{Vec3, body, head};
use crate::identity::Identity;
use crate::noise;
use crate::shade::light::lit;
use crate::shade::{Matter, hair, skin};
use crate::shot::{Clothes, Shot};

/// Where the face goes in a square frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Framing {
    /// Side of the rendered frame in pixels.
    pub(crate) side: usize,
    /// Longer side of the true face box as a share of the frame's.
    pub(crate) fill: f32,
    /// Offset of the true box's centre from the frame's, as a share of the side.
    pub(crate) shift: [f32; 2],
}

impl Framing {
    /// The framing of a stored crop, `wide` times the longer side of a face box that misses the
    /// true one as a detector's does.
    pub(crate) fn detected(d: &mut Draw, side: usize, wide: f32) -> Self {
        let share = WIDE / wide;
        Self {
            side,
            fill: (0.625 * d.about_one(0.035)).clamp(0.55, 0.70) * share,
            shift: [0.010 * d.normal() * share, 0.010 * d.normal() * share],
        }
    }
}

/// Something worn over the face.
pub(crate) struct Artefact {
    pub(crate) mesh: Mesh,
    /// Whether the surface exists at canonical coordinates.
    pub(crate) keep: Box<dyn Fn(Vec3) -> bool>,
    /// What it looks like there.
    pub(crate) matter: Box<dyn Fn(Vec3) -> Matter>,
}

/// A rendered scene; lengths and places in its own pixels.
pub(crate) struct Scene {
    pub(crate) frame: Frame,
    /// 1 nearest, 0 where there is no head.
    pub(crate) depth: Vec<f32>,
    /// 1 on an artefact.
    pub(crate) artefact: Vec<f32>,
    /// The true face box: left, top, right, bottom.
    pub(crate) face: [f32; 4],
    /// The subject's right and left eye.
    pub(crate) eyes: [[f32; 2]; 2],
    pub(crate) background: &'static str,
}

/// Renders a person.
pub(crate) fn render(
    id: &Identity,
    shot: &Shot,
    framing: Framing,
    d: &mut Draw,
    artefact: Option<&Artefact>,
) -> Scene {
    let layout = head::Layout::new(id, &shot.expression);
    let mesh = head::head(id, &shot.expression);
    let mut view = View::new(shot.pose, 1.0, shot.distance);
    let face = aim(id, &mesh, &mut view, framing);
    let mut trunk = View::new(shot.pose, 0.35, shot.distance);
    trunk.scale = view.scale;
    trunk.origin = view.origin;
    let mut surface = Surface::new(framing.side);
    surface.draw(&body::body(id), &trunk, |_| true);
    if let Some(hair) = body::loose_hair(id) {
        surface.draw(&hair, &view, |_| true);
    }
    for ear in body::ears(id) {
        surface.draw(&ear, &view, |_| true);
    }
    surface.draw(&mesh, &view, |_| true);
    if let Some(a) = artefact {
        surface.draw(&a.mesh, &view, &a.keep);
    }
    let (mut frame, background) = background::paint(d, framing.side, &shot.light);
    for at in 0..surface.texels.len() {
        let texel = &surface.texels[at];
        let uvt = texel.uvt;
        let matter = match texel.part {
            Part::None => continue,
            Part::Head => skin::head(id, shot, &layout, uvt),
            Part::Ear => ear(id, uvt),
            Part::LooseHair => hair::hair(id, uvt[2] * 0.9, uvt[1]),
            Part::Body => trunk_matter(id, &shot.clothes, uvt),
            Part::Strip | Part::Mask => match artefact {
                Some(a) => (a.matter)(uvt),
                None => continue,
            },
        };
        frame.pixels[at] = lit(&surface, at, view.scale, &shot.light, &matter);
    }
    let near = surface
        .texels
        .iter()
        .filter(|t| t.part == Part::Head)
        .fold(0.1f32, |m, t| m.max(t.z));
    const EARS: f32 = -0.15;
    let depth = surface
        .texels
        .iter()
        .map(|t| match t.part {
            Part::Head | Part::Ear => ((t.z - EARS) / (near - EARS)).clamp(0.01, 1.0),
            _ => 0.0,
        })
        .collect();
    let worn = |p| {
        if matches!(p, Part::Strip | Part::Mask) {
            1.0
        } else {
            0.0
        }
    };
    let artefact = surface.texels.iter().map(|t| worn(t.part)).collect();
    let eye = |side: f32| {
        let x = side * layout.eye_x;
        let [a, b, _] = view.project([x, 0.0, 0.72]);
        [a, b]
    };
    Scene {
        frame,
        depth,
        artefact,
        face,
        eyes: [eye(-1.0), eye(1.0)],
        background,
    }
}

/// Sets the view's scale and origin for a framing; returns the true face box.
fn aim(id: &Identity, mesh: &Mesh, view: &mut View, framing: Framing) -> [f32; 4] {
    let top = head::forehead(id);
    let bounds = |view: &View| {
        let mut b = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
        for v in &mesh.vertices {
            if v.uvt[1] <= top && v.uvt[2].abs() < 1.45 {
                let [x, y, _] = view.project(v.p);
                b = [b[0].min(x), b[1].min(y), b[2].max(x), b[3].max(y)];
            }
        }
        b
    };
    let raw = bounds(view);
    let side = framing.side as f32;
    view.scale = framing.fill * side / (raw[2] - raw[0]).max(raw[3] - raw[1]);
    let middle = |k: usize| view.scale * (raw[k] + raw[k + 2]) / 2.0;
    view.origin = [
        side * (0.5 + framing.shift[0]) - middle(0),
        side * (0.5 + framing.shift[1]) - middle(1),
    ];
    bounds(view)
}

/// An ear: skin, darker in its shell.
fn ear(id: &Identity, [x, y, z]: Vec3) -> Matter {
    let mut m = skin::plain(id, x * 0.3, y * 0.3);
    let shell = smooth(0.55, 0.2, (y.abs() - 0.1).max(0.0) + (z - 0.5).abs());
    m.albedo = [
        m.albedo[0] * (1.0 - 0.45 * shell),
        m.albedo[1] * (0.92 - 0.50 * shell),
        m.albedo[2] * (0.92 - 0.50 * shell),
    ];
    m.cavity = 1.0 - 0.5 * shell;
    m
}

/// Neck above the collar, clothes below.
fn trunk_matter(id: &Identity, c: &Clothes, [x, y, azimuth]: Vec3) -> Matter {
    let curve = if c.pointed {
        1.1 * x.abs()
    } else {
        1.1 * x * x
    };
    let line = -1.30 - c.neckline
        + curve.min(0.75 * (c.neckline + 0.12))
        + if azimuth.abs() > 1.5 { 0.3 } else { 0.0 };
    let cloth = smooth(line + 0.012, line - 0.012, y);
    let mut m = if cloth < 1.0 {
        skin::plain(id, x, y)
    } else {
        Matter::dull([0.0; 3])
    };
    if cloth <= 0.0 {
        return m;
    }
    let t = match c.pattern {
        1 => smooth(-0.2, 0.2, (y * c.scale * 3.0).sin()),
        2 => {
            0.5 * smooth(-0.2, 0.2, (y * c.scale * 2.4).sin())
                + 0.5 * smooth(-0.2, 0.2, (x * c.scale * 2.4).sin())
        }
        3 => 0.3 * (1.0 + (x * 90.0).sin() * (y * 70.0).sin()),
        _ => 0.0,
    };
    let folds = noise::fractal(x * 2.2 + y, y * 2.6 - x, id.skin.seed ^ 91, 2);
    let weave = noise::value(x * 60.0, y * 60.0, 5);
    let rib = if y > line - 0.06 { 0.82 } else { 1.0 };
    let color: Rgb = scaled(mix(c.color, c.second, t), (1.0 + 0.05 * weave) * rib);
    m.albedo = mix(m.albedo, color, cloth);
    m.bleed *= 1.0 - cloth;
    m.gloss *= 1.0 - cloth;
    m.tilt = [0.30 * folds * cloth, 0.22 * folds * cloth];
    m
}

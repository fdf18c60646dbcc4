//! Light on a surface: key with cast shadows, fill, dome with ambient occlusion, gloss.

use super::Matter;
use crate::frame::Rgb;
use crate::geometry::mesh::Part;
use crate::geometry::raster::Surface;
use crate::geometry::{Vec3, dot, unit};
use crate::shot::Light;

/// Shades one pixel of a surface: `scale` is pixels a head unit.
pub(crate) fn lit(surface: &Surface, at: usize, scale: f32, light: &Light, m: &Matter) -> Rgb {
    let texel = &surface.texels[at];
    let n = unit([
        texel.n[0] + m.tilt[0],
        texel.n[1] + m.tilt[1],
        texel.n[2].max(0.02),
    ]);
    let facing = dot(n, light.key);
    let shadow = if facing > -0.3 {
        1.0 - occluded(surface, at, scale, light)
    } else {
        0.0
    };
    let open = openness(surface, at, scale) * m.cavity;
    let fill = dot(n, light.fill).max(0.0);
    let ambient = light.ambient(n);
    let gloss = |to: Vec3| {
        let half = unit([to[0], to[1], to[2] + 1.0]);
        let mut s = dot(n, half).max(0.0);
        for _ in 0..m.sharp {
            s *= s;
        }
        s * m.gloss
    };
    let edge = 1.0 - n[2];
    let sheen = m.gloss * 0.35 * edge * edge * edge;
    let (key_gloss, fill_gloss) = (gloss(light.key) * shadow, gloss(light.fill));
    std::array::from_fn(|c| {
        // Red light travels further under the skin, so its terminator is softer.
        let wrap = m.bleed * [1.0, 0.45, 0.3][c];
        let diffuse = ((facing + wrap) / (1.0 + wrap)).max(0.0);
        let soft = shadow + (1.0 - shadow) * wrap * 0.25;
        let direct =
            light.key_color[c] * diffuse * soft + light.fill_color[c] * fill * (0.4 + 0.6 * open);
        m.albedo[c] * (direct + ambient[c] * open)
            + light.key_color[c] * (key_gloss + m.glint)
            + light.fill_color[c] * fill_gloss
            + ambient[c] * sheen * open
    })
}

/// How much of the key's lamp is hidden, by marching through the depth buffer.
fn occluded(surface: &Surface, at: usize, scale: f32, light: &Light) -> f32 {
    let side = surface.side as i32;
    let (x, y) = ((at % surface.side) as f32, (at / surface.side) as f32);
    let start = surface.texels[at].z;
    let mut hidden: f32 = 0.0;
    let mut reach = 0.035;
    for _ in 0..11 {
        let px = (x + light.key[0] * reach * scale) as i32;
        let py = (y - light.key[1] * reach * scale) as i32;
        if px < 0 || py < 0 || px >= side || py >= side {
            break;
        }
        let other = &surface.texels[(py * side + px) as usize];
        if other.part != Part::None {
            let above = other.z - (start + light.key[2] * reach) - 0.012;
            if above > 0.0 && above < 0.9 {
                hidden = hidden.max((above / (light.softness * (0.25 + reach))).min(1.0));
                if hidden >= 1.0 {
                    return 1.0;
                }
            }
        }
        reach *= 1.36;
    }
    hidden
}

/// How open a place is to the dome: 1 in the open, less in cavities and creases.
fn openness(surface: &Surface, at: usize, scale: f32) -> f32 {
    const AROUND: [(f32, f32); 6] = [
        (1.0, 0.0),
        (0.5, 0.87),
        (-0.5, 0.87),
        (-1.0, 0.0),
        (-0.5, -0.87),
        (0.5, -0.87),
    ];
    let side = surface.side as i32;
    let (x, y) = ((at % surface.side) as f32, (at / surface.side) as f32);
    let texel = &surface.texels[at];
    let mut closed = 0.0;
    for (k, (dx, dy)) in AROUND.iter().enumerate() {
        let radius = if k % 2 == 0 { 0.07 } else { 0.15 };
        let px = (x + dx * radius * scale) as i32;
        let py = (y + dy * radius * scale) as i32;
        if px < 0 || py < 0 || px >= side || py >= side {
            continue;
        }
        let other = &surface.texels[(py * side + px) as usize];
        if other.part == Part::None {
            continue;
        }
        // Height over this pixel's tangent plane.
        let above = (other.z - texel.z) * texel.n[2] + radius * (dx * texel.n[0] - dy * texel.n[1]);
        if above > 0.0 && above < 0.6 {
            closed += (above / radius).min(1.0);
        }
    }
    1.0 - 0.62 * (closed / 3.2_f32).min(1.0)
}

//! A picture of what the detector saw: the photo with the face, the network's input, a map a scale.

use std::path::Path;

use fasgard_image::{
    ColorMap, FaceBox, Interpolation, Rgb, RgbImage, crop, encode_png, write_atomic,
};
use fasgard_model::{FrameAnswer, Predictor, Verdict};
use fasgard_nn::Target;

use crate::commands::canvas::{LETTER, fill, outline, over, paste, write};

/// Side of a panel in pixels.
const PANEL: u32 = 256;
/// Room between panels.
const GAP: u32 = 8;
/// Height of the line of text above the panels, and of the labels below.
const LINE: u32 = LETTER + 12;

const PAPER: [u8; 3] = [0x1b, 0x1f, 0x24];
const INK: [u8; 3] = [0xf2, 0xf2, 0xee];
/// The ends of [`ColorMap::Verdict`], so that a verdict and its cells have one colour.
const LIVE: [u8; 3] = [0x5a, 0xa9, 0xe6];
const ATTACK: [u8; 3] = [0xf0, 0x8a, 0x35];
const NEITHER: [u8; 3] = [0xb8, 0xb8, 0xb0];

/// The colour of a verdict.
fn color(verdict: Verdict) -> [u8; 3] {
    match verdict {
        Verdict::Live => LIVE,
        Verdict::Attack => ATTACK,
        Verdict::NoDecision => NEITHER,
    }
}

/// Draws the answer to an image.
pub(super) fn draw(image: &RgbImage, answer: &FrameAnswer, predictor: &Predictor) -> RgbImage {
    let mut panels = vec![("photo".to_owned(), photo(image, answer))];
    if answer.region.is_some() {
        let seen = predictor.card().preprocess.crop(image, answer.face);
        let whole = FaceBox::whole(seen.width(), seen.height());
        let seen = crop(&seen, whole, PANEL, Interpolation::Bilinear, false);
        let colors = match predictor.card().model.supervision.target {
            Target::Depth => ColorMap::Depth,
            Target::Binary | Target::Mask => ColorMap::Verdict,
        };
        let maps = answer.maps.iter().map(|map| {
            let label = format!("{0}x{0}", map.side);
            (label, over(&seen, map.side, &map.values, colors))
        });
        let maps: Vec<_> = maps.collect();
        panels.push(("input".to_owned(), seen.clone()));
        panels.extend(maps);
    }
    let columns = panels.len() as u32;
    let width = columns * PANEL + (columns + 1) * GAP;
    let mut picture = RgbImage::from_pixel(width, LINE + PANEL + LINE + GAP, Rgb(PAPER));
    let ink = color(answer.verdict);
    fill(&mut picture, 0, 0, width, 4, ink);
    write(&mut picture, GAP, 8, &headline(answer, predictor), ink);
    for (i, (label, panel)) in panels.iter().enumerate() {
        let x = GAP + i as u32 * (PANEL + GAP);
        paste(&mut picture, panel, x, LINE);
        write(&mut picture, x, LINE + PANEL + 6, label, INK);
    }
    picture
}

/// The verdict in a line that fits above two panels.
fn headline(answer: &FrameAnswer, predictor: &Predictor) -> String {
    let verdict = answer.verdict.as_str().to_uppercase();
    match (answer.score, answer.reason) {
        (None, Some(reason)) => format!("{verdict} {reason}"),
        (Some(score), Some(reason)) => format!("{verdict} {reason} {score:.3}"),
        (Some(score), None) => {
            let sign = if answer.verdict == Verdict::Live {
                ">"
            } else {
                "<="
            };
            format!(
                "{verdict} {score:.3} {sign} {:.3}",
                predictor.threshold().value
            )
        }
        (None, None) => verdict,
    }
}

/// The whole image in a panel, with the face in the verdict's colour and what the network saw in
/// white.
fn photo(image: &RgbImage, answer: &FrameAnswer) -> RgbImage {
    let whole = FaceBox::whole(image.width().max(1), image.height().max(1));
    let square = whole.square(1.0);
    let mut panel = crop(image, square, PANEL, Interpolation::Area, false);
    let place = |b: FaceBox| {
        let scale = PANEL as f32 / square.w;
        FaceBox {
            x: (b.x - square.x) * scale,
            y: (b.y - square.y) * scale,
            w: b.w * scale,
            h: b.h * scale,
        }
    };
    if let Some(region) = answer.region {
        outline(&mut panel, place(region), 1, INK);
    }
    if let Some(face) = answer.face {
        outline(&mut panel, place(face), 3, color(answer.verdict));
    }
    panel
}

/// Writes the picture as `FOLDER/PLACE.png`.
pub(super) fn save(folder: &Path, place: &Path, picture: &RgbImage) -> anyhow::Result<()> {
    let mut name = folder.join(place).into_os_string();
    name.push(".png");
    let path = Path::new(&name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    write_atomic(path, &encode_png(picture)?)?;
    Ok(())
}

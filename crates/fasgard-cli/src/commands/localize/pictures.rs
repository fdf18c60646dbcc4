//! Pictures for the eye: what the network saw, where the attack is, where the maps say it is.

use std::path::Path;

use fasgard_image::{
    ColorMap, DecodeLimits, FaceBox, Interpolation, Rgb, RgbImage, crop, decode, encode_png,
    write_atomic,
};

use super::evidence::Evidence;
use super::set::Set;
use super::{Job, spread};
use crate::commands::canvas::{LETTER, over, paste, write as letters};

/// Side of a panel in pixels.
const PANEL: u32 = 192;
/// Room between panels.
const GAP: u32 = 8;
/// Height of the line below a panel.
const LINE: u32 = LETTER + 10;
const PAPER: [u8; 3] = [0x1b, 0x1f, 0x24];
const INK: [u8; 3] = [0xf2, 0xf2, 0xee];

/// Writes `000.png`, ... into `folder`: a picture a sample.
pub(super) fn write(
    job: &Job<'_>,
    set: &Set,
    (name, evidence): &(&str, &Evidence),
    folder: &Path,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let preprocess = &job.model.card.preprocess;
    for (number, i) in spread(job.args.picture_count, set.samples.len())
        .into_iter()
        .enumerate()
    {
        let sample = &set.samples[i];
        let limits = DecodeLimits::default();
        let image = decode(sample.image_path(), &limits, preprocess.exif_orientation)?;
        let seen = preprocess.crop(&image, sample.row.face);
        let whole = FaceBox::whole(seen.width(), seen.height());
        let seen = crop(&seen, whole, PANEL, Interpolation::Bilinear, false);
        let mut panels = vec![("input".to_owned(), seen.clone())];
        // All maps show live as 1.
        let show = |side: usize, attack: &[f32]| {
            let live: Vec<f32> = attack.iter().map(|v| 1.0 - v).collect();
            over(&seen, side, &live, ColorMap::Verdict)
        };
        if let Some(truth) = set.truths[i].first() {
            let label = format!("truth {0}x{0}", truth.side);
            panels.push((label, show(truth.side, &truth.shares)));
        }
        let maps = evidence.maps[i].iter().flatten();
        for (&side, map) in set.sides.iter().zip(maps) {
            panels.push((format!("{name} {side}x{side}"), show(side, map)));
        }
        let path = folder.join(format!("{number:03}.png"));
        write_atomic(&path, &encode_png(&row(&panels))?)?;
    }
    Ok(())
}

/// Panels side by side with their labels below.
fn row(panels: &[(String, RgbImage)]) -> RgbImage {
    let count = panels.len() as u32;
    let size = (count * PANEL + (count + 1) * GAP, PANEL + LINE + 2 * GAP);
    let mut picture = RgbImage::from_pixel(size.0, size.1, Rgb(PAPER));
    for (i, (label, panel)) in panels.iter().enumerate() {
        let x = GAP + i as u32 * (PANEL + GAP);
        paste(&mut picture, panel, x, GAP);
        letters(&mut picture, x, GAP + PANEL + 6, label, INK);
    }
    picture
}

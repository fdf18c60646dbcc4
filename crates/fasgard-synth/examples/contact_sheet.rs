//! Writes a contact sheet: a row per presentation, then masks and depth, a column per identity.
//!
//! `cargo run --release -p fasgard-synth --example contact_sheet -- SHEET.png [COLUMNS] [FIRST] [SIDE] [NAMES]`

use std::error::Error;

use fasgard_synth::{Capture, CaptureOptions, Identity, Presentation, capture};
use image::{DynamicImage, GrayImage, RgbImage, imageops};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments
        .next()
        .ok_or("give the path of the PNG to write")?;
    let mut number = |default: u32| arguments.next().map_or(Ok(default), |a| a.parse::<u32>());
    let (columns, first, side) = (number(8)?, number(0)?, number(160)?);
    let names = arguments.next();
    let shown: Vec<Presentation> = match names {
        Some(list) => list.split(',').map(str::parse).collect::<Result<_, _>>()?,
        None => Presentation::ALL.to_vec(),
    };
    let options = CaptureOptions::with_side(side);
    let maps = shown
        .iter()
        .filter(|p| !matches!(p, Presentation::Print | Presentation::Replay))
        .count() as u32;
    let rows = shown.len() as u32 + 2 * maps;
    let mut sheet = RgbImage::new(columns * side, rows * side);
    for column in 0..columns {
        let identity = Identity::new(7, u64::from(first + column));
        let mut row = 0;
        let mut place = |picture: &RgbImage| {
            imageops::replace(
                &mut sheet,
                picture,
                i64::from(column * side),
                i64::from(row * side),
            );
            row += 1;
        };
        let captures: Vec<(Presentation, Capture)> = shown
            .iter()
            .map(|&p| (p, capture(&identity, p, 0, &options)))
            .collect();
        captures.iter().for_each(|(_, c)| place(&c.image));
        for (p, c) in &captures {
            if !matches!(p, Presentation::Print | Presentation::Replay) {
                place(&enlarged(&c.mask, side));
                place(&enlarged(&c.depth, side));
            }
        }
    }
    sheet.save(&path)?;
    Ok(())
}

fn enlarged(map: &GrayImage, side: u32) -> RgbImage {
    let map = imageops::resize(map, side, side, imageops::FilterType::Triangle);
    DynamicImage::ImageLuma8(map).to_rgb8()
}

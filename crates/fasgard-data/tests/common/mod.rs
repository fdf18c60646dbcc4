//! Small images and folders of them.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use fasgard_data::{
    Balance, EpochUnit, LoaderError, ManifestRow, PrepareOptions, PrepareSummary, Progress,
    RelativePath, Sample, SamplingConfig, TargetSpec, TrainLoader, layout, prepare,
};
use fasgard_image::{AugmentConfig, FaceBox, Preprocess, Rgb, RgbImage, encode_jpeg};
use fasgard_metrics::Label;

/// A picture that no other `seed` gives.
pub fn picture(width: u32, height: u32, seed: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let v = |k: u32| ((x * (3 + k) + y * (5 + seed % 7) + seed * 37 + k * 50) % 256) as u8;
        Rgb([v(0), v(1), v(2)])
    })
}

pub fn write_file(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

pub fn write_jpeg(path: &Path, width: u32, height: u32, seed: u32) {
    write_file(
        path,
        &encode_jpeg(&picture(width, height, seed), 90).unwrap(),
    );
}

/// Prepares a folder, or a list by the `csv` layout, without faces; the error in words.
pub fn prepared(
    input: &Path,
    output: &Path,
    options: &PrepareOptions,
) -> Result<PrepareSummary, String> {
    let layout = layout::by_name(if input.is_dir() { "folder" } else { "csv" }).unwrap();
    prepare(layout, input, output, options, None, &go_on).map_err(|e| e.to_string())
}

pub fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Every file below a folder, by its path.
pub fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, name: &str, out: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{name}/{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                walk(&path, &name, out);
            } else {
                out.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(folder, "", &mut out);
    out
}

/// Runs in a pool of `threads` threads.
pub fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(work)
}

/// `live/` and `attack/` in three splits, `each` images of each class in each.
pub fn folder_tree(root: &Path, each: u32) {
    for (s, split) in ["train", "dev", "test"].iter().enumerate() {
        for i in 0..each {
            let seed = s as u32 * 1000 + i;
            write_jpeg(&root.join(format!("{split}/live/p{i}.jpg")), 60, 48, seed);
            let species = if i % 2 == 0 { "print/1" } else { "replay" };
            let path = root.join(format!("{split}/attack/{species}/a{i}.jpg"));
            write_jpeg(&path, 48, 60, seed + 500);
        }
    }
}

pub const SIZE: u32 = 16;

pub fn preprocess() -> Preprocess {
    Preprocess {
        size: SIZE,
        mean: [0.0; 3],
        std: [1.0; 3],
        ..Preprocess::default()
    }
}

pub fn lively() -> AugmentConfig {
    AugmentConfig {
        flip: 0.5,
        crop_scale: Some([1.0, 1.5]),
        shift: 0.1,
        brightness: [-30.0, 30.0],
        ..AugmentConfig::default()
    }
}

pub fn sample(root: &Path, name: &str, species: Option<&str>, video: Option<&str>) -> Sample {
    let image = RelativePath::new(&format!("{name}.jpg")).unwrap();
    let label = if species.is_some() {
        Label::Attack
    } else {
        Label::Live
    };
    let species = species.map(|s| s.parse().unwrap());
    let mut row = ManifestRow::new("set", name, label, species, image);
    row.video = video.map(str::to_owned);
    row.face = Some(FaceBox {
        x: 6.0,
        y: 6.0,
        w: 20.0,
        h: 20.0,
    });
    Sample {
        root: Arc::from(root),
        row,
    }
}

/// 12 live, 4 print/1, 2 replay/1; images only with `files`.
pub fn rows(root: &Path, files: bool) -> Vec<Sample> {
    let species = |i| match i {
        0..12 => None,
        12..16 => Some("print/1"),
        _ => Some("replay/1"),
    };
    (0..18)
        .map(|i| {
            let name = format!("s{i:02}");
            if files {
                write_jpeg(&root.join(format!("{name}.jpg")), 32, 32, i);
            }
            sample(root, &name, species(i), None)
        })
        .collect()
}

pub fn loader(
    rows: Vec<Sample>,
    sampling: SamplingConfig,
    batch: usize,
    seed: u64,
) -> Result<TrainLoader, LoaderError> {
    let targets = TargetSpec {
        mask: Some(4),
        depth: None,
    };
    TrainLoader::new(rows, preprocess(), lively(), sampling, targets, batch, seed)
}

pub fn sampling(epoch: EpochUnit, balance: Balance) -> SamplingConfig {
    SamplingConfig { epoch, balance }
}

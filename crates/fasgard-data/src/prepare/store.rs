//! One sample: read, cut, stored.

use std::path::Path;

use fasgard_image::{
    FaceBox, GrayImage, Interpolation, Outside, RgbImage, crop, decode_bytes, decode_gray,
    encode_jpeg, encode_png, encode_png_gray, read_bounded, resample_map,
};

use super::crop::Cut;
use super::names::Job;
use super::output::write_folder_file;
use super::{Failure, MAP_SIDE, PrepareError, PrepareOptions, StoredFormat, sha256_hex};
use crate::manifest::{ManifestRow, RelativePath};

/// Stores a sample and returns its row; the inner error is the sample's own and does not stop the
/// work, the outer one (the output is not writable) does.
pub(super) fn store(
    job: &Job<'_>,
    root: &Path,
    output: &Path,
    options: &PrepareOptions,
) -> Result<Result<ManifestRow, Failure>, PrepareError> {
    match Stored::read(job, root, options) {
        Ok(stored) => {
            for (path, bytes) in &stored.files {
                write_folder_file(&path.under(output), bytes)?;
            }
            Ok(Ok(stored.row))
        }
        Err(reason) => Ok(Err(Failure {
            sample: job.row.sample.clone(),
            path: job.row.image.to_string(),
            reason,
        })),
    }
}

struct Stored {
    row: ManifestRow,
    files: Vec<(RelativePath, Vec<u8>)>,
}

impl Stored {
    fn read(job: &Job<'_>, root: &Path, options: &PrepareOptions) -> Result<Self, String> {
        let path = job.row.image.under(root);
        let bytes = read_bounded(&path, &options.limits).map_err(|e| e.to_string())?;
        let image =
            decode_bytes(&path, &bytes, &options.limits, true).map_err(|e| e.to_string())?;
        let (width, height) = image.dimensions();
        let cut = Cut::new(options.crop, job.row.face, width, height)?;
        let mut row = job.row.clone();
        let (bytes, extension, frame) = match cut {
            None => (bytes, extension(job.row), FaceBox::whole(width, height)),
            Some(cut) => {
                let side = cut.stored_side(options.max_side);
                let cropped = if side == cut.side {
                    cut.copy(&image)
                } else {
                    crop(&image, cut.region, side, Interpolation::Bilinear, false)
                };
                row.face = Some(cut.stored_face(side));
                row.eyes = row.eyes.map(|eyes| cut.stored_eyes(eyes, side));
                let (bytes, extension) = encoded(&cropped, options.format)?;
                (bytes, extension, cut.region)
            }
        };
        row.sha256 = Some(sha256_hex(&bytes));
        row.image = stored_path("faces", &job.stem, &extension)?;
        let mut files = vec![(row.image.clone(), bytes)];
        let map = |source: &Option<RelativePath>, folder: &str, outside| {
            let Some(source) = source else {
                return Ok(None);
            };
            let map =
                decode_gray(source.under(root), &options.limits).map_err(|e| e.to_string())?;
            let region = frame.rescaled((width, height), map.dimensions());
            let png = map_png(&map, region, outside)?;
            Ok::<_, String>(Some((stored_path(folder, &job.stem, "png")?, png)))
        };
        let mask = map(&job.row.mask, "masks", Outside::Edge)?;
        let depth = map(&job.row.depth, "depth", Outside::Zero)?;
        row.mask = mask.as_ref().map(|(path, _)| path.clone());
        row.depth = depth.as_ref().map(|(path, _)| path.clone());
        files.extend(mask);
        files.extend(depth);
        Ok(Self { row, files })
    }
}

/// The source's extension in lower case.
fn extension(row: &ManifestRow) -> String {
    match row.image.as_str().rsplit_once('.') {
        Some((_, extension)) if crate::layout::is_image(row.image.as_str()) => {
            extension.to_ascii_lowercase()
        }
        _ => "img".to_owned(),
    }
}

fn stored_path(folder: &str, stem: &str, extension: &str) -> Result<RelativePath, String> {
    let path = format!("{folder}/{stem}.{extension}");
    RelativePath::new(&path).map_err(|expected| format!("expected {expected}, found `{path}`"))
}

fn encoded(image: &RgbImage, format: StoredFormat) -> Result<(Vec<u8>, String), String> {
    match format {
        StoredFormat::Jpeg { quality } => {
            encode_jpeg(image, quality).map(|bytes| (bytes, "jpg".to_owned()))
        }
        StoredFormat::Png => encode_png(image).map(|bytes| (bytes, "png".to_owned())),
    }
    .map_err(|e| e.to_string())
}

/// The part of a map under `region` (in its own pixels) as a PNG of the stored side.
fn map_png(map: &GrayImage, region: FaceBox, outside: Outside) -> Result<Vec<u8>, String> {
    let values = resample_map(map, region, MAP_SIDE, outside, false);
    let bytes = values.iter().map(|v| (v * 255.0).round() as u8).collect();
    let stored = GrayImage::from_raw(MAP_SIDE, MAP_SIDE, bytes)
        .ok_or_else(|| format!("expected {MAP_SIDE} x {MAP_SIDE} values of a map"))?;
    encode_png_gray(&stored).map_err(|e| e.to_string())
}

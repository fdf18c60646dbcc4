//! One frame: cut and stored.

use std::path::Path;

use fasgard_image::{
    FaceBox, GrayImage, Outside, RgbImage, decode_gray, encode_jpeg, encode_png, encode_png_gray,
    resample_map,
};

use super::crop::Cut;
use super::depth::{DEPTH_ATTRIBUTE, depth_map};
use super::face::Found;
use super::{MAP_SIDE, PrepareOptions, StoredFormat, sha256_hex};
use crate::manifest::{ManifestRow, RelativePath};

/// A frame to be stored.
pub(super) struct Frame<'a> {
    pub(super) image: &'a RgbImage,
    /// The bytes and the extension of the file, if the frame is one.
    pub(super) file: Option<(&'a [u8], String)>,
    /// The row as it is known so far; its maps are paths below `root`.
    pub(super) row: ManifestRow,
    pub(super) root: &'a Path,
    /// The path below `faces/`, `masks/` and `depth/`, without extension.
    pub(super) stem: &'a str,
}

/// The row of a stored frame and its files.
pub(super) struct Stored {
    pub(super) row: ManifestRow,
    pub(super) files: Vec<(RelativePath, Vec<u8>)>,
}

impl Frame<'_> {
    /// Cuts and encodes; the reason in words if that cannot be done.
    pub(super) fn stored(self, found: &Found, options: &PrepareOptions) -> Result<Stored, String> {
        let (width, height) = self.image.dimensions();
        let mut row = self.row;
        let cut = Cut::new(
            options.crop,
            options.wide_scale(),
            found.face,
            found.eyes,
            width,
            height,
        )?;
        let (bytes, extension, frame) = match (&cut, self.file) {
            (None, Some((bytes, extension))) => {
                (bytes.to_vec(), extension, FaceBox::whole(width, height))
            }
            (None, None) => {
                row.face = found.face;
                row.eyes = found.eyes;
                let (bytes, extension) = encoded(self.image, options.format)?;
                (bytes, extension, FaceBox::whole(width, height))
            }
            (Some(cut), _) => {
                let side = cut.stored_side(options.max_side);
                row.face = Some(cut.stored_face(side));
                row.eyes = found.eyes.map(|eyes| cut.stored_eyes(eyes, side));
                let (bytes, extension) = encoded(&cut.pixels(self.image, side), options.format)?;
                (bytes, extension, cut.region)
            }
        };
        row.sha256 = Some(sha256_hex(&bytes));
        row.image = stored_path("faces", self.stem, &extension)?;
        let mut files = vec![(row.image.clone(), bytes)];
        let turned = cut.is_some_and(|c| c.angle != 0.0);
        let map = |source: &Option<RelativePath>, folder: &str, outside| {
            let Some(source) = source else {
                return Ok(None);
            };
            if turned {
                return Err(format!(
                    "expected no map of its own with the crop policy `eyes`, found `{source}`; use `box`"
                ));
            }
            let map =
                decode_gray(source.under(self.root), &options.limits).map_err(|e| e.to_string())?;
            let region = frame.rescaled((width, height), map.dimensions());
            let png = map_png(&map, region, outside)?;
            Ok::<_, String>(Some((stored_path(folder, self.stem, "png")?, png)))
        };
        let mask = map(&row.mask, "masks", Outside::Edge)?;
        let depth = match &row.depth {
            Some(_) => map(&row.depth, "depth", Outside::Zero)?,
            None => {
                let to_crop = |[x, y]: [f32; 2]| match &cut {
                    Some(cut) => cut.part_of_crop([x, y]),
                    None => [x / width as f32, y / height as f32],
                };
                let (map, source) = depth_map(row.label, found, options, to_crop);
                if let Some(source) = source {
                    row.attributes
                        .insert(DEPTH_ATTRIBUTE, source)
                        .map_err(|e| e.to_string())?;
                }
                match map {
                    Some(map) => {
                        let png = encode_png_gray(&map).map_err(|e| e.to_string())?;
                        Some((stored_path("depth", self.stem, "png")?, png))
                    }
                    None => None,
                }
            }
        };
        let hash = |(_, bytes): &(_, Vec<u8>)| sha256_hex(bytes).into();
        row.mask_sha256 = mask.as_ref().map(hash);
        row.depth_sha256 = depth.as_ref().map(hash);
        row.mask = mask.as_ref().map(|(path, _)| path.clone());
        row.depth = depth.as_ref().map(|(path, _)| path.clone());
        files.extend(mask);
        files.extend(depth);
        Ok(Stored { row, files })
    }
}

/// An image file's extension in lower case.
pub(super) fn extension(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((_, extension)) if crate::layout::is_image(name) => extension.to_ascii_lowercase(),
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

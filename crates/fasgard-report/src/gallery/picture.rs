//! Pictures of samples: the face as the network sees it, its annotated mask, maps as tiles.

use std::collections::HashMap;

use fasgard_data::{Dataset, Sample};
use fasgard_image::{
    ColorMap, DecodeLimits, Interpolation, Outside, Preprocess, Rgb, RgbImage, crop, decode,
    decode_gray, resample_map,
};

use crate::{
    data_uri,
    error::ReportError,
    maps::{Map, MapTarget},
};

const JPEG_QUALITY: u8 = 78;
/// Side of the annotated mask's tile.
const TRUTH_SIDE: u32 = 32;

/// The images of prepared datasets by (dataset, sample).
#[derive(Default)]
pub(crate) struct Pictures<'a> {
    samples: HashMap<(&'a str, &'a str), &'a Sample>,
}

impl<'a> Pictures<'a> {
    /// The pictures of a dataset.
    pub(crate) fn new(dataset: Option<&'a Dataset>) -> Self {
        let samples = dataset.map_or(&[][..], Dataset::samples);
        Self {
            samples: samples
                .iter()
                .map(|s| ((s.row.dataset.as_str(), s.row.sample.as_str()), s))
                .collect(),
        }
    }

    /// The crop the network sees, at no more than `most` pixels a side, as a `data:` URI, and the
    /// annotated mask of the same crop, if there is one. `Err` says why there is no picture.
    pub(crate) fn face(
        &self,
        dataset: &str,
        sample: &str,
        preprocess: &Preprocess,
        most: u32,
    ) -> Result<(String, Option<String>), String> {
        let sample = self
            .samples
            .get(&(dataset, sample))
            .ok_or("not in the datasets given")?;
        let path = sample.image_path();
        let limits = DecodeLimits::default();
        let image =
            decode(&path, &limits, preprocess.exif_orientation).map_err(|e| e.to_string())?;
        let (width, height) = image.dimensions();
        let region = preprocess.crop_region(sample.row.face, width, height);
        // First what the network sees, then down to the page's size if that is smaller.
        let seen = preprocess.crop(&image, sample.row.face);
        let shown = if seen.width() > most {
            let whole = fasgard_image::FaceBox::whole(seen.width(), seen.height());
            crop(&seen, whole, most, Interpolation::Area, false)
        } else {
            seen
        };
        let uri = data_uri::jpeg(&shown, JPEG_QUALITY).map_err(|e| e.to_string())?;
        let truth = match sample.mask_path() {
            Some(path) => {
                let mask = decode_gray(&path, &limits).map_err(|e| e.to_string())?;
                let place = region.rescaled((width, height), mask.dimensions());
                let values = resample_map(&mask, place, TRUTH_SIDE, Outside::Edge, false);
                let map = Map {
                    side: TRUTH_SIDE as usize,
                    values,
                };
                Some(tile(&map, MapTarget::Mask).map_err(|e| e.to_string())?)
            }
            None => None,
        };
        Ok((uri, truth))
    }
}

/// A map, one pixel a value, as a `data:` URI.
pub(crate) fn tile(map: &Map, target: MapTarget) -> Result<String, ReportError> {
    let colors = colors(target);
    let side = map.side as u32;
    let image = RgbImage::from_fn(side, side, |x, y| {
        let value = map.values.get((y * side + x) as usize);
        Rgb(colors.color(value.copied().unwrap_or(0.0)))
    });
    encode(&image)
}

/// The colours from 0 to 1 as a strip.
pub(crate) fn legend(target: MapTarget) -> Result<String, ReportError> {
    let colors = colors(target);
    encode(&RgbImage::from_fn(128, 1, |x, _| {
        Rgb(colors.color(x as f32 / 127.0))
    }))
}

fn colors(target: MapTarget) -> ColorMap {
    match target {
        MapTarget::Mask => ColorMap::Verdict,
        MapTarget::Depth => ColorMap::Depth,
    }
}

fn encode(image: &RgbImage) -> Result<String, ReportError> {
    data_uri::png(image).map_err(|e| ReportError::format("map tile", e.to_string()))
}

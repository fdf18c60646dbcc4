//! Untrusted bytes to upright RGB pixels, within bounds.

mod complete;
mod error;
mod jpeg;
mod limits;

use std::fmt::Display;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage,
};

use libjpeg_turbo_rs::JpegError;

pub use error::DecodeError;
pub use limits::DecodeLimits;

/// Reads at most [`DecodeLimits::max_bytes`] of a file.
///
/// # Errors
/// [`DecodeError::Read`], [`DecodeError::Empty`] or [`DecodeError::TooManyBytes`].
pub fn read_bounded(path: impl AsRef<Path>, limits: &DecodeLimits) -> Result<Vec<u8>, DecodeError> {
    let path = path.as_ref();
    let failed = |source| DecodeError::Read {
        path: path.to_owned(),
        source,
    };
    let too_many = |found| DecodeError::TooManyBytes {
        path: path.to_owned(),
        found,
        limit: limits.max_bytes,
    };
    let mut file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if size > limits.max_bytes {
        return Err(too_many(size));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // The size may be unknown (a pipe) or change meanwhile: the reading itself is bounded too.
    file.by_ref()
        .take(limits.max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    match bytes.len() as u64 {
        0 => Err(DecodeError::Empty {
            path: path.to_owned(),
        }),
        found if found > limits.max_bytes => Err(too_many(found)),
        _ => Ok(bytes),
    }
}

/// Decodes a file to 8-bit RGB: [`read_bounded`], then [`decode_bytes`].
///
/// # Errors
/// Any [`DecodeError`].
pub fn decode(
    path: impl AsRef<Path>,
    limits: &DecodeLimits,
    honour_exif: bool,
) -> Result<RgbImage, DecodeError> {
    let bytes = read_bounded(&path, limits)?;
    decode_bytes(path, &bytes, limits, honour_exif)
}

/// Decodes JPEG, PNG, WebP (first frame) or BMP content to 8-bit RGB; `name` is for messages only.
///
/// The format is taken from the content, never from the name. With `honour_exif` the image is
/// turned upright as its EXIF orientation says; without, pixels stay as stored. Grey becomes three
/// equal channels, 16-bit samples are rounded to 8, CMYK is converted, and a transparent pixel is
/// composited over black, the colour that crops have outside the image. JPEG pixels of grey
/// and three-component files are those of libjpeg-turbo (browsers, Pillow, OpenCV), value by value.
///
/// # Errors
/// Any [`DecodeError`] but [`DecodeError::Read`]. A file that ends before its image does is an
/// error; bytes after the image are not.
pub fn decode_bytes(
    name: impl AsRef<Path>,
    bytes: &[u8],
    limits: &DecodeLimits,
    honour_exif: bool,
) -> Result<RgbImage, DecodeError> {
    decode_dynamic(name.as_ref(), bytes, limits, honour_exif).map(over_black)
}

/// Decodes a single-channel map (mask, depth) to 8 bits, in stored orientation; `name` is for
/// messages only. Colour files become luma.
///
/// # Errors
/// As [`decode_bytes`].
pub fn decode_gray_bytes(
    name: impl AsRef<Path>,
    bytes: &[u8],
    limits: &DecodeLimits,
) -> Result<GrayImage, DecodeError> {
    decode_dynamic(name.as_ref(), bytes, limits, false).map(DynamicImage::into_luma8)
}

/// Decodes a single-channel map (mask, depth) from a file: see [`decode_gray_bytes`].
///
/// # Errors
/// Any [`DecodeError`].
pub fn decode_gray(
    path: impl AsRef<Path>,
    limits: &DecodeLimits,
) -> Result<GrayImage, DecodeError> {
    let bytes = read_bounded(&path, limits)?;
    decode_gray_bytes(path, &bytes, limits)
}

/// What an image says of itself before its pixels are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageHeader {
    /// The content's media type, such as `image/jpeg`.
    pub media_type: &'static str,
    /// Width in pixels as stored, before any EXIF orientation.
    pub width: u32,
    /// Height in pixels as stored.
    pub height: u32,
}

/// Checks all that can be checked of an image without decoding it: format, size against the limits,
/// and whether the file reaches the image's end. `name` is for messages only.
///
/// # Errors
/// Any [`DecodeError`] but [`DecodeError::Read`]. Content that is damaged further in is found by
/// [`decode_bytes`] only.
pub fn read_header(
    name: impl AsRef<Path>,
    bytes: &[u8],
    limits: &DecodeLimits,
) -> Result<ImageHeader, DecodeError> {
    let (format, decoder) = open(name.as_ref(), bytes, limits)?;
    let (width, height) = decoder.dimensions();
    Ok(ImageHeader {
        media_type: format.to_mime_type(),
        width,
        height,
    })
}

/// A decoder whose header was checked against the limits, of a file that is whole.
fn open<'a>(
    path: &Path,
    bytes: &'a [u8],
    limits: &DecodeLimits,
) -> Result<(ImageFormat, impl ImageDecoder + use<'a>), DecodeError> {
    let (format, name) = format_of(path, bytes, limits)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    // Dimensions are checked below, with a better message than the decoder's own.
    let mut early = Limits::no_limits();
    early.max_alloc = Some(limits.max_alloc);
    reader.limits(early);
    let decoder = reader
        .into_decoder()
        .map_err(|error| malformed(path, name, &error))?;
    let (width, height) = decoder.dimensions();
    check_size(path, width, height, decoder.total_bytes(), limits)?;
    let whole = match format {
        ImageFormat::Jpeg => complete::jpeg(bytes),
        ImageFormat::Png => complete::png(bytes),
        ImageFormat::WebP => complete::webp(bytes),
        _ => Ok(()),
    };
    whole.map_err(|detail| truncated(path, name, detail, bytes))?;
    Ok((format, decoder))
}

fn malformed(path: &Path, format: &'static str, error: &dyn Display) -> DecodeError {
    DecodeError::Malformed {
        path: path.to_owned(),
        format,
        detail: error.to_string(),
    }
}

fn truncated(path: &Path, format: &'static str, detail: &'static str, bytes: &[u8]) -> DecodeError {
    DecodeError::Truncated {
        path: path.to_owned(),
        format,
        detail,
        bytes: bytes.len() as u64,
    }
}

fn decode_dynamic(
    path: &Path,
    bytes: &[u8],
    limits: &DecodeLimits,
    honour_exif: bool,
) -> Result<DynamicImage, DecodeError> {
    let (format, mut decoder) = open(path, bytes, limits)?;
    let name = name_of(format);
    let mut inner = Limits::no_limits();
    inner.max_image_width = Some(limits.max_width);
    inner.max_image_height = Some(limits.max_height);
    inner.max_alloc = Some(limits.max_alloc);
    decoder
        .set_limits(inner)
        .map_err(|error| malformed(path, name, &error))?;
    // A file whose EXIF data cannot be read is still an image: it stays as stored.
    let orientation = honour_exif.then(|| decoder.orientation().ok()).flatten();
    let ended = || truncated(path, name, "expected more pixel data", bytes);
    let exact = match format {
        ImageFormat::Jpeg => jpeg::pixels(bytes, limits).map_err(|error| match &error {
            JpegError::UnexpectedEof => ended(),
            _ => malformed(path, name, &error),
        })?,
        _ => None,
    };
    let mut image = match exact {
        Some(image) => image,
        None => DynamicImage::from_decoder(decoder).map_err(|error| match &error {
            ImageError::IoError(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => ended(),
            _ => malformed(path, name, &error),
        })?,
    };
    if let Some(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok(image)
}

fn format_of(
    path: &Path,
    bytes: &[u8],
    limits: &DecodeLimits,
) -> Result<(ImageFormat, &'static str), DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty {
            path: path.to_owned(),
        });
    }
    if bytes.len() as u64 > limits.max_bytes {
        return Err(DecodeError::TooManyBytes {
            path: path.to_owned(),
            found: bytes.len() as u64,
            limit: limits.max_bytes,
        });
    }
    match image::guess_format(bytes) {
        Ok(
            format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Bmp),
        ) => Ok((format, name_of(format))),
        other => Err(DecodeError::NotAnImage {
            path: path.to_owned(),
            found: match other {
                Ok(format) => format!("{format:?}"),
                Err(_) => format!(
                    "{} bytes that begin with {:02x?}",
                    bytes.len(),
                    &bytes[..bytes.len().min(8)]
                ),
            },
        }),
    }
}

/// The name of a supported format.
fn name_of(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Png => "PNG",
        ImageFormat::WebP => "WebP",
        _ => "BMP",
    }
}

fn check_size(
    path: &Path,
    width: u32,
    height: u32,
    total_bytes: u64,
    limits: &DecodeLimits,
) -> Result<(), DecodeError> {
    let limit = if width > limits.max_width || height > limits.max_height {
        format!("{} x {} pixels", limits.max_width, limits.max_height)
    } else if u64::from(width) * u64::from(height) > limits.max_pixels {
        format!("{} pixels in all", limits.max_pixels)
    } else if total_bytes > limits.max_alloc {
        format!("{} bytes of pixels", limits.max_alloc)
    } else {
        return Ok(());
    };
    Err(DecodeError::TooLarge {
        path: path.to_owned(),
        width,
        height,
        limit,
    })
}

fn over_black(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let rgba = image.into_rgba8();
    let mut out = RgbImage::new(rgba.width(), rgba.height());
    for (to, from) in out.pixels_mut().zip(rgba.pixels()) {
        let [r, g, b, a] = from.0.map(u32::from);
        to.0 = [r, g, b].map(|c| ((c * a + 127) / 255) as u8);
    }
    out
}

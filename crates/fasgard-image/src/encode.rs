//! Pixels to file content.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, GrayImage, ImageEncoder, ImageError, RgbImage};

/// An image that no encoder takes: a side of zero, or beyond the format (65,535 for JPEG).
#[derive(Debug, thiserror::Error)]
#[error("cannot encode {width} x {height} pixels as {format}: {source}")]
pub struct EncodeError {
    /// The format.
    pub format: &'static str,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The encoder's answer.
    pub source: ImageError,
}

/// JPEG content: baseline, three components without chroma subsampling (4:4:4), the standard
/// quantisation tables scaled to `quality` (1 to 100, clamped).
///
/// # Errors
/// [`EncodeError`] if a side is zero or above 65,535.
pub fn encode_jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(image)
        .map_err(|source| failed("JPEG", image.dimensions(), source))?;
    Ok(bytes)
}

/// PNG content, 8-bit RGB.
///
/// # Errors
/// [`EncodeError`] if a side is zero.
pub fn encode_png(image: &RgbImage) -> Result<Vec<u8>, EncodeError> {
    png(image.as_raw(), image.dimensions(), ExtendedColorType::Rgb8)
}

/// PNG content, 8-bit grey.
///
/// # Errors
/// [`EncodeError`] if a side is zero.
pub fn encode_png_gray(image: &GrayImage) -> Result<Vec<u8>, EncodeError> {
    png(image.as_raw(), image.dimensions(), ExtendedColorType::L8)
}

fn png(
    pixels: &[u8],
    (width, height): (u32, u32),
    color: ExtendedColorType,
) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(pixels, width, height, color)
        .map_err(|source| failed("PNG", (width, height), source))?;
    Ok(bytes)
}

fn failed(format: &'static str, (width, height): (u32, u32), source: ImageError) -> EncodeError {
    EncodeError {
        format,
        width,
        height,
        source,
    }
}

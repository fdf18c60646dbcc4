//! JPEG pixels as libjpeg-turbo makes them, value by value.
//!
//! Browsers, Pillow and OpenCV decode with libjpeg-turbo. A decoder that rounds otherwise (the colours of
//! 4:2:0 above all) differs from it by a few values in one pixel of twenty, which was seen to move a score
//! by 0.003: the page and the service would answer differently to one photo, and a model trained
//! elsewhere would see other pixels here.

use image::{DynamicImage, GrayImage, RgbImage};
use libjpeg_turbo_rs::{Decoder, JpegError, PixelFormat};

use super::DecodeLimits;

/// A real progressive file has about ten scans, and 192 send every coefficient by itself. Each costs a pass
/// over the whole image, whatever its length.
const MAX_SCANS: usize = 256;

/// The pixels of a JPEG of one or three components and eight bits; `None`: another kind, whose conversion
/// to RGB libjpeg-turbo does not define (CMYK).
///
/// # Errors
/// The decoder's reason.
pub(super) fn pixels(
    bytes: &[u8],
    limits: &DecodeLimits,
) -> Result<Option<DynamicImage>, JpegError> {
    let bounds = libjpeg_turbo_rs::DecodeLimits {
        max_width: limits.max_width as usize,
        max_height: limits.max_height as usize,
        max_pixels: limits.max_pixels,
        max_scans: MAX_SCANS,
        // Output, planes and, of progressive files, coefficients: 6 to 12 bytes a pixel, of which the
        // decoder's own estimate is the double.
        max_memory: Some(limits.max_pixels.saturating_mul(24)),
    };
    let mut decoder = Decoder::new_with_limits(bytes, bounds)?;
    let format = match decoder.header().components.len() {
        1 => PixelFormat::Grayscale,
        3 => PixelFormat::Rgb,
        _ => return Ok(None),
    };
    decoder.set_output_format(format);
    let image = decoder.decode_image()?;
    let size = |n: usize| u32::try_from(n).map_err(|_| JpegError::UnexpectedEof);
    let (width, height) = (size(image.width)?, size(image.height)?);
    let image = match format {
        PixelFormat::Grayscale => {
            GrayImage::from_raw(width, height, image.data).map(DynamicImage::ImageLuma8)
        }
        _ => RgbImage::from_raw(width, height, image.data).map(DynamicImage::ImageRgb8),
    };
    image.map(Some).ok_or(JpegError::UnexpectedEof)
}

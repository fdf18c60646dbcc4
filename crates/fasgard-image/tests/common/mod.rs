//! Images made by hand for the tests.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test's own images are well formed")]

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// A smooth image without symmetry: every orientation of it differs.
pub(crate) fn gradient(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([
            (x * 200 / width) as u8 + 20,
            (y * 200 / height) as u8 + 20,
            ((x + 2 * y) * 80 / (width + height)) as u8 + 60,
        ])
    })
}

/// Pixels without any smoothness, the same on every call.
pub(crate) fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(width, height, |_, _| {
        Rgb([0; 3].map(|_: i32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        }))
    })
}

pub(crate) fn encoded(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::from(image.clone())
        .write_to(&mut out, format)
        .unwrap();
    out.into_inner()
}

/// `jpeg` with an EXIF segment after its start marker: one little-endian IFD that holds the
/// orientation, then `tail` (where cameras put a thumbnail).
pub(crate) fn with_exif(jpeg: &[u8], orientation: u8, tail: &[u8]) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0".to_vec();
    exif.extend([1, 0]); // one entry
    exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    exif.extend([0; 4]); // no next IFD
    exif.extend(tail);
    let mut out = jpeg[..2].to_vec();
    out.extend([0xFF, 0xE1]);
    out.extend((exif.len() as u16 + 2).to_be_bytes());
    out.extend(exif);
    out.extend(&jpeg[2..]);
    out
}

/// An 8 x 8 baseline JPEG of four constant components, as Adobe software writes CMYK (255 is no ink).
pub(crate) fn cmyk_jpeg(components: [u8; 4]) -> Vec<u8> {
    let mut out = vec![0xFF, 0xD8];
    let mut segment = |marker: u8, body: &[u8]| {
        out.extend([0xFF, marker]);
        out.extend((body.len() as u16 + 2).to_be_bytes());
        out.extend(body);
    };
    segment(0xEE, b"Adobe\0\x64\0\0\0\0\0");
    let mut table = vec![0_u8];
    table.extend([8; 64]);
    segment(0xDB, &table);
    let mut frame = vec![8, 0, 8, 0, 8, 4];
    (1..=4).for_each(|id| frame.extend([id, 0x11, 0]));
    segment(0xC0, &frame);
    // Categories 0 to 8 as nine codes of four bits; end of block as one code of one bit.
    let mut dc = vec![0x00, 0, 0, 0, 9];
    dc.extend([0; 12]);
    dc.extend(0..=8);
    segment(0xC4, &dc);
    let mut ac = vec![0x10, 1];
    ac.extend([0; 16]);
    segment(0xC4, &ac);
    let mut scan = vec![4];
    (1..=4).for_each(|id| scan.extend([id, 0]));
    scan.extend([0, 63, 0]);
    segment(0xDA, &scan);
    // With a quantiser of 8 the mean of a block is its DC value plus 128.
    let mut bits = String::new();
    for value in components {
        let dc = i32::from(value) - 128;
        let category = 32 - dc.unsigned_abs().leading_zeros();
        bits += &format!("{category:04b}");
        let code = if dc < 0 { dc + (1 << category) - 1 } else { dc };
        if category > 0 {
            bits += &format!("{code:0width$b}", width = category as usize);
        }
        bits += "0";
    }
    while !bits.len().is_multiple_of(8) {
        bits += "1";
    }
    for byte in bits.as_bytes().chunks(8) {
        let byte = u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap();
        out.push(byte);
        if byte == 0xFF {
            out.push(0);
        }
    }
    out.extend([0xFF, 0xD9]);
    out
}

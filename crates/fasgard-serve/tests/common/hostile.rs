//! Bodies that are no image, or a hostile one.

#![allow(dead_code, clippy::unwrap_used)]

use super::{jpeg, png};

/// A PNG whose header announces these sides; its pixels are one black row, packed.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = fasgard_image::encode_png(&fasgard_image::RgbImage::new(1, 1)).unwrap();
    // IHDR: length 4, type 4, then the sides; its checksum follows 13 bytes of data.
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// The checksum of PNG chunks (ISO 3309), bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 & (0_u32.wrapping_sub(sum & 1)))
        })
    })
}

/// An image that one or more hostile bytes follow or precede, and what becomes of it.
pub(crate) fn hostile() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let (png, jpeg) = (png(1), jpeg(1));
    let join = |a: &[u8], b: &[u8]| [a, b].concat();
    let mut bmp = b"BM".to_vec();
    bmp.extend([0xFF; 52]);
    let mut damaged = png.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    let mut long_chunk = png.clone();
    long_chunk[8..12].copy_from_slice(&[0xFF; 4]);
    vec![
        ("nothing", Vec::new(), "empty"),
        ("one byte", vec![0xFF], "not-an-image"),
        ("zeros", vec![0; 4096], "not-an-image"),
        (
            "a page",
            b"<html><script>alert(1)</script></html>".to_vec(),
            "not-an-image",
        ),
        (
            "a drawing",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            "not-an-image",
        ),
        (
            "an archive",
            b"PK\x03\x04\x14\x00\x00\x00".to_vec(),
            "not-an-image",
        ),
        (
            "a program",
            b"\x7fELF\x02\x01\x01\x00".to_vec(),
            "not-an-image",
        ),
        (
            "a GIF",
            b"GIF89a\x01\x00\x01\x00\x80\x00\x00;".to_vec(),
            "not-an-image",
        ),
        (
            "a PDF before a JPEG",
            join(b"%PDF-1.4\n", &jpeg),
            "not-an-image",
        ),
        ("half a JPEG", jpeg[..jpeg.len() / 2].to_vec(), "truncated"),
        ("half a PNG", png[..png.len() / 2].to_vec(), "truncated"),
        (
            "a JPEG without pixels",
            vec![0xFF, 0xD8, 0xFF, 0xD9],
            "malformed",
        ),
        ("a damaged PNG", damaged, "malformed"),
        ("a chunk of 4 GiB", long_chunk, "malformed"),
        ("a lying BMP", bmp, "malformed"),
        (
            "a bomb by its sides",
            bomb(60_000, 60_000),
            "too-many-pixels",
        ),
        (
            "a bomb by its pixels",
            bomb(5_000, 5_000),
            "too-many-pixels",
        ),
        ("no pixels at all", bomb(0, 10), "malformed"),
        ("fewer pixels than announced", bomb(500, 500), "malformed"),
    ]
}

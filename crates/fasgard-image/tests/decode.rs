//! What is decoded, what is refused, and how it is said.

mod common;

use common::{cmyk_jpeg, encoded, gradient, noise, with_exif};
use fasgard_image::{
    DecodeError, DecodeLimits, RgbImage, decode, decode_bytes, decode_gray, encode_jpeg,
    encode_png, encode_png_gray, write_atomic,
};
use image::{DynamicImage, ImageFormat, imageops};
use proptest::prelude::*;

fn plain(bytes: &[u8]) -> Result<RgbImage, DecodeError> {
    decode_bytes("test.bin", bytes, &DecodeLimits::default(), true)
}

fn largest_difference(a: &RgbImage, b: &RgbImage) -> u8 {
    assert_eq!(a.dimensions(), b.dimensions());
    let pairs = a.as_raw().iter().zip(b.as_raw());
    pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(u8::MAX)
}

#[test]
fn all_eight_exif_orientations() {
    let stored = gradient(40, 24);
    let jpeg = encode_jpeg(&stored, 95).unwrap();
    let decoded = plain(&jpeg).unwrap();
    // EXIF names where row 0 and column 0 of the stored pixels belong.
    let (w, h) = (40, 24);
    let upright = |orientation: u8, x: u32, y: u32| match orientation {
        1 => (x, y),
        2 => (w - 1 - x, y),
        3 => (w - 1 - x, h - 1 - y),
        4 => (x, h - 1 - y),
        5 => (y, x),
        6 => (h - 1 - y, x),
        7 => (h - 1 - y, w - 1 - x),
        _ => (y, w - 1 - x),
    };
    for orientation in 1..=8 {
        let bytes = with_exif(&jpeg, orientation, &[]);
        let turned = plain(&bytes).unwrap();
        let size = if orientation < 5 { (w, h) } else { (h, w) };
        assert_eq!(turned.dimensions(), size, "orientation {orientation}");
        for (x, y, pixel) in decoded.enumerate_pixels() {
            let (ux, uy) = upright(orientation, x, y);
            assert_eq!(turned.get_pixel(ux, uy), pixel, "orientation {orientation}");
        }
        let kept = decode_bytes("t", &bytes, &DecodeLimits::default(), false).unwrap();
        assert_eq!(kept, decoded, "not honoured {orientation}");
    }
    assert_eq!(plain(&with_exif(&jpeg, 9, &[])).unwrap(), decoded);
}

#[test]
fn jpeg_is_without_chroma_subsampling() {
    let bytes = encode_jpeg(&gradient(16, 16), 90).unwrap();
    let sof = bytes.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    let factors: Vec<u8> = (0..3).map(|c| bytes[sof + 11 + 3 * c]).collect();
    assert_eq!(factors, [0x11; 3]);
    let flat = RgbImage::from_pixel(16, 16, image::Rgb([200, 30, 90]));
    let back = plain(&encode_jpeg(&flat, 100).unwrap()).unwrap();
    assert!(largest_difference(&flat, &back) <= 2);
    assert!(encode_jpeg(&RgbImage::new(0, 4), 90).is_err());
}

#[test]
fn every_truncation_of_a_jpeg_is_an_error() {
    let thumbnail = encode_jpeg(&gradient(8, 8), 50).unwrap();
    let jpeg = with_exif(&encode_jpeg(&noise(48, 32), 80).unwrap(), 1, &thumbnail);
    assert!(plain(&jpeg).is_ok());
    for end in 0..jpeg.len() {
        let error = plain(&jpeg[..end]).unwrap_err();
        assert!(error.to_string().contains("test.bin"), "{error}");
        if end > jpeg.len() / 2 {
            assert_eq!(error.kind(), "truncated", "cut at {end}: {error}");
        }
    }
    let mut trailing = jpeg.clone();
    trailing.extend(b"\0\0appended by a phone");
    assert_eq!(plain(&trailing).unwrap(), plain(&jpeg).unwrap());
}

#[test]
fn every_truncation_of_png_webp_and_bmp_is_an_error() {
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp] {
        let image = noise(20, 12);
        let bytes = encoded(&image, format);
        assert_eq!(plain(&bytes).unwrap(), image, "{format:?}");
        for end in 0..bytes.len() - 1 {
            assert!(plain(&bytes[..end]).is_err(), "{format:?} cut at {end}");
        }
        let mut trailing = bytes;
        trailing.extend([7; 9]);
        assert_eq!(plain(&trailing).unwrap(), image, "{format:?}");
    }
}

#[test]
fn every_colour_type_becomes_rgb() {
    let to = |image: DynamicImage| {
        let mut out = std::io::Cursor::new(Vec::new());
        image.write_to(&mut out, ImageFormat::Png).unwrap();
        plain(&out.into_inner()).unwrap().get_pixel(0, 0).0
    };
    use image::{ImageBuffer, Luma, Rgb, Rgba};
    let grey = ImageBuffer::from_pixel(3, 3, Luma([77_u8]));
    assert_eq!(to(grey.into()), [77; 3]);
    let grey16 = ImageBuffer::from_pixel(3, 3, Luma([77_u16 * 257 + 100]));
    assert_eq!(to(grey16.into()), [77; 3]);
    let rgb16 = ImageBuffer::from_pixel(3, 3, Rgb([257_u16, 65_535, 0]));
    assert_eq!(to(rgb16.into()), [1, 255, 0]);
    let half = ImageBuffer::from_pixel(3, 3, Rgba([200_u8, 100, 0, 128]));
    assert_eq!(to(half.into()), [100, 50, 0]);
    let clear = ImageBuffer::from_pixel(3, 3, Rgba([200_u8, 100, 5, 0]));
    assert_eq!(to(clear.into()), [0; 3]);
    let grey_jpeg = DynamicImage::from(ImageBuffer::from_pixel(9, 9, Luma([130_u8])));
    let mut out = std::io::Cursor::new(Vec::new());
    grey_jpeg.write_to(&mut out, ImageFormat::Jpeg).unwrap();
    assert_eq!(
        plain(&out.into_inner()).unwrap().get_pixel(4, 4).0,
        [130; 3]
    );
}

#[test]
fn cmyk_jpegs_are_converted() {
    for (ink, [r, g, b]) in [
        ([255, 255, 255, 255], [255, 255, 255]),
        ([255, 0, 255, 255], [255, 0, 255]),
        ([0, 255, 255, 255], [0, 255, 255]),
        ([255, 255, 255, 0], [0, 0, 0]),
    ] {
        let image = plain(&cmyk_jpeg(ink)).unwrap();
        let found = image.get_pixel(3, 3).0;
        let near = [(r, found[0]), (g, found[1]), (b, found[2])];
        assert!(
            near.iter().all(|&(a, b): &(u8, u8)| a.abs_diff(b) <= 2),
            "{ink:?} became {found:?}"
        );
    }
}

/// A PNG header that announces `width` x `height`, with a valid checksum and nothing after it.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut ihdr = b"IHDR".to_vec();
    ihdr.extend(width.to_be_bytes());
    ihdr.extend(height.to_be_bytes());
    ihdr.extend([8, 2, 0, 0, 0]);
    let crc = !ihdr.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| {
            (c >> 1) ^ if c & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    });
    let mut out = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    out.extend(ihdr);
    out.extend(crc.to_be_bytes());
    out.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
    out
}

#[test]
fn headers_that_announce_too_much_are_refused_by_name() {
    let error = plain(&png_header(50_000, 50_000)).unwrap_err();
    assert_eq!(error.kind(), "too-large");
    let text = error.to_string();
    assert!(text.contains("50000 x 50000"), "{text}");
    assert!(text.contains("16384"), "{text}");

    // The same in a JPEG: the frame header's sides are patched.
    let mut jpeg = encode_jpeg(&gradient(16, 16), 90).unwrap();
    let sof = jpeg.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    jpeg[sof + 5..sof + 9].copy_from_slice(&[0xC3, 0x50, 0xC3, 0x50]);
    assert_eq!(plain(&jpeg).unwrap_err().kind(), "too-large");

    let bytes = encode_png(&gradient(30, 20)).unwrap();
    let fine = DecodeLimits::default();
    for (limits, word) in [
        (
            DecodeLimits {
                max_width: 29,
                ..fine
            },
            "29 x",
        ),
        (
            DecodeLimits {
                max_height: 19,
                ..fine
            },
            "x 19",
        ),
        (
            DecodeLimits {
                max_pixels: 599,
                ..fine
            },
            "599 pixels",
        ),
        (
            DecodeLimits {
                max_alloc: 1799,
                ..fine
            },
            "1799 bytes",
        ),
        (
            DecodeLimits {
                max_bytes: 50,
                ..fine
            },
            "at most 50 bytes",
        ),
    ] {
        let error = decode_bytes("a.png", &bytes, &limits, true).unwrap_err();
        assert_eq!(error.kind(), "too-large", "{error}");
        assert!(error.to_string().contains(word), "{error} lacks {word}");
    }
    let exact = DecodeLimits {
        max_width: 30,
        max_height: 20,
        max_pixels: 600,
        ..fine
    };
    assert!(decode_bytes("a.png", &bytes, &exact, true).is_ok());
}

#[test]
fn files_are_known_by_content_and_errors_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let limits = DecodeLimits::default();
    let image = gradient(12, 10);
    let mislabelled = dir.path().join("really-a-png.jpg");
    write_atomic(&mislabelled, &encode_png(&image).unwrap()).unwrap();
    assert_eq!(decode(&mislabelled, &limits, true).unwrap(), image);

    let map = imageops::grayscale(&image);
    let path = dir.path().join("map.png");
    write_atomic(&path, &encode_png_gray(&map).unwrap()).unwrap();
    assert_eq!(decode_gray(&path, &limits).unwrap(), map);

    for (name, content, kind) in [
        ("empty.jpg", &b""[..], "empty"),
        ("text.jpg", b"not an image at all", "not-an-image"),
        ("animation.gif", b"GIF89a\x01\0\x01\0", "not-an-image"),
    ] {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        let error = decode(&path, &limits, true).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    let missing = decode(dir.path().join("none.jpg"), &limits, true).unwrap_err();
    assert_eq!(missing.kind(), "read");
    assert!(missing.to_string().contains("none.jpg"));
    assert_eq!(
        decode(dir.path(), &limits, true).unwrap_err().kind(),
        "read"
    );
    let small = DecodeLimits {
        max_bytes: 20,
        ..limits
    };
    let error = decode(&mislabelled, &small, true).unwrap_err();
    assert!(matches!(error, DecodeError::TooManyBytes { limit: 20, .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated_files_never_panic(
        format in 0_usize..4,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
        header_only in any::<bool>(),
    ) {
        let image = noise(19, 13);
        let mut bytes = match format {
            0 => with_exif(&encode_jpeg(&image, 80).unwrap(), 6, b"tail"),
            1 => encoded(&image, ImageFormat::Png),
            2 => encoded(&image, ImageFormat::WebP),
            _ => encoded(&image, ImageFormat::Bmp),
        };
        let reach = if header_only { bytes.len().min(80) } else { bytes.len() };
        for (at, value) in edits {
            let at = at.index(reach);
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let limits = DecodeLimits { max_pixels: 1 << 20, max_alloc: 1 << 24, ..DecodeLimits::default() };
        if let Ok(image) = decode_bytes("m", &bytes, &limits, true) {
            prop_assert!(u64::from(image.width()) * u64::from(image.height()) <= limits.max_pixels);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        magic in prop::sample::select(vec![&b"\xFF\xD8\xFF"[..], b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBPVP8 ", b"BM", b""]),
        tail in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let bytes = [magic, &tail].concat();
        let limits = DecodeLimits { max_pixels: 1 << 20, max_alloc: 1 << 24, ..DecodeLimits::default() };
        let _ = decode_bytes("m", &bytes, &limits, true);
    }
}

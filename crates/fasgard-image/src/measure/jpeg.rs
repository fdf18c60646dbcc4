//! The quality a JPEG file was written at.

/// The luma quantisation table of ITU-T T.81 annex K in zigzag order, quality 50 of libjpeg.
const LUMA: [u16; 64] = [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37,
    29, 40, 58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81,
    87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];

/// The quality, 1 to 100, whose libjpeg table is nearest to the first quantisation table of a JPEG
/// file. `None` if the bytes are no JPEG file or have no such table before their image data.
pub fn jpeg_quality(bytes: &[u8]) -> Option<u8> {
    let mut at = 2;
    if bytes.get(..2)? != [0xFF, 0xD8] {
        return None;
    }
    loop {
        let [0xFF, marker] = *bytes.get(at..at + 2)? else {
            return None;
        };
        if marker == 0xDA || marker == 0xD9 {
            return None;
        }
        let length = usize::from(u16::from_be_bytes(
            bytes.get(at + 2..at + 4)?.try_into().ok()?,
        ));
        let segment = bytes.get(at + 4..at + 2 + length.max(2))?;
        if marker == 0xDB {
            // Precision and number of the table; then 64 bytes or 64 words.
            let (&head, values) = segment.split_first()?;
            let table: Vec<u16> = match head >> 4 {
                0 => values.get(..64)?.iter().map(|v| u16::from(*v)).collect(),
                _ => {
                    let words = values.get(..128)?.chunks_exact(2);
                    words.map(|w| u16::from_be_bytes([w[0], w[1]])).collect()
                }
            };
            return nearest(&table);
        }
        at += 2 + length.max(2);
    }
}

fn nearest(table: &[u16]) -> Option<u8> {
    let distance = |quality: u8| -> u64 {
        let scale = match quality {
            0..50 => 5000 / u32::from(quality.max(1)),
            _ => 200 - 2 * u32::from(quality),
        };
        let of = |(base, found): (&u16, &u16)| {
            let value = ((u32::from(*base) * scale + 50) / 100).clamp(1, 255);
            u64::from(value.abs_diff(u32::from(*found)))
        };
        LUMA.iter().zip(table).map(of).sum()
    };
    (1..=100).min_by_key(|q| distance(*q))
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    #[test]
    fn the_quality_that_was_written() {
        let image = RgbImage::from_fn(16, 16, |x, y| Rgb([(x * y) as u8, x as u8, y as u8]));
        for quality in [30, 50, 75, 95] {
            let bytes = crate::encode_jpeg(&image, quality).unwrap();
            let found = jpeg_quality(&bytes).unwrap();
            assert!(found.abs_diff(quality) <= 1, "{quality}: {found}");
        }
    }

    #[test]
    fn what_is_no_jpeg_has_none() {
        let cases: [&[u8]; 6] = [
            b"",
            b"\x89PNG\r\n",
            &[0xFF, 0xD8],
            &[0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0],
            &[0xFF, 0xD8, 0xFF, 0xDA, 0, 2],
            &[0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0xFF, 0xDB],
        ];
        for bytes in cases {
            assert_eq!(jpeg_quality(bytes), None, "{bytes:?}");
        }
    }
}

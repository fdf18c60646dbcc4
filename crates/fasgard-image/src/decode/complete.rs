//! Whether a file reaches the end of its image.
//!
//! Decoders tend to fill what is missing with grey and report success; a half-grey face would
//! then be trained on. So the container is walked first, which costs far less than decoding.

/// What was still expected when the file ended.
pub(super) type Missing = &'static str;

/// Walks a JPEG's marker segments (ITU-T T.81, annex B) to the end-of-image marker of the first
/// image. Segments are skipped by their length, so thumbnails within EXIF data do not count, and
/// whatever follows the marker (appended videos, multi-picture data) is not looked at.
pub(super) fn jpeg(bytes: &[u8]) -> Result<(), Missing> {
    const END: Missing = "expected the end-of-image marker";
    const SEGMENT: Missing = "expected the rest of a marker segment";
    let mut at = 2;
    let mut scans = 0;
    loop {
        // Anything before the next marker is entropy-coded data or padding.
        at += bytes
            .get(at..)
            .and_then(|rest| rest.iter().position(|&b| b == 0xFF))
            .ok_or(END)?;
        let marker = *bytes.get(at + 1).ok_or(END)?;
        match marker {
            // Fill byte: the marker may start at the next one.
            0xFF => at += 1,
            // A stuffed zero, restart markers, a second start of image, TEM: no length follows.
            0x00 | 0x01 | 0xD0..=0xD8 => at += 2,
            0xD9 if scans > 0 => return Ok(()),
            0xD9 => return Err("expected a scan before the end-of-image marker"),
            _ => {
                let length = bytes.get(at + 2..at + 4).ok_or(SEGMENT)?;
                let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                scans += usize::from(marker == 0xDA);
                at += 2 + length.max(2);
                if at > bytes.len() {
                    return Err(SEGMENT);
                }
            }
        }
    }
}

/// Walks a PNG's chunks to `IEND`.
pub(super) fn png(bytes: &[u8]) -> Result<(), Missing> {
    let mut at = 8_usize;
    loop {
        let head = bytes.get(at..at + 8).ok_or("expected the IEND chunk")?;
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        // Type and length are followed by the data and a checksum of four bytes.
        at = at.saturating_add(12).saturating_add(length);
        if at > bytes.len() {
            return Err("expected the rest of a chunk");
        }
        if &head[4..8] == b"IEND" {
            return Ok(());
        }
    }
}

/// Compares a WebP's RIFF size with the file's.
pub(super) fn webp(bytes: &[u8]) -> Result<(), Missing> {
    match bytes.get(4..8) {
        Some(size) => {
            let size = u64::from(u32::from_le_bytes([size[0], size[1], size[2], size[3]]));
            // An odd last chunk may be counted with its padding byte but stored without it.
            if size + 7 > bytes.len() as u64 {
                return Err("expected as many bytes as the RIFF header announces");
            }
            Ok(())
        }
        None => Err("expected a RIFF header"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_must_come_before_the_end() {
        assert!(jpeg(&[0xFF, 0xD8, 0xFF, 0xD9]).is_err());
        let scan = [0xFF, 0xD8, 0xFF, 0xDA, 0, 2, 1, 0xFF, 0x00, 0xFF, 0xD0, 2];
        assert!(jpeg(&scan).is_err());
        let mut ended = scan.to_vec();
        ended.extend([0xFF, 0xFF, 0xD9]);
        assert!(jpeg(&ended).is_ok());
        ended.extend(b"trailing");
        assert!(jpeg(&ended).is_ok());
    }

    #[test]
    fn an_end_marker_inside_a_segment_does_not_count() {
        let app1 = [0xFF, 0xD8, 0xFF, 0xE1, 0, 6, 0xFF, 0xDA, 0xFF, 0xD9];
        assert!(jpeg(&app1).is_err());
    }
}

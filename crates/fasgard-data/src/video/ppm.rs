//! The stream of binary PPM pictures that ffmpeg writes into its pipe.

use std::io::{self, BufRead, Read};

use fasgard_image::RgbImage;

/// Longest header: `P6`, two sizes, the maximum, white space.
const HEADER: usize = 64;

/// The next picture, which must be `width` x `height` (the frame is allocated from these checked
/// sizes, never from the stream's); `None` at the end of the stream.
///
/// # Errors
/// `InvalidData` for another picture or something else, `UnexpectedEof` for a part of one.
pub(super) fn read(
    from: &mut impl BufRead,
    width: u32,
    height: u32,
) -> io::Result<Option<RgbImage>> {
    if from.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let invalid = |found: String| {
        let message = format!("expected a picture of {width} x {height} pixels, found {found}");
        io::Error::new(io::ErrorKind::InvalidData, message)
    };
    let mut fields = [0_u32; 3];
    let mut header = from.take(HEADER as u64);
    if word(&mut header)? != "P6" {
        return Err(invalid("no picture".to_owned()));
    }
    for field in &mut fields {
        *field = word(&mut header)?
            .parse()
            .map_err(|_| invalid("no size".to_owned()))?;
    }
    if fields != [width, height, 255] {
        let [w, h, max] = fields;
        return Err(invalid(format!("{w} x {h} with values up to {max}")));
    }
    let mut pixels = vec![0; width as usize * height as usize * 3];
    from.read_exact(&mut pixels)?;
    Ok(RgbImage::from_raw(width, height, pixels))
}

/// One word and the one white space after it.
fn word(from: &mut impl Read) -> io::Result<String> {
    let mut word = String::new();
    loop {
        let mut byte = [0];
        from.read_exact(&mut byte)?;
        if byte[0].is_ascii_whitespace() {
            return Ok(word);
        }
        word.push(byte[0].into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_follow_each_other() {
        let stream = b"P6\n2 1\n255\n\x01\x02\x03\n P6\n2 1\n255\nabcdef";
        let mut at = &stream[..];
        let first = read(&mut at, 2, 1).unwrap().unwrap();
        assert_eq!(first.as_raw(), b"\x01\x02\x03\n P");
        // The first picture's pixels took the `P`: what follows is no picture.
        assert!(read(&mut at, 2, 1).is_err());
        let stream = b"P6\n1 1\n255\n\n\n\nP6\n1 1\n255\nabc";
        let mut at = &stream[..];
        assert_eq!(read(&mut at, 1, 1).unwrap().unwrap().as_raw(), b"\n\n\n");
        assert_eq!(read(&mut at, 1, 1).unwrap().unwrap().as_raw(), b"abc");
        assert!(read(&mut at, 1, 1).unwrap().is_none());
    }

    #[test]
    fn other_sizes_parts_and_noise_are_refused() {
        let kind = |bytes: &[u8]| read(&mut &bytes[..], 2, 1).unwrap_err().kind();
        assert_eq!(kind(b"P6\n1 2\n255\nabcdef"), io::ErrorKind::InvalidData);
        assert_eq!(
            kind(b"P6\n2 1\n65535\nabcdefabcdef"),
            io::ErrorKind::InvalidData
        );
        assert_eq!(kind(b"P5\n2 1\n255\nab"), io::ErrorKind::InvalidData);
        assert_eq!(kind(b"P6\n2 x\n255\nab"), io::ErrorKind::InvalidData);
        assert_eq!(kind(b"P6\n2 1\n255\nabc"), io::ErrorKind::UnexpectedEof);
        assert_eq!(kind(&[b'7'; 1000]), io::ErrorKind::UnexpectedEof);
    }
}

//! Images inside the document: PNG and JPEG as `data:` URIs.

use fasgard_image::{EncodeError, RgbImage, encode_jpeg, encode_png};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with padding (RFC 4648, section 4).
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = [0u8; 3];
        word[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, word[0], word[1], word[2]]);
        for i in 0..4u32 {
            if i as usize <= chunk.len() {
                let index = (bits >> (18 - 6 * i)) & 63;
                out.push(char::from(ALPHABET[index as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// A lossless `data:image/png` URI: for maps, whose every value counts.
pub(crate) fn png(image: &RgbImage) -> Result<String, EncodeError> {
    Ok(format!(
        "data:image/png;base64,{}",
        base64(&encode_png(image)?)
    ))
}

/// A `data:image/jpeg` URI of the given quality, 1 to 100: for photographs.
pub(crate) fn jpeg(image: &RgbImage, quality: u8) -> Result<String, EncodeError> {
    Ok(format!(
        "data:image/jpeg;base64,{}",
        base64(&encode_jpeg(image, quality)?)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_test_vectors_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn png_is_a_png() {
        let uri = png(&RgbImage::from_pixel(2, 2, fasgard_image::Rgb([1, 2, 3]))).unwrap();
        assert!(uri.starts_with("data:image/png;base64,iVBORw0KGgo"));
    }
}

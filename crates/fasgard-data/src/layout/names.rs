//! What the name of a file says.

/// Whether the name ends as an image's does, in any case.
pub fn is_image(name: &str) -> bool {
    ends_in(name, &["jpg", "jpeg", "png", "webp", "bmp"])
}

/// Whether the name ends as a video's does, in any case.
pub fn is_video(name: &str) -> bool {
    ends_in(name, &["avi", "mp4", "mov", "mkv", "webm", "m4v"])
}

fn ends_in(name: &str, extensions: &[&str]) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, e)| extensions.iter().any(|known| e.eq_ignore_ascii_case(known)))
}

/// The path without its extension.
pub(crate) fn stem(path: &str) -> &str {
    match path.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains('/') && !stem.is_empty() => stem,
        _ => path,
    }
}

/// The number that a file's stem ends with.
pub(crate) fn trailing_number(stem: &str) -> Option<u64> {
    let digits = stem.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    stem[digits..].parse().ok()
}

/// A number written in digits only: no sign, no spaces; leading zeros are allowed.
pub(super) fn number(text: &str) -> Option<u32> {
    (!text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_media() {
        for name in ["a.avi", "a.MOV", "b/1.Mp4", "x.mkv", "x.webm", "x.m4v"] {
            assert!(is_video(name) && !is_image(name), "{name}");
        }
        for name in ["a.face", "avi", "a.avi.txt", "a.", ""] {
            assert!(!is_video(name) && !is_image(name), "{name}");
        }
        assert!(is_image("a.JPEG"));
    }

    #[test]
    fn numbers_are_digits() {
        assert_eq!(number("007"), Some(7));
        for bad in ["", "+7", "-1", " 1", "1.0", "1234567890", "\u{663}"] {
            assert_eq!(number(bad), None, "{bad}");
        }
    }
}

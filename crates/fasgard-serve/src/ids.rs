//! Names that cannot be guessed.

use crate::Code;
use crate::Problem;

/// Longest request id that is taken from a client, in characters.
const LONGEST_REQUEST_ID: usize = 64;

/// 32 hexadecimal digits from the system's generator.
///
/// # Errors
/// [`Code::Internal`] if the system has no random bytes: then nothing is given out.
pub(crate) fn token() -> Result<String, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| Problem::new(Code::Internal, "the system gave no random bytes"))?;
    Ok(hex(&bytes))
}

/// Two lower-case digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The client's request id if it can stand in a log, else a new one.
pub(crate) fn request_id(given: Option<&str>) -> String {
    match given {
        Some(id) if is_plain(id, 1, LONGEST_REQUEST_ID, b"._-") => id.to_owned(),
        // An id is a convenience: without random bytes requests are still answered.
        _ => token().unwrap_or_else(|_| "none".into()),
    }
}

/// True for `low` to `high` ASCII letters, digits and characters of `also`.
pub(crate) fn is_plain(text: &str, low: usize, high: usize, also: &[u8]) -> bool {
    (low..=high).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || also.contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_clients_are_taken_only_if_plain() {
        assert_eq!(request_id(Some("a-B_9.x")), "a-B_9.x");
        for bad in ["", "a b", "a\nb", "ä", "a\"b", &"x".repeat(65)] {
            let made = request_id(Some(bad));
            assert!(made.len() == 32 && made != bad, "{bad}: {made}");
        }
        assert_ne!(request_id(None), request_id(None));
        assert_eq!(hex(&[0, 0xAB, 7]), "00ab07");
    }
}

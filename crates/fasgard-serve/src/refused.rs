//! What the transport refuses before there is a request: its bare answer, and the document in its
//! place.

use axum::http::StatusCode;

use crate::Code;

/// The head of every answer that the router gives; the transport's own has none.
const OURS: &[u8] = b"\r\nx-request-id:";
/// Longest bare answer: a status line and three short fields.
const LONGEST: usize = 256;

/// The problem that a bare answer of the transport stands for; none if `bytes` are anything else.
///
/// The transport answers what it cannot read as HTTP by a head alone (400, 414 or 431), closes the
/// connection, and lets nobody put in a word. Those bytes are known by what they lack: the request id
/// that the router gives to every answer.
pub(crate) fn bare(bytes: &[u8]) -> Option<Code> {
    let rest = bytes.strip_prefix(b"HTTP/1.1 ")?;
    let status = StatusCode::from_bytes(rest.get(..3)?).ok()?;
    let has = |field: &[u8]| {
        bytes
            .windows(field.len())
            .any(|w| w.eq_ignore_ascii_case(field))
    };
    let head_alone = bytes.len() <= LONGEST
        && bytes.ends_with(b"\r\n\r\n")
        && !bytes[..bytes.len() - 4]
            .windows(4)
            .any(|w| w == b"\r\n\r\n")
        && has(b"\r\ncontent-length: 0\r\n")
        && has(b"\r\nconnection: close\r\n");
    if !head_alone || has(OURS) {
        return None;
    }
    match status {
        StatusCode::BAD_REQUEST => Some(Code::NotHttp),
        StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            Some(Code::HeaderTooLarge)
        }
        _ => None,
    }
}

/// The problem that a connection which the transport ends without a word had; none if the client
/// itself broke it off.
pub(crate) fn unsaid(error: &hyper::Error) -> Option<Code> {
    if error.is_timeout() {
        Some(Code::HeaderSlow)
    } else if error.is_parse_version_h2() {
        // Other errors of parsing were answered.
        Some(Code::NotHttp)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "date: Wed, 25 Nov 2026 20:00:00 GMT\r\n";

    #[test]
    fn only_a_bare_refusal_is_one() {
        let bare_head = |status: &str| {
            format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n{DATE}\r\n")
        };
        for (status, code) in [
            ("400 Bad Request", Some(Code::NotHttp)),
            ("414 URI Too Long", Some(Code::HeaderTooLarge)),
            (
                "431 Request Header Fields Too Large",
                Some(Code::HeaderTooLarge),
            ),
            ("200 OK", None),
            ("404 Not Found", None),
        ] {
            assert_eq!(bare(bare_head(status).as_bytes()), code, "{status}");
        }
        let head = bare_head("400 Bad Request");
        for other in [
            // The router's.
            head.replace("connection", "x-request-id: 0\r\nconnection"),
            // With a body, or a body before or after.
            head.replace("length: 0", "length: 5"),
            format!("{head}hello"),
            format!("{head}{head}"),
            format!("hello{head}"),
            // A part.
            head[..head.len() - 2].to_owned(),
            head[..11].to_owned(),
            head.replace("connection: close\r\n", ""),
            String::new(),
        ] {
            assert_eq!(bare(other.as_bytes()), None, "{other:?}");
        }
    }
}

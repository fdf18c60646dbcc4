//! From a request's body to an image's bytes whose header was checked.

pub(crate) mod body;
mod form;

use axum::http::{HeaderMap, header};
use fasgard_image::{DecodeError, DecodeLimits, read_header};

use crate::{Code, Problem, held::HeldBytes, service::Service};

/// Media types of images that are read.
pub(crate) const TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/bmp"];
/// Bytes that a form may have beside the image: boundaries and headers of its parts.
const FORM_EXTRA: u64 = 8192;

/// How the body holds the image.
enum Kind {
    /// It is the image; of this type if the client says so.
    Raw(Option<&'static str>),
    /// It is a form.
    Form,
}

/// Takes the image out of a request: raw, or the field `image` of a form. Bytes, time and type are
/// bounded before, while and after it is read; nothing is decoded.
///
/// # Errors
/// What is wrong with it.
pub(crate) async fn image(
    service: &Service,
    request: axum::extract::Request,
) -> Result<HeldBytes, Problem> {
    let kind = kind_of(request.headers())?;
    let most = service.config.max_bytes;
    let allowed = match kind {
        Kind::Raw(_) => most,
        Kind::Form => most + FORM_EXTRA,
    };
    let announced = length_of(request.headers());
    if let Some(found) = announced
        && found > allowed
    {
        return Err(too_large(most, &format!("a body of {found}")));
    }
    let read = async {
        match kind {
            Kind::Raw(declared) => {
                let bytes = body::read(service, request.into_body(), announced).await?;
                Ok((bytes, declared))
            }
            Kind::Form => form::read(service, request, allowed).await,
        }
    };
    let limit = service.config.body_time();
    let (bytes, declared) = tokio::time::timeout(limit, read).await.map_err(|_| {
        let seconds = limit.as_secs();
        Problem::new(
            Code::BodySlow,
            format!("expected the whole body within {seconds} s, found its end missing"),
        )
    })??;
    let limits = service.config.decode_limits();
    let _arriving = service.arriving();
    // A header may be as long as the file: not on a thread that others wait for.
    let checked =
        tokio::task::spawn_blocking(move || check(&bytes, declared, &limits).map(|()| bytes));
    checked
        .await
        .unwrap_or_else(|_| Err(Problem::new(Code::Malformed, "the decoder gave up on it")))
}

/// Checks what can be checked without decoding.
fn check(bytes: &[u8], declared: Option<&str>, limits: &DecodeLimits) -> Result<(), Problem> {
    let header = read_header("image", bytes, limits).map_err(|error| refusal(&error))?;
    match declared {
        Some(declared) if declared != header.media_type => Err(Problem::new(
            Code::TypeMismatch,
            format!(
                "expected {declared} as declared, found {}",
                header.media_type
            ),
        )),
        _ => Ok(()),
    }
}

fn kind_of(headers: &HeaderMap) -> Result<Kind, Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(Kind::Raw(None));
    };
    let text = value.to_str().unwrap_or_default();
    let name = text.split(';').next().unwrap_or_default().trim();
    if name.eq_ignore_ascii_case("multipart/form-data") {
        return Ok(Kind::Form);
    }
    declared_type(name).map(Kind::Raw)
}

/// A declared media type: one of [`TYPES`], or none for bytes of any type.
fn declared_type(name: &str) -> Result<Option<&'static str>, Problem> {
    if name.eq_ignore_ascii_case("application/octet-stream") {
        return Ok(None);
    }
    match TYPES.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        Some(known) => Ok(Some(known)),
        None => Err(Problem::new(
            Code::MediaType,
            format!(
                "expected {}, application/octet-stream or multipart/form-data, found another type",
                TYPES.join(", ")
            ),
        )),
    }
}

/// The announced length; none with chunks, or if it is no number (the transport refuses those).
fn length_of(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// Adds a piece, within the image's limit and that of all images.
fn extend(service: &Service, bytes: &mut HeldBytes, piece: &[u8]) -> Result<(), Problem> {
    let most = service.config.max_bytes;
    if bytes.len() as u64 + piece.len() as u64 > most {
        return Err(too_large(most, "more"));
    }
    match bytes.extend(piece) {
        true => Ok(()),
        false => Err(Problem::new(
            Code::Busy,
            "expected room for the image, found too many bytes of others; send it again",
        )),
    }
}

fn too_large(most: u64, found: &str) -> Problem {
    let detail = format!("expected an image of at most {most} bytes, found {found}");
    Problem::new(Code::TooLarge, detail)
}

/// The refusal of an image that does not decode.
pub(crate) fn refusal(error: &DecodeError) -> Problem {
    match error {
        DecodeError::Empty { .. } => Problem::new(Code::Empty, "expected an image, found no bytes"),
        DecodeError::TooManyBytes { found, limit, .. } => too_large(*limit, &found.to_string()),
        DecodeError::TooLarge {
            width,
            height,
            limit,
            ..
        } => Problem::new(
            Code::TooManyPixels,
            format!("expected at most {limit}, found {width} x {height} pixels in the header"),
        ),
        DecodeError::NotAnImage { .. } => Problem::new(
            Code::NotAnImage,
            "expected a JPEG, PNG, WebP or BMP image, found other content",
        ),
        DecodeError::Truncated { format, detail, .. } => Problem::new(
            Code::Truncated,
            format!("{format}: {detail}, found the end of the bytes"),
        ),
        DecodeError::Malformed { format, detail, .. } => Problem::new(
            Code::Malformed,
            format!("expected a well-formed {format}, found: {detail}"),
        ),
        _ => Problem::new(Code::Malformed, "expected an image that decodes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(content_type: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_TYPE, content_type.parse().unwrap())])
    }

    #[test]
    fn types_of_images_and_of_anything_are_taken() {
        for (text, expected) in [
            ("image/jpeg", Some("image/jpeg")),
            ("IMAGE/PNG", Some("image/png")),
            ("image/webp; q=1", Some("image/webp")),
            ("application/octet-stream", None),
        ] {
            match kind_of(&headers(text)).unwrap() {
                Kind::Raw(found) => assert_eq!(found, expected, "{text}"),
                Kind::Form => panic!("{text}"),
            }
        }
        assert!(matches!(kind_of(&HeaderMap::new()), Ok(Kind::Raw(None))));
        let form = headers("multipart/form-data; boundary=x");
        assert!(matches!(kind_of(&form), Ok(Kind::Form)));
        for text in [
            "",
            "text/html",
            "image/gif",
            "image",
            "application/json",
            "\u{7f}x/y",
        ] {
            let headers = HeaderMap::from_iter([(
                header::CONTENT_TYPE,
                axum::http::HeaderValue::from_bytes(text.replace('\u{7f}', "\u{e9}").as_bytes())
                    .unwrap(),
            )]);
            let code = kind_of(&headers).err().map(|problem| problem.code);
            assert_eq!(code, Some(Code::MediaType), "{text}");
        }
    }

    #[test]
    fn refusals_name_no_path() {
        let limits = DecodeLimits::default();
        let gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";
        let png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR";
        for (bytes, code) in [
            (&b""[..], Code::Empty),
            (&b"<html>"[..], Code::NotAnImage),
            (&gif[..], Code::NotAnImage),
            (&png[..], Code::Malformed),
        ] {
            let problem = check(bytes, None, &limits).unwrap_err();
            assert_eq!(problem.code, code, "{problem:?}");
            assert!(!problem.detail.contains("image:"), "{problem:?}");
        }
    }
}

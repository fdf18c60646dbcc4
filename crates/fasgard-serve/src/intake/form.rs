//! A form with one field `image`.

use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request},
};
use http_body_util::Limited;

use super::{body::broken, declared_type, extend};
use crate::{Code, Problem, held::HeldBytes, service::Service};

/// Reads a `multipart/form-data` body of at most `allowed` bytes: the image and its declared type.
pub(super) async fn read(
    service: &Service,
    request: Request,
    allowed: u64,
) -> Result<(HeldBytes, Option<&'static str>), Problem> {
    let allowed = usize::try_from(allowed).unwrap_or(usize::MAX);
    let request = request.map(|body| Body::new(Limited::new(body, allowed)));
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| wrong("a content type without a boundary"))?;
    let mut image = None;
    while let Some(mut field) = form.next_field().await.map_err(failed)? {
        if field.name() != Some("image") {
            return Err(wrong("a field of another name"));
        }
        if image.is_some() {
            return Err(wrong("it twice"));
        }
        let declared = match field.content_type() {
            Some(name) => declared_type(name)?,
            None => None,
        };
        let mut bytes = service.held.empty();
        while let Some(piece) = field.chunk().await.map_err(failed)? {
            extend(service, &mut bytes, &piece)?;
        }
        image = Some((bytes, declared));
    }
    image.ok_or_else(|| wrong("none"))
}

fn wrong(found: &str) -> Problem {
    Problem::new(
        Code::Form,
        format!("expected one field `image`, found {found}"),
    )
}

fn failed(error: axum::extract::multipart::MultipartError) -> Problem {
    match error.status().as_u16() {
        413 => Problem::new(Code::TooLarge, "expected a smaller form, found more bytes"),
        _ => broken(),
    }
}

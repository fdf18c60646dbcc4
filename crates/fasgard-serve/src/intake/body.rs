//! A raw body, piece by piece.

use axum::body::Body;
use http_body_util::BodyExt;

use super::extend;
use crate::{Code, Problem, held::HeldBytes, service::Service};

/// Reads a body that is the image; `announced` is its length, if it was said.
pub(super) async fn read(
    service: &Service,
    mut body: Body,
    announced: Option<u64>,
) -> Result<HeldBytes, Problem> {
    let mut bytes = service.held.empty();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| broken())?;
        if let Some(piece) = frame.data_ref() {
            // Not before the first piece: who only announces gets no room.
            if let Some(announced) = announced.filter(|_| bytes.is_empty()) {
                bytes.make_room(announced);
            }
            extend(service, &mut bytes, piece)?;
        }
    }
    Ok(bytes)
}

/// The refusal of a body that ended early.
pub(super) fn broken() -> Problem {
    Problem::new(
        Code::BodyBroken,
        "expected as many bytes as were announced, found the end of the connection or broken chunks",
    )
}

/// Reads a small body that is no image, of at most `most` bytes.
pub(crate) async fn small(service: &Service, body: Body, most: usize) -> Result<Vec<u8>, Problem> {
    let limited = http_body_util::Limited::new(body, most);
    let limit = service.config.body_time();
    match tokio::time::timeout(limit, limited.collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(Problem::new(
            Code::TooLarge,
            format!("expected a body of at most {most} bytes, found more"),
        )),
        Ok(Err(_)) => Err(broken()),
        Err(_) => Err(Problem::new(
            Code::BodySlow,
            format!("expected the whole body within {} s", limit.as_secs()),
        )),
    }
}

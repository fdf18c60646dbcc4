//! Files: the page, its further files, the exported model and face detector, the documentation.

use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Named, Shared};
use crate::{Code, Problem, assets::File, docs_page, openapi, openapi::ImageBytes, page};

/// The page.
pub(crate) async fn index(headers: HeaderMap) -> Result<Response, Problem> {
    send(page::file("index.html"), &headers)
}

/// A file of the page; every other path is nothing.
pub(crate) async fn page(State(service): Shared, request: Request) -> Result<Response, Problem> {
    let name = request.uri().path().trim_start_matches('/');
    let file = page::file(name).filter(|_| service.config.page);
    if file.is_some() && ![Method::GET, Method::HEAD].contains(request.method()) {
        let detail = "expected GET or HEAD";
        return Err(Problem::new(Code::MethodNotAllowed, detail));
    }
    send(file, request.headers())
}

/// A file of the folder `page_assets`.
pub(crate) async fn asset(
    State(service): Shared,
    name: Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // A name that is no text is nobody's.
    let file = name.ok().and_then(|Path(name)| service.assets.file(&name));
    send(file, &headers)
}

/// The exported model
#[utoipa::path(
    get, path = "/model.onnx", tag = "page",
    responses(
        (status = 200, description = "The file", body = ImageBytes, content_type = "application/octet-stream"),
        (status = 404, description = "`not-found`: the service was started without one"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn onnx(State(service): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    send(service.assets.onnx(), &headers)
}

/// The exported face detector
#[utoipa::path(
    get, path = "/face.onnx", tag = "page",
    responses(
        (status = 200, description = "The file", body = ImageBytes, content_type = "application/octet-stream"),
        (status = 404, description = "`not-found`: the service was started without one"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn face_onnx(
    State(service): Shared,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    send(service.assets.face_onnx(), &headers)
}

/// This document
#[utoipa::path(get, path = "/openapi.json", tag = "operate", responses((status = 200, description = "OpenAPI 3.1")))]
pub(crate) async fn openapi(headers: HeaderMap) -> Result<Response, Problem> {
    send(Some(openapi::file()), &headers)
}

/// The documentation as a page.
pub(crate) async fn docs(headers: HeaderMap) -> Result<Response, Problem> {
    send(Some(docs_page::file()), &headers)
}

/// Its style.
pub(crate) async fn docs_style(headers: HeaderMap) -> Result<Response, Problem> {
    send(Some(docs_page::style()), &headers)
}

/// Sends a file, or says that the client's copy is good.
fn send(file: Option<&File>, headers: &HeaderMap) -> Result<Response, Problem> {
    let Some(file) = file else {
        let detail = "expected one of the paths that /docs names";
        return Err(Problem::new(Code::NotFound, detail));
    };
    let tag = format!("\"{}\"", &file.sha256[..32]);
    let known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag);
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            let kind = HeaderValue::from_static(file.kind);
            ([(header::CONTENT_TYPE, kind)], file.bytes.clone()).into_response()
        }
    };
    let headers = response.headers_mut();
    // Asked for anew each time, and sent anew only if it changed.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}

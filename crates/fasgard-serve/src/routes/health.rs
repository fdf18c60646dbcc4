//! Whether the service lives, is ready, and what it is and counts.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::{Shared, json};
use crate::{Problem, info::Info, problem::ProblemDocument};

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "operate", responses((status = 200, description = "It lives")))]
pub(crate) async fn alive() -> Response {
    json(&serde_json::json!({"status": "ok"}))
}

/// Whether the model answers
#[utoipa::path(
    get, path = "/readyz", tag = "operate",
    responses(
        (status = 200, description = "It does"),
        (status = 503, description = "`model-loading`, `model-missing`, `shutting-down`", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn ready(State(service): Shared) -> Result<Response, Problem> {
    service.check_ready()?;
    Ok(json(&serde_json::json!({"status": "ready"})))
}

/// What the model is and how the service works
#[utoipa::path(
    get, path = "/v1/info", tag = "judge",
    responses(
        (status = 200, description = "The model and the service", body = Info),
        (status = 401, description = "`key-missing`, `key-wrong`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`model-loading`, `model-missing`", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn info(State(service): Shared) -> Result<Response, Problem> {
    let loaded = service.model.get()?;
    Ok(json(&Info::new(&service, &loaded.predictor)))
}

/// Counters for Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "operate",
    responses((status = 200, description = "Prometheus' text format", body = String, content_type = "text/plain")),
    security((), ("key" = [])),
)]
pub(crate) async fn metrics(State(service): Shared) -> Response {
    let text = service.metrics.text(&service.gauges());
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

//! Paths and what answers them; one group a file.

pub(crate) mod files;
pub(crate) mod health;
pub(crate) mod predict;
pub(crate) mod sessions;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde::Serialize;
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowOrigin, CorsLayer},
};

use crate::{Code, Problem, middleware, service::Service};

/// The service, as handlers share it.
pub(crate) type Shared = axum::extract::State<Arc<Service>>;

/// The part of a path that a pattern leaves open.
pub(crate) type Named =
    Result<axum::extract::Path<String>, axum::extract::rejection::PathRejection>;

impl Service {
    /// All paths with all layers: from a request whose header was read to its answer.
    pub fn router(self: &Arc<Self>) -> Router {
        let state = Arc::clone(self);
        let mut closed = Router::new()
            .route("/v1/predict", post(predict::predict))
            .route("/v1/info", get(health::info))
            .route("/v1/sessions", post(sessions::create))
            .route("/v1/sessions/{session}", delete(sessions::give_up))
            .route("/v1/sessions/{session}/frames", post(sessions::frame))
            .route("/v1/sessions/{session}/verdict", post(sessions::verdict))
            .route("/model.onnx", get(files::onnx))
            .route("/face.onnx", get(files::face_onnx));
        let mut open = Router::new()
            .route("/healthz", get(health::alive))
            .route("/readyz", get(health::ready))
            .route("/openapi.json", get(files::openapi))
            .route("/docs", get(files::docs))
            .route("/docs.css", get(files::docs_style))
            .route("/assets/{name}", get(files::asset));
        match self.config.metrics_need_key {
            true => closed = closed.route("/metrics", get(health::metrics)),
            false => open = open.route("/metrics", get(health::metrics)),
        }
        if self.config.page {
            open = open.route("/", get(files::index));
        }
        let closed =
            closed.route_layer(from_fn_with_state(Arc::clone(&state), middleware::need_key));
        let mut router = closed
            .merge(open)
            // The rest of the page: whatever its files are called.
            .fallback(files::page)
            .method_not_allowed_fallback(wrong_method)
            .layer(DefaultBodyLimit::disable());
        if !self.config.cors_origins.is_empty() {
            router = router.layer(cors(&self.config.cors_origins));
        }
        router
            .layer(CatchPanicLayer::custom(|_| {
                let detail = "the request met an error of the service";
                Problem::new(Code::Internal, detail).into_response()
            }))
            .layer(from_fn(middleware::secure))
            .layer(from_fn_with_state(Arc::clone(&state), middleware::observe))
            .with_state(state)
    }
}

fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| origin.parse().ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([
            axum::http::Method::GET,
            axum::http::Method::POST,
            axum::http::Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            axum::http::HeaderName::from_static("x-api-key"),
            axum::http::HeaderName::from_static("x-request-id"),
            axum::http::HeaderName::from_static("x-session-nonce"),
        ])
        .expose_headers([axum::http::HeaderName::from_static("x-request-id")])
}

async fn wrong_method() -> Problem {
    Problem::new(
        Code::MethodNotAllowed,
        "expected a method that the header `allow` names",
    )
}

/// An answer in JSON that no cache keeps.
pub(crate) fn json(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => {
            let kind = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, kind)], bytes).into_response()
        }
        Err(_) => Problem::new(Code::Internal, "the answer cannot be written").into_response(),
    }
}

//! What every request passes: its id, its count and log line, headers that protect, keys.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use fasgard_model::Verdict;

use crate::{Problem, ids, service::Service};

/// Scripts and workers of the page itself only; WebAssembly for the model in the browser.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' blob: data:; connect-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Headers of every answer.
const HEADERS: [(&str, &str); 8] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    (
        "permissions-policy",
        "camera=(self), microphone=(), geolocation=()",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// The request's id, for handlers.
#[derive(Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// What handlers tell the log, where it may know.
#[derive(Clone)]
pub(crate) struct Logged {
    verdict: Verdict,
    score: Option<f64>,
}

impl Logged {
    pub(crate) fn new(verdict: Verdict, score: Option<f64>) -> Self {
        Self { verdict, score }
    }
}

/// Outermost: gives the request its id, writes problem documents, counts and logs.
pub(crate) async fn observe(
    State(service): State<Arc<Service>>,
    mut request: Request,
    next: Next,
) -> Response {
    let begin = Instant::now();
    let name = HeaderName::from_static("x-request-id");
    let given = request.headers().get(&name);
    let id = ids::request_id(given.and_then(|value| value.to_str().ok()));
    request.extensions_mut().insert(RequestId(id.clone()));
    let route = match request.extensions().get::<MatchedPath>() {
        Some(path) => path.as_str().to_owned(),
        // Every other path counts as one: they are the clients' invention.
        None => "other".to_owned(),
    };
    let method = request.method().clone();
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<Problem>();
    if let Some(problem) = &problem {
        let headers = std::mem::take(response.headers_mut());
        response = problem.document(&id);
        // Those of the layers within; what belongs to the empty body does not.
        let lasting = headers
            .into_iter()
            .filter_map(|(name, value)| Some((name?, value)))
            .filter(|(name, _)| name != header::CONTENT_LENGTH && name != header::CONTENT_TYPE);
        response.headers_mut().extend(lasting);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(name, value);
    }
    let status = response.status().as_u16();
    let code = problem.as_ref().map(|problem| problem.code);
    let took = begin.elapsed();
    service.metrics.request(&route, status, code, took);
    let logged = response
        .extensions_mut()
        .remove::<Logged>()
        .filter(|_| service.config.log_scores);
    tracing::info!(
        request_id = id,
        method = method.as_str(),
        route,
        status,
        code = code.map(|code| code.as_str()),
        seconds = took.as_secs_f64(),
        verdict = logged.as_ref().map(|logged| logged.verdict.as_str()),
        score = logged.and_then(|logged| logged.score),
        "request"
    );
    response
}

/// Adds the headers that protect whoever shows the answer; answers are kept by nobody.
pub(crate) async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Lets a request pass that has a key, where keys are needed.
pub(crate) async fn need_key(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    service.keys.check(request.headers())?;
    Ok(next.run(request).await)
}

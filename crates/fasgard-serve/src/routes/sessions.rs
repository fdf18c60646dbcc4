//! Several frames, one verdict.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use fasgard_metrics::Fuse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Named, Shared, json};
use crate::{
    Code, Problem,
    answer::{ImageAnswer, SessionVerdict},
    intake::body,
    middleware::{Logged, RequestId},
    openapi::{ImageBytes, ImageForm},
    problem::ProblemDocument,
    service::Service,
    sessions::Entry,
};

/// Largest body that asks for a session, in bytes.
const MOST: usize = 4096;

/// What a session is to be; all of it may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// The client's challenge: 16 to 128 letters, digits, `_` and `-`, never used before.
    nonce: Option<String>,
    /// How the frames are fused: mean, median, max, min, trimmed or peak.
    #[schema(value_type = Option<String>)]
    fuse: Option<Fuse>,
}

/// An open session.
#[derive(Serialize, ToSchema)]
pub(crate) struct Opened {
    /// The request, as in the log.
    request_id: String,
    /// The session's id.
    session: String,
    /// Its nonce, which every further request of it sends in `x-session-nonce`.
    nonce: String,
    /// How the frames are fused.
    fuse: &'static str,
    /// Seconds until it ends.
    expires_in_s: u64,
    /// Frames that it may have.
    frames: u32,
}

/// Open a session
#[utoipa::path(
    post, path = "/v1/sessions", tag = "sessions",
    request_body(content = Wanted, description = "May be empty"),
    responses(
        (status = 201, description = "The session", body = Opened, headers(("location" = String, description = "Its path"))),
        (status = 400, description = "`json`, `body-broken`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "`key-missing`, `key-wrong`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`sessions-off`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`nonce-replayed`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "`too-large`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-sessions`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`model-loading`, `model-missing`, `shutting-down`", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn create(
    State(service): Shared,
    Extension(RequestId(id)): Extension<RequestId>,
    request: Request,
) -> Result<Response, Problem> {
    check_on(&service)?;
    service.check_ready()?;
    let text = body::small(&service, request.into_body(), MOST).await?;
    let wanted: Wanted = match text.is_empty() {
        true => Wanted::default(),
        false => serde_json::from_slice(&text).map_err(|error| {
            let detail = format!("expected an object with `nonce` and `fuse`, found: {error}");
            Problem::new(Code::Json, detail)
        })?,
    };
    let fuse = wanted.fuse.unwrap_or(service.config.fuse);
    let entry = service.sessions.open(wanted.nonce, fuse)?;
    let opened = Opened {
        request_id: id,
        session: entry.id.clone(),
        nonce: entry.nonce.clone(),
        fuse: fuse.as_str(),
        expires_in_s: service.sessions.seconds(),
        frames: service.sessions.frames(),
    };
    let mut response = json(&opened);
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/sessions/{}", entry.id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Add a frame to a session
#[utoipa::path(
    post, path = "/v1/sessions/{session}/frames", tag = "sessions",
    params(("session" = String, Path, description = "The session's id"), ("x-session-nonce" = String, Header, description = "Its nonce")),
    request_body(content(
        (ImageBytes = "image/jpeg"), (ImageBytes = "image/png"), (ImageBytes = "image/webp"),
        (ImageBytes = "image/bmp"), (ImageBytes = "application/octet-stream"),
        (ImageForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The answer to the frame", body = ImageAnswer),
        (status = 403, description = "`nonce-wrong`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`session-unknown`, `sessions-off`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`session-used`, `session-full`, `frame-repeated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`session-expired`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "What `/v1/predict` refuses", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn frame(
    State(service): Shared,
    Extension(RequestId(id)): Extension<RequestId>,
    session: Named,
    request: Request,
) -> Result<Response, Problem> {
    let entry = find(&service, session, request.headers())?;
    let bytes = service.image(request).await?;
    let mut state = entry.state.lock().await;
    let digest = entry.may_add(&state, &bytes, service.sessions.frames())?;
    let judged = service.judge(bytes, state.session.previous()).await?;
    state.keep(digest, &judged.answer);
    let number = state.count;
    drop(state);
    service.metrics.answer("frame", &judged.answer);
    let logged = Logged::new(judged.answer.verdict, judged.answer.score);
    let (threshold, answers) = (service.threshold()?, service.config.answers);
    let answer = ImageAnswer::new(&id, judged, threshold, answers, Some((number, &entry)));
    let mut response = json(&answer);
    response.extensions_mut().insert(logged);
    Ok(response)
}

/// Ask for a session's verdict, which uses it up
#[utoipa::path(
    post, path = "/v1/sessions/{session}/verdict", tag = "sessions",
    params(("session" = String, Path, description = "The session's id"), ("x-session-nonce" = String, Header, description = "Its nonce")),
    responses(
        (status = 200, description = "The verdict", body = SessionVerdict),
        (status = 403, description = "`nonce-wrong`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`session-unknown`, `sessions-off`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`session-used`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`session-expired`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`model-loading`, `model-missing`", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn verdict(
    State(service): Shared,
    Extension(RequestId(id)): Extension<RequestId>,
    session: Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let entry = find(&service, session, &headers)?;
    let loaded = service.model.get()?;
    // After the frames that are being judged.
    let mut state = entry.state.lock().await;
    entry.check(&state)?;
    state.use_up();
    let answer = state.session.answer(&loaded.predictor);
    drop(state);
    service.sessions.end(&entry);
    service.metrics.session(&answer);
    let threshold = loaded.predictor.threshold().value;
    let verdict = SessionVerdict::new(&id, &entry, &answer, threshold, service.config.answers);
    let mut response = json(&verdict);
    let logged = Logged::new(answer.verdict, answer.score);
    response.extensions_mut().insert(logged);
    Ok(response)
}

/// Give a session up
#[utoipa::path(
    delete, path = "/v1/sessions/{session}", tag = "sessions",
    params(("session" = String, Path, description = "The session's id"), ("x-session-nonce" = String, Header, description = "Its nonce")),
    responses(
        (status = 204, description = "It is given up; its nonce stays used"),
        (status = 403, description = "`nonce-wrong`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`session-unknown`, `sessions-off`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`session-used`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`session-expired`", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn give_up(
    State(service): Shared,
    session: Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let entry = find(&service, session, &headers)?;
    let mut state = entry.state.lock().await;
    entry.check(&state)?;
    state.use_up();
    drop(state);
    service.sessions.end(&entry);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn find(service: &Service, session: Named, headers: &HeaderMap) -> Result<Arc<Entry>, Problem> {
    check_on(service)?;
    // A name that is no text is no session's.
    let session = session.map(|Path(name)| name).unwrap_or_default();
    let nonce = headers
        .get("x-session-nonce")
        .and_then(|value| value.to_str().ok());
    service.sessions.find(&session, nonce)
}

fn check_on(service: &Service) -> Result<(), Problem> {
    match service.config.sessions {
        true => Ok(()),
        false => Err(Problem::new(
            Code::SessionsOff,
            "expected `sessions = true` in the service's configuration",
        )),
    }
}

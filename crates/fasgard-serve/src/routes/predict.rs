//! One image, one answer.

use axum::{
    Extension,
    extract::{Request, State},
    response::Response,
};

use super::{Shared, json};
use crate::{
    Problem,
    answer::ImageAnswer,
    middleware::{Logged, RequestId},
    openapi::{ImageBytes, ImageForm},
    problem::ProblemDocument,
};

/// Judge an image: its bytes, or a form with one field `image`
#[utoipa::path(
    post, path = "/v1/predict", tag = "judge",
    request_body(content(
        (ImageBytes = "image/jpeg"), (ImageBytes = "image/png"), (ImageBytes = "image/webp"),
        (ImageBytes = "image/bmp"), (ImageBytes = "application/octet-stream"),
        (ImageForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The answer", body = ImageAnswer),
        (status = 400, description = "`empty`, `body-broken`, `form`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "`key-missing`, `key-wrong`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 408, description = "`body-slow`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "`too-large`, `too-many-pixels`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "`media-type`, `not-an-image`, `type-mismatch`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`truncated`, `malformed`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`busy`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`internal`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`too-slow`, `model-loading`, `model-missing`, `shutting-down`", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security((), ("key" = [])),
)]
pub(crate) async fn predict(
    State(service): Shared,
    Extension(RequestId(id)): Extension<RequestId>,
    request: Request,
) -> Result<Response, Problem> {
    let bytes = service.image(request).await?;
    let judged = service.judge(bytes, None).await?;
    service.metrics.answer("image", &judged.answer);
    let logged = Logged::new(judged.answer.verdict, judged.answer.score);
    let (threshold, answers) = (service.threshold()?, service.config.answers);
    let mut response = json(&ImageAnswer::new(&id, judged, threshold, answers, None));
    response.extensions_mut().insert(logged);
    Ok(response)
}

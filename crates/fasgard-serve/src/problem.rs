//! Every refusal: a JSON problem document (RFC 9457) with a stable code.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

// `tt`, not `literal`: attribute macros read the name.
macro_rules! codes {
    ($($variant:ident, $name:tt, $status:ident, $title:tt;)*) => {
        /// Why a request was refused. Codes are stable: programs decide by them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
        pub enum Code {
            $(
                #[doc = $title]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Code {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in documents.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status it comes with.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// What it means, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    NotHttp, "not-http", BAD_REQUEST, "The bytes are no HTTP request";
    HeaderSlow, "header-slow", REQUEST_TIMEOUT, "The header of the request did not arrive in time";
    HeaderTooLarge, "header-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The header of the request is too long";
    NotFound, "not-found", NOT_FOUND, "There is nothing at this path";
    MethodNotAllowed, "method-not-allowed", METHOD_NOT_ALLOWED, "The path does not take this method";
    KeyMissing, "key-missing", UNAUTHORIZED, "An API key is needed";
    KeyWrong, "key-wrong", UNAUTHORIZED, "The API key is not known";
    Empty, "empty", BAD_REQUEST, "The image has no bytes";
    BodyBroken, "body-broken", BAD_REQUEST, "The body ended early or is malformed";
    Form, "form", BAD_REQUEST, "The form is not one field `image`";
    Json, "json", BAD_REQUEST, "The JSON body does not hold";
    BodySlow, "body-slow", REQUEST_TIMEOUT, "The body did not arrive in time";
    TooLarge, "too-large", PAYLOAD_TOO_LARGE, "The body has too many bytes";
    TooManyPixels, "too-many-pixels", PAYLOAD_TOO_LARGE, "The image has too many pixels";
    MediaType, "media-type", UNSUPPORTED_MEDIA_TYPE, "The content type is no image that is read";
    NotAnImage, "not-an-image", UNSUPPORTED_MEDIA_TYPE, "The content is no image that is read";
    TypeMismatch, "type-mismatch", UNSUPPORTED_MEDIA_TYPE, "The content is of another type than declared";
    Truncated, "truncated", UNPROCESSABLE_ENTITY, "The image ends early";
    Malformed, "malformed", UNPROCESSABLE_ENTITY, "The image breaks the rules of its format";
    SessionUnknown, "session-unknown", NOT_FOUND, "There is no such session";
    NonceWrong, "nonce-wrong", FORBIDDEN, "The nonce is not the session's";
    NonceReplayed, "nonce-replayed", CONFLICT, "The nonce was used before";
    SessionUsed, "session-used", CONFLICT, "The session has had its verdict";
    SessionFull, "session-full", CONFLICT, "The session has all its frames";
    FrameRepeated, "frame-repeated", CONFLICT, "The session has this very frame already";
    SessionExpired, "session-expired", GONE, "The session's time is over";
    SessionsOff, "sessions-off", NOT_FOUND, "Sessions are switched off here";
    TooManySessions, "too-many-sessions", TOO_MANY_REQUESTS, "Too many sessions are open or remembered";
    Busy, "busy", TOO_MANY_REQUESTS, "Too many images are waiting";
    TooSlow, "too-slow", SERVICE_UNAVAILABLE, "The image was not judged in time";
    ModelLoading, "model-loading", SERVICE_UNAVAILABLE, "The model is being loaded";
    ModelMissing, "model-missing", SERVICE_UNAVAILABLE, "There is no model that loads";
    ShuttingDown, "shutting-down", SERVICE_UNAVAILABLE, "The service is shutting down";
    Internal, "internal", INTERNAL_SERVER_ERROR, "The service failed; the request may be sent again";
}

impl Code {
    /// Where the code is explained.
    fn link(self) -> String {
        format!("/docs#{}", self.as_str())
    }

    /// Seconds after which trying again makes sense, where it does.
    fn retry_after(self) -> Option<&'static str> {
        match self {
            Self::Busy | Self::ModelLoading => Some("1"),
            Self::TooSlow | Self::ShuttingDown => Some("5"),
            Self::ModelMissing | Self::TooManySessions => Some("10"),
            _ => None,
        }
    }
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Why.
    pub code: Code,
    /// What was expected and found, for people; never a path or a trace.
    pub detail: String,
}

/// A refusal as it is sent, `application/problem+json`.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument {
    /// Where the code is explained.
    #[serde(rename = "type")]
    kind: String,
    /// What the code means.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// Why, for programs.
    code: Code,
    /// What was expected and found, for people.
    detail: String,
    /// The request, as in the log.
    request_id: String,
}

impl Problem {
    /// A refusal with what was expected and found.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }

    /// The document, JSON.
    pub(crate) fn json(&self, request_id: &str) -> Vec<u8> {
        let document = ProblemDocument {
            kind: self.code.link(),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            code: self.code,
            detail: self.detail.clone(),
            request_id: request_id.to_owned(),
        };
        // Strings and numbers: it always serialises; an empty body would still say the status.
        serde_json::to_vec(&document).unwrap_or_default()
    }

    /// The answer with its document.
    pub(crate) fn document(&self, request_id: &str) -> Response {
        let mut response = Response::new(Body::from(self.json(request_id)));
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        if let Some(seconds) = self.code.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"fasgard\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

impl IntoResponse for Problem {
    /// The status with the problem beside it: the outermost layer knows the request and writes the
    /// document.
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_say_what_programs_and_people_need() {
        let problem = Problem::new(Code::Busy, "expected \"room\", found 64 waiting");
        let response = problem.document("abc");
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        for code in Code::ALL {
            let name = code.as_str();
            assert_eq!(serde_json::to_value(code).unwrap(), name);
            assert!(
                code.status().is_client_error() || code.status().is_server_error(),
                "{name}"
            );
            let limited = [429, 503].contains(&code.status().as_u16());
            assert_eq!(code.retry_after().is_some(), limited, "{name}");
        }
    }
}

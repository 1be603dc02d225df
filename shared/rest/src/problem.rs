//! Errors as `application/problem+json` (RFC 9457): what went wrong, where in the input, and the way out.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};

use axum::response::{IntoResponse, Response};
use bff::telemetry::RequestRecord;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// What every `type` begins with.
const KIND: &str = "urn:problem:";

/// A refusal or a failure, ready to be sent. Boxed inside: handlers return it in `Result`s all day.
#[derive(Debug)]
pub struct Problem(Box<Body>);

/// The body of every answer that is not a success (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Body {
    /// Stable name of the kind of problem, e.g. `urn:problem:invalid-parameter`.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status, repeated.
    #[serde(serialize_with = "status_number")]
    #[schema(value_type = u16)]
    status: StatusCode,
    /// What went wrong this time, and what to do about it.
    detail: String,
    /// For input errors: each field (or parameter, or header) and what is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// For failures of ours: the id under which the cause was logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<String>,
    #[serde(skip)]
    challenge: Option<HeaderValue>,
    #[serde(skip)]
    retry_after_s: Option<u32>,
}

/// One faulty piece of input.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// The parameter, the header, or the path in the body (`reports[3].played_at`).
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

impl Problem {
    fn new(status: StatusCode, slug: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Body {
            kind: format!("{KIND}{slug}"),
            title,
            status,
            detail: detail.into(),
            errors: Vec::new(),
            incident: None,
            challenge: None,
            retry_after_s: None,
        }))
    }

    fn naming(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// 400: a query or path parameter, or a header, that cannot be understood.
    pub fn parameter(name: impl Into<String>, detail: impl Into<String>) -> Self {
        let error = FieldError::new(name, detail);
        let summary = format!("`{}`: {}", error.field, error.detail);
        Self::new(StatusCode::BAD_REQUEST, "invalid-parameter", "Invalid parameter", summary)
            .naming(vec![error])
    }

    /// 400: a request that is not even syntactically what it claims to be.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed-request", "Malformed request", detail)
    }

    /// 422: a well-formed body with one value that cannot be accepted.
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid_fields(vec![FieldError::new(field, detail)])
    }

    /// 422: a well-formed body with several values that cannot be accepted, all named at once.
    pub fn invalid_fields(errors: Vec<FieldError>) -> Self {
        let summary =
            errors.iter().map(|e| format!("`{}`: {}", e.field, e.detail)).collect::<Vec<_>>().join("; ");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input", "Invalid input", summary).naming(errors)
    }

    /// 401, with the challenge that RFC 6750 asks for.
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        let mut problem =
            Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Authentication required", detail);
        problem.0.challenge = Some(HeaderValue::from_static("Bearer"));
        problem
    }

    /// 403: known caller, not allowed.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden", detail)
    }

    /// 404. `detail` names the thing, e.g. "no note `7`".
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// 405.
    pub fn method_not_allowed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail)
    }

    /// 409: the request contradicts the present state.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Conflict", detail)
    }

    /// 412: someone else was first.
    pub fn precondition_failed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "precondition-failed", "Precondition failed", detail)
    }

    /// 413.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Content too large", detail)
    }

    /// 415.
    pub fn unsupported_media_type(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "Unsupported media type",
            detail,
        )
    }

    /// 428: the write must say which version it was made from (RFC 6585).
    pub fn precondition_required(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_REQUIRED, "precondition-required", "Precondition required", detail)
    }

    /// 503: worth another try after `retry_after_s` seconds.
    pub fn unavailable(detail: impl Into<String>, retry_after_s: u32) -> Self {
        let mut problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable", detail);
        problem.0.retry_after_s = Some(retry_after_s);
        problem
    }

    /// 500, masked: the cause is logged here, once, under the id that the caller gets to see.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let incident = format!("{:016x}", RandomState::new().build_hasher().finish());
        tracing::error!(incident, cause = %cause, "request failed");
        let mut problem = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Internal server error",
            "Something went wrong on our side; quote the incident id when reporting it.",
        );
        problem.0.incident = Some(incident);
        problem
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    pub fn detail(&self) -> &str {
        &self.0.detail
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.0.title, self.0.status.as_u16(), self.0.detail)
    }
}

impl std::error::Error for Problem {}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        let busy = match &error {
            sqlx::Error::PoolTimedOut => true,
            // SQLITE_BUSY and SQLITE_LOCKED, with their extended codes in the high bits.
            sqlx::Error::Database(e) => e
                .code()
                .and_then(|code| code.parse::<u32>().ok())
                .is_some_and(|code| matches!(code & 0xff, 5 | 6)),
            _ => false,
        };
        if busy {
            tracing::warn!(cause = %error, "database busy");
            return Self::unavailable("the database is busy; try again", 1);
        }
        Self::internal(error)
    }
}

impl From<serde_json::Error> for Problem {
    /// Only for writing answers: reading input goes through the extractors, which name the field.
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        RequestRecord::with_current(|record| record.add_error(self.0.kind.trim_start_matches(KIND)));
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = (self.0.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.0.challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

fn status_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

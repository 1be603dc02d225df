//! The answers that layers give themselves, in the shape the server's clients expect.

use std::borrow::Cow;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::json;

use crate::{Code, Fault, telemetry::RequestRecord};

/// How an error looks on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorBody {
    /// `{"errors": [{"message", "extensions": {"code", "traceId", "retryable"}}]}`, as GraphQL over HTTP has it.
    GraphQl,
    /// `{"type", "title", "status", "detail", "code"}`, RFC 9457.
    Problem,
}

impl ErrorBody {
    /// An error that may be shown, under its code's status.
    pub fn response(self, code: Code, message: impl Into<Cow<'static, str>>) -> Response {
        self.refusal(&Fault::new(code, message))
    }

    /// The same, which may tell when to come back. The code is noted in the request's record.
    pub fn refusal(self, fault: &Fault) -> Response {
        let Fault { code, retry_after, .. } = *fault;
        let status = code.status().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let trace_id = RequestRecord::with_current(|record| {
            record.add_error(code.as_str());
            record.trace().trace_id_hex()
        });
        let (content_type, body) = self.text(fault, trace_id);
        let content_type = HeaderValue::from_static(content_type);
        let mut response = (status, [(CONTENT_TYPE, content_type)], Body::from(body)).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.get().into());
        }
        response
    }

    /// Media type and body of an error.
    pub(super) fn text(self, fault: &Fault, trace_id: Option<String>) -> (&'static str, String) {
        let Fault { code, ref message, retry_after } = *fault;
        let status = code.status().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (content_type, body) = match self {
            Self::GraphQl => {
                let mut extensions = json!({"code": code.as_str()});
                if let Some(trace_id) = trace_id {
                    extensions["traceId"] = trace_id.into();
                }
                extensions["retryable"] = code.retryable().into();
                if let Some(seconds) = retry_after {
                    extensions["retryAfter"] = seconds.get().into();
                }
                (
                    "application/graphql-response+json; charset=utf-8",
                    json!({"errors": [{"message": message, "extensions": extensions}]}),
                )
            }
            Self::Problem => (
                "application/problem+json",
                json!({
                    "type": format!("urn:problem:{}", code.as_str().to_ascii_lowercase().replace('_', "-")),
                    "title": status.canonical_reason().unwrap_or("Error"),
                    "status": status.as_u16(),
                    "detail": message,
                    "code": code.as_str(),
                }),
            ),
        };
        (content_type, body.to_string())
    }

    /// The masked answer to what was our own fault.
    pub fn internal(self) -> Response {
        self.refusal(&Fault::internal())
    }
}

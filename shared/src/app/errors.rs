//! The answers that layers give themselves, in the shape the server's clients expect.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde_json::json;

use crate::telemetry::RequestRecord;

/// How an error looks on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorBody {
    /// `{"errors": [{"message", "extensions": {"code", "traceId"}}]}`, as GraphQL over HTTP has it.
    GraphQl,
    /// `{"type", "title", "status", "detail", "code"}`, RFC 9457.
    Problem,
}

impl ErrorBody {
    /// An error that may be shown, with its stable code; the code is noted in the request's record.
    pub fn response(self, status: StatusCode, code: &'static str, message: &str) -> Response {
        let trace_id = RequestRecord::with_current(|record| {
            record.add_error(code);
            record.trace().trace_id_hex()
        });
        let (content_type, body) = match self {
            Self::GraphQl => {
                let mut extensions = json!({"code": code});
                if let Some(trace_id) = trace_id {
                    extensions["traceId"] = trace_id.into();
                }
                (
                    "application/graphql-response+json; charset=utf-8",
                    json!({"errors": [{"message": message, "extensions": extensions}]}),
                )
            }
            Self::Problem => (
                "application/problem+json",
                json!({
                    "type": format!("urn:problem:{}", code.to_ascii_lowercase().replace('_', "-")),
                    "title": status.canonical_reason().unwrap_or("Error"),
                    "status": status.as_u16(),
                    "detail": message,
                    "code": code,
                }),
            ),
        };
        let content_type = HeaderValue::from_static(content_type);
        (status, [(CONTENT_TYPE, content_type)], Body::from(body.to_string())).into_response()
    }

    /// The masked answer to what was our own fault.
    pub fn internal(self) -> Response {
        self.response(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR", "Internal server error")
    }
}

//! Bodies and paths as extractors whose rejections are problems that name the field.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::Problem;

/// A JSON body. 415 without a JSON content type, 413 when too large, 400 when not JSON, 422 when not what is asked for.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        require_json(&parts.headers)?;
        let bytes = body_bytes(Request::from_parts(parts, body), state).await?;
        from_json(&bytes).map(Self)
    }
}

/// A path parameter or a tuple of them.
#[derive(Clone, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::parameter("path", rejection.body_text())),
        }
    }
}

pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
        .is_some_and(|essence| essence == "application/json" || essence.ends_with("+json"));
    if is_json {
        Ok(())
    } else {
        Err(Problem::unsupported_media_type("send the body as `Content-Type: application/json`"))
    }
}

pub(crate) async fn body_bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection: BytesRejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::too_large("the body is larger than this service takes; send it in parts")
        } else {
            Problem::malformed("the body broke off")
        }
    })
}

/// Reads a body; faults carry the path of the field (`reports[3].played_at`).
pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        // What is not JSON at all is not a wrong value of JSON, wherever reading stopped.
        match serde_json::from_slice::<IgnoredAny>(bytes) {
            Err(syntax) => fault(".".to_owned(), &syntax),
            Ok(_) => fault(error.path().to_string(), error.inner()),
        }
    })?;
    json.end().map_err(|error| fault(".".to_owned(), &error))?;
    Ok(value)
}

fn fault(path: String, error: &serde_json::Error) -> Problem {
    if !error.is_data() {
        return Problem::malformed(format!("the body is not JSON: {error}"));
    }
    let message = error.to_string();
    // serde_json adds the place; the path says it better.
    let message = message.split(" at line ").next().unwrap_or_default();
    // A missing field is reported at its parent, its name in the message only.
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    match (missing, path.as_str()) {
        (Some(name), ".") => Problem::invalid(name, "this field is required"),
        (Some(name), parent) => Problem::invalid(format!("{parent}.{name}"), "this field is required"),
        (None, ".") => Problem::invalid("body", plain(message)),
        (None, path) => Problem::invalid(path, plain(message)),
    }
}

/// serde's message in words of JSON: a caller need not know Rust's types.
fn plain(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return message.to_owned() };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        other => other,
    };
    format!("{found}, expected {expected}")
}

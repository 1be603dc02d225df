//! What may be kept and for how long (RFC 9111), and validators that spare sending it again (RFC 9110, 13.1).

use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use sha2::{Digest, Sha256};

/// Whom an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// The same for everybody: anyone may keep it this long.
    Public(Duration),
    /// As `Public`, and it never changes under its URL.
    Immutable(Duration),
    /// A caller's own, or changing all the time: nobody keeps it.
    Private,
}

impl Caching {
    fn header(self) -> HeaderValue {
        let text = match self {
            Self::Public(age) => format!("public, max-age={}", age.as_secs()),
            Self::Immutable(age) => format!("public, max-age={}, immutable", age.as_secs()),
            Self::Private => "private, no-store".to_owned(),
        };
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("no-store"))
    }
}

/// Gives every successful answer of these routes its `Cache-Control`, and every complete `GET` answer a strong `ETag`
/// from its bytes; answers 304 when the caller has them already. A handler's own headers win.
pub fn cached<S: Clone + Send + Sync + 'static>(routes: Router<S>, caching: Caching) -> Router<S> {
    routes.layer(from_fn_with_state(caching.header(), validate))
}

async fn validate(State(cache_control): State<HeaderValue>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    if !response.status().is_success() {
        return response;
    }
    let (mut head, body) = response.into_parts();
    head.headers.entry(header::CACHE_CONTROL).or_insert(cache_control);
    // A body of unknown length is a stream: it is not ours to collect.
    let complete = body.size_hint().exact().is_some();
    if !reads || head.status != StatusCode::OK || !complete {
        return Response::from_parts(head, body);
    }
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        return crate::Problem::internal("an answer's body broke off").into_response();
    };
    let etag = match head.headers.get(header::ETAG) {
        Some(etag) => etag.clone(),
        None => etag_of(&bytes),
    };
    head.headers.insert(header::ETAG, etag.clone());
    if known.is_some_and(|known| matches_any(&known, &etag)) {
        head.status = StatusCode::NOT_MODIFIED;
        head.headers.remove(header::CONTENT_TYPE);
        head.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(head, Body::empty());
    }
    Response::from_parts(head, Body::from(bytes))
}

fn etag_of(bytes: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(bytes);
    let tag = URL_SAFE_NO_PAD.encode(&digest[..16]);
    HeaderValue::from_str(&format!("\"{tag}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The weak comparison of RFC 9110 (8.8.3.2), which `If-None-Match` asks for.
fn matches_any(known: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(known), Ok(etag)) = (known.to_str(), etag.to_str()) else { return false };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.trim() == "*" || known.split(',').any(|tag| opaque(tag) == opaque(etag))
}

/// The `ETag` of a row that counts its versions.
pub fn version_etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// `If-Match` on a write to a row that counts its versions: 428 when it is missing, 412 when someone else was first.
pub fn check_if_match(headers: &HeaderMap, current: i64) -> Result<(), crate::Problem> {
    let Some(given) = headers.get(header::IF_MATCH) else {
        return Err(crate::Problem::precondition_required(format!(
            "send `If-Match: \"<version>\"` with the version you are changing; it is now \"{current}\""
        )));
    };
    let given = given.to_str().unwrap_or_default();
    let current_tag = format!("\"{current}\"");
    // Strong comparison (RFC 9110, 13.1.1): a weak tag never matches.
    if given.trim() == "*" || given.split(',').any(|tag| tag.trim() == current_tag) {
        return Ok(());
    }
    Err(crate::Problem::precondition_failed(format!(
        "someone else was first: the version is now \"{current}\", not {given}; read it again and retry"
    )))
}

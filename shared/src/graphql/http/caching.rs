//! What an answer to a `GET` says to whoever may keep it: browsers, phones, a CDN in front (RFC 9111), and a validator
//! that spares sending it again (RFC 9110 §8.8.3, §13.1.2).
//!
//! `public, max-age` stands on an answer that was made without a look at the caller, from public rows all of which their
//! upstreams call fresh, for as long as the first of them is. It is then the same for everybody, whether or not they are
//! signed in. Everybody's own answers are `private, no-store`; one with an error or with less than it should have is
//! `no-store`.

use crate::{
    fanout::Keep,
    graphql::answer::{Answer, Verdict},
};
use axum::{body::Body, response::Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

/// What else an answer depends on. `Accept-Encoding` is said where it is compressed.
const VARIES_BY: HeaderValue = HeaderValue::from_static("accept, accept-language");

/// And if it is another for clients of other versions: whatever they name themselves by.
const VARIES_BY_CLIENT: HeaderValue = HeaderValue::from_static(
    "graphql-client-name, graphql-client-version, apollographql-client-name, apollographql-client-version",
);

/// `Cache-Control` and `ETag` of one response.
pub struct Caching {
    told_apart: bool,
    control: HeaderValue,
    etag: Option<HeaderValue>,
}

impl Caching {
    /// Nobody keeps what was refused.
    pub fn refused() -> Self {
        Self { told_apart: false, control: HeaderValue::from_static("no-store"), etag: None }
    }

    /// Of an answer; the tag is made of its bytes.
    pub fn of(answer: &Answer) -> Self {
        let whole = answer.verdict == Verdict::Executed { errors: false } && answer.degraded.is_empty();
        if !whole {
            return Self { told_apart: answer.told_apart, ..Self::refused() };
        }
        let control = match answer.keep {
            None => HeaderValue::from_static("private, no-store"),
            Some(Keep::Never) => HeaderValue::from_static("no-store"),
            Some(Keep::Confirmed) => CONFIRMED,
            Some(Keep::Until(until)) => fresh(until.saturating_duration_since(Instant::now())),
        };
        Self { told_apart: answer.told_apart, control, etag: etag(&answer.body) }
    }

    /// Says so in a response, which has no body if the caller has it already.
    pub fn say(self, asked: &HeaderMap, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.append(header::VARY, VARIES_BY);
        if self.told_apart {
            headers.append(header::VARY, VARIES_BY_CLIENT);
        }
        headers.insert(header::CACHE_CONTROL, self.control);
        let Some(etag) = self.etag else { return response };
        let known = asked.get_all(header::IF_NONE_MATCH).iter().any(|known| names(known, &etag));
        headers.insert(header::ETAG, etag);
        if known {
            headers.remove(header::CONTENT_TYPE);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = Body::empty();
        }
        response
    }
}

/// It may be kept, and is asked for again each time.
const CONFIRMED: HeaderValue = HeaderValue::from_static("public, no-cache");

fn fresh(left: Duration) -> HeaderValue {
    match left.as_secs() {
        0 => CONFIRMED,
        seconds => HeaderValue::from_str(&format!("public, max-age={seconds}")).unwrap_or(CONFIRMED),
    }
}

/// A weak one: the same answer goes out in several codings, whose bytes differ (RFC 9110 §8.8.3.3).
fn etag(body: &[u8]) -> Option<HeaderValue> {
    let digest = Sha256::digest(body);
    let half = digest.get(..16)?;
    HeaderValue::from_str(&format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(half))).ok()
}

/// By the weak comparison (RFC 9110 §8.8.3.2), which `If-None-Match` asks for.
fn names(known: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(known), Ok(etag)) = (known.to_str(), etag.to_str()) else { return false };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.trim() == "*" || known.split(',').any(|tag| opaque(tag) == opaque(etag))
}

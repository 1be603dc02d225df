//! Which answers are worth compressing, and how hard.

use std::{convert::Infallible, future::ready};

use axum::{body::Body, extract::Request, response::Response};
use http::{
    HeaderValue,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE},
};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
};

/// Shorter answers fill one packet either way.
const WORTH_IT: u64 = 1024;

/// Of zstd, Brotli and gzip alike: beyond it each per cent of size costs more time than a network takes for it.
const LEVEL: i32 = 4;

/// Tells whether an answer is to be compressed. Events and parts leave one by one, and an encoder would hold them back.
fn worth() -> impl Predicate {
    SizeAbove::new(WORTH_IT)
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("multipart/"))
        .and(NotForContentType::IMAGES)
}

/// Whether it is worth compressing, and is not compressed, nor a part of something, already.
pub(super) fn is_of_use(response: &Response) -> bool {
    let headers = response.headers();
    !headers.contains_key(CONTENT_ENCODING)
        && !headers.contains_key(CONTENT_RANGE)
        && worth().should_compress(response)
}

/// In what the caller prefers; of what it likes equally, zstd before Brotli before gzip, the fastest first.
/// tower-http does it as a layer around a service: this one has its response already, so that whatever is short goes past.
pub(super) async fn compressed(accepted: Vec<HeaderValue>, response: Response) -> Response {
    let mut request = Request::new(Body::empty());
    for value in accepted {
        request.headers_mut().append(ACCEPT_ENCODING, value);
    }
    let mut there = Some(response);
    let service = service_fn(move |_: Request| ready(Ok::<_, Infallible>(there.take().unwrap_or_default())));
    let layer = CompressionLayer::new().quality(CompressionLevel::Precise(LEVEL));
    let compressed = layer.layer(service).oneshot(request).await;
    compressed.unwrap_or_else(|never| match never {}).map(Body::new)
}

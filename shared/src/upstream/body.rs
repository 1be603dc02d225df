//! Reads an answer's body, decoded, no further than the upstream's limit.

use super::failure::CallError;
use bytes::{Bytes, BytesMut};
use flate2::bufread::GzDecoder;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use std::io::Read;

/// The body of an answer, and its headers as they fit that body.
///
/// We do not ask for compression, but who does not say so may be given any coding (RFC 9110 §12.5.3): gzip is decoded.
pub(super) async fn read(
    body: Incoming,
    mut headers: HeaderMap,
    limit: usize,
) -> Result<(HeaderMap, Bytes), CallError> {
    let gzip = match headers.get(header::CONTENT_ENCODING) {
        None => false,
        Some(coding) if coding.as_bytes().eq_ignore_ascii_case(b"identity") => false,
        Some(coding)
            if [&b"gzip"[..], b"x-gzip"].iter().any(|name| coding.as_bytes().eq_ignore_ascii_case(name)) =>
        {
            true
        }
        Some(coding) => return Err(CallError::Encoding(format!("{coding:?} is not gzip"))),
    };
    let body = collect(body, limit).await?;
    if !gzip {
        return Ok((headers, body));
    }
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    let mut decoded = Vec::new();
    // One more than allowed, to see that there is more.
    let mut decoder = GzDecoder::new(&body[..]).take(limit as u64 + 1);
    decoder.read_to_end(&mut decoded).map_err(|error| CallError::Encoding(error.to_string()))?;
    if decoded.len() > limit { Err(CallError::TooLong) } else { Ok((headers, decoded.into())) }
}

async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes, CallError> {
    let announced = body.size_hint().exact().unwrap_or(0);
    if announced > limit as u64 {
        return Err(CallError::TooLong);
    }
    let Some(first) = chunk(&mut body).await? else { return Ok(Bytes::new()) };
    if announced > 0 && first.len() as u64 == announced {
        // Most answers are one chunk: no copy.
        return Ok(first);
    }
    // One allocation for an announced length; what is not announced grows.
    let mut whole = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(limit).max(first.len()));
    let mut part = first;
    loop {
        if whole.len() + part.len() > limit {
            return Err(CallError::TooLong);
        }
        whole.extend_from_slice(&part);
        match chunk(&mut body).await? {
            Some(next) => part = next,
            None => return Ok(whole.freeze()),
        }
    }
}

/// The next piece, if there is one; trailers say nothing to us.
async fn chunk(body: &mut Incoming) -> Result<Option<Bytes>, CallError> {
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(CallError::transport)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

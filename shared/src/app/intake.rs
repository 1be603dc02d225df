//! A request on its way in: how long its URL, its headers and its body may be, how long the body may take, and what it
//! is after decoding.

use std::{
    error::Error,
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::{
    HeaderValue,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
};
use http_body_util::{LengthLimitError, Limited};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Sleep;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::decompression::RequestDecompressionLayer;

use super::ErrorBody;
use crate::{Code, Fault as Refusal, config::Limits};

/// How a body may be encoded, besides not at all.
const ENCODINGS: &str = "gzip, br, zstd";

/// A body of this length is taken even where those under way are more than should be: it is what most requests are.
const SMALL: usize = 16 * 1024;

/// What every request is held to; one for all of a server.
pub(super) struct Intake {
    limits: Limits,
    errors: ErrorBody,
    /// Bytes of bodies that are being read or worked on.
    under_way: Arc<AtomicUsize>,
}

/// What becomes of one request's body; as long as it is kept, its bytes count as under way.
pub(super) struct Arrival {
    budget: usize,
    under_way: Arc<AtomicUsize>,
    bytes: AtomicUsize,
    /// What is read waits for the peer.
    waits: AtomicBool,
    /// 0, or the [`Fault`].
    fault: AtomicU8,
}

/// Why a body is not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Fault {
    TooLong = 1,
    TooSlow,
    Undecodable,
    TooMany,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the body is too long",
            Self::TooSlow => "the body came too slowly",
            Self::Undecodable => "the body is not encoded as it says",
            Self::TooMany => "too many bodies are under way",
        })
    }
}

impl Error for Fault {}

impl Intake {
    pub(super) fn new(limits: &Limits, errors: ErrorBody) -> Self {
        Self { limits: limits.clone(), errors, under_way: Arc::default() }
    }

    /// The request with a body that keeps to the limits; `None`: it has none. Or the answer to what can be seen to break
    /// them already, before it costs a signature check.
    pub(super) async fn open(&self, request: Request) -> Result<(Request, Option<Arc<Arrival>>), Response> {
        let Limits { url_bytes, headers, body_bytes, .. } = self.limits;
        if request.uri().path_and_query().is_some_and(|url| url.as_str().len() > url_bytes) {
            let message = format!(
                "The request's URL is longer than the {url_bytes} bytes allowed: send a long query with POST"
            );
            return Err(self.errors.response(Code::UrlTooLong, message));
        }
        if request.headers().len() > headers {
            let message = format!("The request has more than the {headers} headers allowed");
            return Err(self.errors.response(Code::HeadersTooLarge, message));
        }
        if request.body().is_end_stream() {
            return Ok((request, None));
        }
        let announced = request.headers().get(CONTENT_LENGTH);
        let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > body_bytes as u64) {
            return Err(self.too_long());
        }
        let arrival = Arc::new(Arrival {
            budget: self.limits.bodies_bytes,
            under_way: Arc::clone(&self.under_way),
            bytes: AtomicUsize::new(0),
            waits: AtomicBool::new(false),
            fault: AtomicU8::new(0),
        });
        let patience = Duration::from_millis(self.limits.body_timeout_ms);
        let limited = |body| Limited::new(body, body_bytes);
        let raw = |body| Body::new(Arriving::new(limited(body), Some(patience), &arrival));
        let request = match request.headers().get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
            None | Some(b"identity") => request.map(raw),
            Some(encoding) if ENCODINGS.split(", ").any(|known| known.as_bytes() == encoding) => {
                // Bounded after decoding, for a few bytes may stand for any number.
                // Boxed, because it is large and rare: it would be a part of every request's future.
                let decoded = Box::pin(decoded(request.map(raw))).await;
                decoded.map(|body| Body::new(Arriving::new(limited(body), None, &arrival)))
            }
            Some(_) => return Err(self.unknown_encoding()),
        };
        Ok((request, Some(arrival)))
    }

    /// What was made of a request; if its body failed, and whoever read it had no better words for it, that is said.
    pub(super) fn answered(&self, arrival: Option<&Arrival>, response: Response) -> Response {
        let Some(failure) = self.failed(arrival, false) else { return response };
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let in_shape = kind.is_some_and(|kind| kind.contains("json"));
        if in_shape && response.status() == failure.status() { response } else { failure }
    }

    /// What is answered where the body failed; `late`: there was no time to find out.
    pub(super) fn failed(&self, arrival: Option<&Arrival>, late: bool) -> Option<Response> {
        let arrival = arrival?;
        let fault =
            arrival.fault().or_else(|| (late && arrival.waits.load(Relaxed)).then_some(Fault::TooSlow))?;
        Some(match fault {
            Fault::TooLong => self.too_long(),
            Fault::TooSlow => self
                .errors
                .response(Code::RequestTimeout, "The request's body did not come in time: send it in one go"),
            Fault::Undecodable => self
                .errors
                .response(Code::BadRequest, "The request's body is not encoded as its Content-Encoding says"),
            Fault::TooMany => {
                let message = "Too many long requests are under way: send it again in a second";
                self.errors.refusal(&Refusal::new(Code::Overloaded, message).after(Duration::from_secs(1)))
            }
        })
    }

    fn too_long(&self) -> Response {
        let limit = self.limits.body_bytes;
        let message = format!("The request's body is longer than the {limit} bytes allowed");
        self.errors.response(Code::PayloadTooLarge, message)
    }

    fn unknown_encoding(&self) -> Response {
        let message = format!("A request's body may be encoded as one of {ENCODINGS}, or not at all");
        let mut response = self.errors.response(Code::UnsupportedContentEncoding, message);
        response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(ENCODINGS));
        response
    }
}

/// The request with its body decoded. tower-http decodes as a layer around a service: this one answers with the body.
async fn decoded(request: Request) -> Request {
    let (mut head, body) = request.into_parts();
    let mut encoded = Request::new(body);
    if let Some(encoding) = head.headers.remove(CONTENT_ENCODING) {
        encoded.headers_mut().insert(CONTENT_ENCODING, encoding);
    }
    // That of what was sent.
    head.headers.remove(CONTENT_LENGTH);
    let body = service_fn(async |request: http::Request<_>| {
        Ok::<_, std::convert::Infallible>(http::Response::new(request.into_body()))
    });
    let decoded = RequestDecompressionLayer::new().layer(body).oneshot(encoded).await;
    let body = decoded.unwrap_or_else(|never| match never {}).into_body();
    Request::from_parts(head, Body::new(body))
}

impl Arrival {
    fn fault(&self) -> Option<Fault> {
        [Fault::TooLong, Fault::TooSlow, Fault::Undecodable, Fault::TooMany]
            .into_iter()
            .find(|fault| *fault as u8 == self.fault.load(Relaxed))
    }

    /// The first fault is the one that is told.
    fn fail(&self, fault: Fault) -> axum::Error {
        let _ = self.fault.compare_exchange(0, fault as u8, Relaxed, Relaxed);
        axum::Error::new(fault)
    }

    /// Counts bytes as under way, if there is room for them.
    fn count(&self, bytes: usize) -> bool {
        let own = self.bytes.fetch_add(bytes, Relaxed) + bytes;
        let all = self.under_way.fetch_add(bytes, Relaxed) + bytes;
        all <= self.budget || (own <= SMALL && all <= self.budget.saturating_mul(2))
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.under_way.fetch_sub(*self.bytes.get_mut(), Relaxed);
    }
}

/// A body that is read, on either side of the decoder.
struct Arriving {
    body: Limited<Body>,
    /// How long it may take in all, where that is to be watched here.
    patience: Option<Duration>,
    /// Made when there is something to wait for: most bodies are there with their head.
    until: Option<Pin<Box<Sleep>>>,
    arrival: Arc<Arrival>,
}

impl Arriving {
    fn new(body: Limited<Body>, patience: Option<Duration>, arrival: &Arc<Arrival>) -> Self {
        Self { body, patience, until: None, arrival: Arc::clone(arrival) }
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { body, patience, until, arrival } = &mut *self;
        let frame = match Pin::new(body).poll_frame(context) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                let Some(patience) = *patience else { return Poll::Pending };
                arrival.waits.store(true, Relaxed);
                let until = until.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
                return until.as_mut().poll(context).map(|()| Some(Err(arrival.fail(Fault::TooSlow))));
            }
        };
        arrival.waits.store(false, Relaxed);
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                Some(if arrival.count(bytes) { Ok(frame) } else { Err(arrival.fail(Fault::TooMany)) })
            }
            Some(Err(error)) => {
                if error.is::<LengthLimitError>() {
                    arrival.fail(Fault::TooLong);
                } else if patience.is_none() {
                    // Behind the decoder: either it has failed, or what it reads from, which has been noted.
                    arrival.fail(Fault::Undecodable);
                }
                // As it was, so that whoever reads the body knows it, too.
                Some(Err(axum::Error::new(error)))
            }
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

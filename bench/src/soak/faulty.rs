//! The mock REST service in bad weather: `POST /__storm` lets it begin, until then every answer is true.

use super::weather::{Fate, Weather};
use crate::{Fault, mock::Rest};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Request, Response, StatusCode,
    body::{Frame, Incoming},
    header::{self, HeaderValue},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{
    future::pending,
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};
use tokio::net::TcpListener;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// An endless body ends here nevertheless: 64 MiB, in pieces of 64 KiB.
const ENDLESS_PIECES: usize = 1024;
const PIECE: &[u8] = &[b' '; 64 * 1024];

pub async fn serve(listener: TcpListener, seed: u64) -> Result<(), Fault> {
    let faulty = Arc::new(Faulty {
        rest: Rest::new(),
        weather: Weather { seed },
        storm: OnceLock::new(),
        calls: AtomicU64::new(0),
    });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // What is closed without an answer is reset, not ended politely.
        stream.set_zero_linger()?;
        let faulty = faulty.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |request: Request<Incoming>| {
                let faulty = faulty.clone();
                async move { faulty.answer(&request).await }
            });
            // Ending badly is what it is for.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        });
    }
}

struct Faulty {
    rest: Rest,
    weather: Weather,
    storm: OnceLock<Instant>,
    calls: AtomicU64,
}

impl Faulty {
    /// An error resets the connection.
    async fn answer(&self, request: &Request<Incoming>) -> io::Result<Response<Body>> {
        let path = request.uri().path();
        if path == "/__storm" {
            self.storm.get_or_init(Instant::now);
            return Ok(full(StatusCode::NO_CONTENT, "text/plain", Bytes::new()));
        }
        let answer = async || {
            let answer = self.rest.answer(request).await;
            let body = answer.into_body().collect().await.unwrap_or_else(|never| match never {});
            body.to_bytes()
        };
        let fate = match self.storm.get() {
            Some(begun) => self.weather.fate(path, begun.elapsed(), self.calls.fetch_add(1, Relaxed)),
            None => return Ok(full(StatusCode::OK, "application/json", answer().await)),
        };
        Ok(match fate {
            Fate::Answered(after) => {
                tokio::time::sleep(after).await;
                full(StatusCode::OK, "application/json", answer().await)
            }
            Fate::Failed => {
                let secret = Bytes::from_static(br#"{"error":"internal-secret-of-the-upstream"}"#);
                full(StatusCode::INTERNAL_SERVER_ERROR, "application/json", secret)
            }
            Fate::Html => full(
                StatusCode::OK,
                "text/html",
                Bytes::from_static(b"<h1>internal-secret-of-the-upstream</h1>"),
            ),
            Fate::WrongShape => {
                let other = Bytes::from_static(br#"{"internal-secret-of-the-upstream":[1,"two",null]}"#);
                full(StatusCode::OK, "application/json", other)
            }
            Fate::Reset => return Err(io::ErrorKind::ConnectionReset.into()),
            Fate::Truncated => halved(answer().await, After::Broken),
            Fate::Hung => pending().await,
            Fate::Stalled => halved(answer().await, After::Silent),
            Fate::Endless => {
                let pieces = std::iter::repeat_n(Bytes::from_static(PIECE), ENDLESS_PIECES);
                let first = std::iter::once(Bytes::from_static(b"["));
                streamed(stream::iter(first.chain(pieces).map(Ok)))
            }
        })
    }
}

/// What follows the first half of a body.
#[derive(Clone, Copy)]
enum After {
    Broken,
    Silent,
}

/// Announces the whole body and sends half of it.
fn halved(body: Bytes, after: After) -> Response<Body> {
    let half = body.slice(..body.len() / 2);
    let rest = stream::once(async move {
        match after {
            After::Broken => Err(io::Error::from(io::ErrorKind::BrokenPipe)),
            After::Silent => pending().await,
        }
    });
    let mut response = streamed(stream::iter([Ok(half)]).chain(rest));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    response
}

fn streamed(pieces: impl stream::Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response<Body> {
    let mut response =
        Response::new(StreamBody::new(pieces.map(|piece| piece.map(Frame::data))).boxed_unsync());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn full(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Body> {
    let body = http_body_util::Full::new(body).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

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
    error::Error,
    future::{pending, poll_fn},
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::net::TcpListener;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// An endless body ends here nevertheless: 64 MiB, in pieces of 64 KiB.
const ENDLESS_PIECES: usize = 1024;
const PIECE: &[u8] = &[b' '; 64 * 1024];

pub async fn serve(listener: TcpListener, seed: u64) -> Result<(), Fault> {
    let weather = Weather { seed };
    serve_by(listener, move |path, since, call| weather.fate(path, since, call)).await
}

/// The fate of a call: to this path, so long after the storm began, after so many others.
type Fates = dyn Fn(&str, Duration, u64) -> Fate + Send + Sync;

async fn serve_by(
    listener: TcpListener,
    fates: impl Fn(&str, Duration, u64) -> Fate + Send + Sync + 'static,
) -> Result<(), Fault> {
    let faulty = Arc::new(Faulty {
        rest: Rest::new(),
        fates: Box::new(fates),
        storm: OnceLock::new(),
        calls: AtomicU64::new(0),
    });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let faulty = faulty.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |request: Request<Incoming>| {
                let faulty = faulty.clone();
                Box::pin(async move { faulty.answer(&request).await })
            });
            let http = hyper::server::conn::http1::Builder::new();
            let mut connection = http.serve_connection(TokioIo::new(stream), answer);
            let ended = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
            // Without lingering, closing is resetting.
            if ended.is_err_and(|error| is_reset(&error)) {
                let _ = connection.into_parts().io.into_inner().set_zero_linger();
            }
        });
    }
}

fn is_reset(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::ConnectionReset)
}

struct Faulty {
    rest: Rest,
    fates: Box<Fates>,
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
            Some(begun) => (self.fates)(path, begun.elapsed(), self.calls.fetch_add(1, Relaxed)),
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
            After::Broken => {
                // The half is sent while this waits; else it would be thrown away with the connection.
                tokio::task::yield_now().await;
                Err(io::Error::from(io::ErrorKind::BrokenPipe))
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Fate = Fate::Answered(Duration::ZERO);

    /// A server in a storm where calls to `/users` meet `fate` and others none; its URL.
    async fn stormy(fate: Fate) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve_by(listener, move |path, _, _| if path == "/users" { fate } else { WELL }));
        client().post(format!("{url}/__storm")).send().await.unwrap();
        url
    }

    fn client() -> reqwest::Client {
        reqwest::Client::builder().no_proxy().build().unwrap()
    }

    async fn users(url: &str) -> reqwest::Result<reqwest::Response> {
        client().get(format!("{url}/users?id=1")).send().await
    }

    /// Whether `silent` has nothing to say while others are answered, one after the other.
    async fn outwaited(silent: impl Future, url: &str) -> bool {
        let others = async {
            for _ in 0..5 {
                let answer = client().get(format!("{url}/posts")).send().await.unwrap();
                assert!(answer.text().await.unwrap().starts_with("[{"));
            }
        };
        tokio::select! {
            _ = silent => false,
            () = others => true,
        }
    }

    #[tokio::test]
    async fn before_the_storm_all_is_well() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve_by(listener, |_, _, _| Fate::Reset));
        assert!(users(&url).await.unwrap().text().await.unwrap().starts_with("[{"));
    }

    #[tokio::test]
    async fn answers_that_say_something_else() {
        for (fate, status, kind, text) in [
            (WELL, 200, "application/json", "[{"),
            (Fate::Failed, 500, "application/json", r#"{"error""#),
            (Fate::Html, 200, "text/html", "<h1>"),
            (Fate::WrongShape, 200, "application/json", r#"{"internal"#),
        ] {
            let answer = users(&stormy(fate).await).await.unwrap();
            let told = answer.headers()["content-type"].to_str().unwrap();
            assert_eq!((answer.status().as_u16(), told), (status, kind));
            let answer = answer.text().await.unwrap();
            assert!(answer.starts_with(text), "{fate:?}: {answer}");
        }
    }

    #[tokio::test]
    async fn connections_that_break_or_fall_silent() {
        let reset = users(&stormy(Fate::Reset).await).await.unwrap_err();
        assert!(format!("{reset:?}").contains("ConnectionReset"), "{reset:?}");
        assert!(users(&stormy(Fate::Truncated).await).await.unwrap().bytes().await.is_err());
        let url = stormy(Fate::Hung).await;
        assert!(outwaited(users(&url), &url).await);
        let url = stormy(Fate::Stalled).await;
        let mut answer = users(&url).await.unwrap();
        assert!(answer.chunk().await.unwrap().unwrap().starts_with(b"[{"));
        assert!(outwaited(answer.chunk(), &url).await);
    }

    #[tokio::test]
    async fn a_body_longer_than_anybody_should_read() {
        let mut answer = users(&stormy(Fate::Endless).await).await.unwrap();
        let mut read = 0;
        while read < 16 << 20 {
            read += answer.chunk().await.unwrap().unwrap().len();
        }
    }
}

//! The accept loop: bounded connections, slow ones cut off, a drain that ends.

mod frames;
mod pace;
mod patrol;
mod refusal;
mod seats;
mod sent;
mod turns;
mod wire;

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::body::Body;
use futures::FutureExt;
use http::{HeaderValue, Request, Response, StatusCode, Version, header::CONNECTION};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

pub(super) use self::turns::Turn;
use self::{
    pace::{Order, Pace},
    patrol::Patrol,
    refusal::Refusal,
    seats::{NoSeat, Seat, Seats},
    sent::Sent,
    turns::Turns,
    wire::Wire,
};
use super::{ErrorBody, client, stack::Paths};
use crate::config::{Limits, Network};

/// What a listener holds its connections to.
pub(super) struct Terms {
    pub limits: Limits,
    /// Peers that speak for many, which no limit of a single address fits.
    pub trusted: Vec<Network>,
    /// The shape of what is answered before there is a request.
    pub errors: ErrorBody,
    /// How long connections have to finish what they are doing, once the server stops.
    pub drain: Duration,
}

pub(super) async fn bind(address: SocketAddr) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

/// Serves until `stop`, then lets connections finish what they are doing.
pub(super) async fn serve(listener: TcpListener, paths: Paths, stop: CancellationToken, terms: Terms) {
    let Terms { limits, trusted, errors, drain } = terms;
    let turns = Turns::new(&limits, trusted.clone());
    let seats = Seats::new(limits.connections, limits.connections_per_address, trusted.clone());
    let mut patrol = Patrol::new(&limits);
    let service = Arc::new(Service { paths, trusted, turns });
    let server = Server { service, http: http(&limits), errors };
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            () = patrol.next_round(seats.full()) => continue,
            Some(_) = open.join_next() => continue,
            accepted = seats.accept(&listener) => accepted,
        };
        match accepted {
            Ok((stream, peer, seat)) => server.welcome(&mut open, &patrol, stream, peer, seat),
            Err(error) => {
                // Out of file descriptors, most likely: wait for some to be closed instead of spinning.
                tracing::warn!(error = %error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    // Who has been connected by the operating system, but not been greeted here, has been promised an answer.
    while let Some(Ok((stream, peer, seat))) = seats.accept(&listener).now_or_never() {
        server.welcome(&mut open, &patrol, stream, peer, seat);
    }
    drop(listener);
    patrol.drain(drain);
    let emptied = async {
        // Sockets have left their tasks for others, but keep their seats.
        while seats.taken() > 0 {
            tokio::select! {
                () = patrol.next_round(false) => {}
                Some(_) = open.join_next() => {}
            }
        }
    };
    if tokio::time::timeout(drain, emptied).await.is_err() {
        tracing::warn!(
            connections = seats.taken(),
            drain_ms = drain.as_millis() as u64,
            "cut off after the drain time"
        );
    }
    open.shutdown().await;
}

/// How the protocols are spoken. What a peer may make us keep is bounded here; who is too slow, the patrol sees.
fn http(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let header_bytes = u32::try_from(limits.header_bytes).unwrap_or(u32::MAX);
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        // The patrol tells a slow head from an idle connection, which hyper's one timer cannot.
        .header_read_timeout(None)
        // The buffer that a head must fit in.
        .max_buf_size(limits.header_bytes);
    // A count of its own costs an allocation for every head.
    if limits.headers != HYPERS_HEADERS {
        http.http1().max_headers(limits.headers);
    }
    http.http2()
        .timer(TokioTimer::new())
        .max_header_list_size(header_bytes)
        .max_concurrent_streams(limits.streams)
        // Streams opened and reset before anybody saw them (CVE-2023-44487), and those reset for the peer's own errors:
        // after so many the connection ends.
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(256)
        // What a peer may send ahead of being read: a body in one go, and a few of them.
        .initial_stream_window_size(256 * 1024)
        .initial_connection_window_size(1024 * 1024)
        // What is taken of an answer before its peer has room for it.
        .max_send_buf_size(64 * 1024)
        // A peer that has gone without a word is found out by pings.
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(10));
    http
}

/// The headers that hyper takes by itself.
const HYPERS_HEADERS: usize = 100;

/// What every connection is served with.
struct Server {
    service: Arc<Service>,
    http: auto::Builder<TokioExecutor>,
    errors: ErrorBody,
}

impl Server {
    /// Serves a connection as a task in `open`, or tells why not.
    fn welcome(
        &self,
        open: &mut JoinSet<()>,
        patrol: &Patrol,
        stream: TcpStream,
        peer: SocketAddr,
        seat: Result<Seat, NoSeat>,
    ) {
        let seat = match seat {
            Ok(seat) => seat,
            Err(no_seat) => {
                if no_seat.first_in_a_while {
                    tracing::warn!(
                        peer.ip = %peer.ip(),
                        "an address has as many connections as `limits.connections_per_address` allows; if it is a \
                         proxy, name it in `trusted_proxies`"
                    );
                }
                // Told for as long as there are places to do so; beyond that, a closed connection has to be enough.
                if let Some(place) = no_seat.place {
                    let words = Refusal::TooManyConnections.text(self.errors);
                    open.spawn(async move {
                        let _place = place;
                        refusal::tell(stream, words).await;
                    });
                }
                return;
            }
        };
        // Answers are written whole; waiting for more to send only delays them.
        let _ = stream.set_nodelay(true);
        let pace = patrol.follow();
        let wire = Wire::new(stream, Arc::clone(&pace), seat, self.errors);
        open.spawn(connection(self.http.clone(), wire, peer, Arc::clone(&self.service), pace));
    }
}

async fn connection(
    http: auto::Builder<TokioExecutor>,
    wire: Wire,
    peer: SocketAddr,
    service: Arc<Service>,
    pace: Arc<Pace>,
) {
    let service = {
        let pace = Arc::clone(&pace);
        service_fn(move |request| {
            let (service, pace) = (Arc::clone(&service), Arc::clone(&pace));
            async move { service.answer(peer, pace, request).await }
        })
    };
    let mut connection = pin!(http.serve_connection_with_upgrades(TokioIo::new(wire), service));
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(error = %error, peer = %peer, "a connection ended badly");
                }
                break;
            }
            order = pace.ordered() => match order {
                Order::Close => connection.as_mut().graceful_shutdown(),
                Order::Cut => {
                    tracing::debug!(peer = %peer, "a connection that was too slow is cut");
                    break;
                }
            }
        }
    }
}

/// What answers every request.
struct Service {
    paths: Paths,
    trusted: Vec<Network>,
    turns: Turns,
}

impl Service {
    /// The only error is that of a stream which is not looked at.
    async fn answer(
        &self,
        peer: SocketAddr,
        pace: Arc<Pace>,
        request: Request<Incoming>,
    ) -> Result<Response<Sent>, h2::Error> {
        let http2 = request.version() == Version::HTTP_2;
        let mut request = request.map(Body::new);
        let client = client::identify(peer, &self.trusted, &mut request);
        let turn = self.turns.take(client.ip);
        // A connection of HTTP/1 has one request at a time, and can always be told.
        if http2 && turn.is_beyond_words() {
            return Err(h2::Reason::REFUSED_STREAM.into());
        }
        request.extensions_mut().insert(Arc::clone(&turn));
        let under_way = pace.request(http2, turn);
        let mut response = self.paths.answer(request).await;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            pace.upgraded();
        } else if !http2 && pace.is_draining() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response.map(|body| Sent::new(body, under_way, http2)))
    }
}

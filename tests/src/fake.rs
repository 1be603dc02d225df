//! An upstream that a test writes: a real listener that records every call.

use super::{
    Authority, Call, EventSource, Place, Reply, call::Pattern, patiently, reply::Body, table::Table,
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Method, Request, Response, header::CONTENT_LENGTH};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use parking_lot::Mutex;
use serde_json::Value;
use std::{io, net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

type Handler = Arc<dyn Fn(&Call) -> Reply + Send + Sync>;

/// A fake upstream. It ends with the last of its clones.
#[derive(Clone)]
pub struct Fake(Arc<Inner>);

struct Inner {
    addr: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    _serving: AbortOnDropHandle<()>,
}

struct Shared {
    handlers: Mutex<Vec<(Method, Pattern, Handler)>>,
    log: watch::Sender<Vec<Entry>>,
}

#[derive(Clone)]
struct Entry {
    call: Arc<Call>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    UnderWay,
    Answered,
    /// The caller left before the answer.
    Abandoned,
}

impl Place for Fake {
    fn url(&self) -> String {
        format!("{}://{}", self.0.scheme, self.0.addr)
    }
}

impl Fake {
    /// On a free port. A path without a handler answers 501, so that a forgotten one shows as a failure.
    pub async fn start() -> Self {
        Self::behind(None).await
    }

    /// The same by https, with a certificate of that name or address, signed by this authority.
    pub async fn secure(authority: &Authority, name: &str) -> Self {
        Self::behind(Some(TlsAcceptor::from(authority.server(name)))).await
    }

    async fn behind(tls: Option<TlsAcceptor>) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        #[expect(clippy::expect_used, reason = "a test may panic")]
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        #[expect(clippy::expect_used, reason = "a test may panic")]
        let addr = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared { handlers: Mutex::default(), log: watch::Sender::new(Vec::new()) });
        #[expect(clippy::disallowed_methods, reason = "a listener belongs to no request")]
        let serving = AbortOnDropHandle::new(tokio::spawn(serve(listener, tls, shared.clone())));
        Self(Arc::new(Inner { addr, scheme, shared, _serving: serving }))
    }

    /// Answers `GET path`. `{name}` in the path stands for any one segment. A later handler of the same path replaces
    /// an earlier one.
    pub fn get<R: Into<Reply>>(&self, path: &str, handler: impl Fn(&Call) -> R + Send + Sync + 'static) {
        self.on(Method::GET, path, handler);
    }

    pub fn post<R: Into<Reply>>(&self, path: &str, handler: impl Fn(&Call) -> R + Send + Sync + 'static) {
        self.on(Method::POST, path, handler);
    }

    pub fn put<R: Into<Reply>>(&self, path: &str, handler: impl Fn(&Call) -> R + Send + Sync + 'static) {
        self.on(Method::PUT, path, handler);
    }

    pub fn patch<R: Into<Reply>>(&self, path: &str, handler: impl Fn(&Call) -> R + Send + Sync + 'static) {
        self.on(Method::PATCH, path, handler);
    }

    pub fn delete<R: Into<Reply>>(&self, path: &str, handler: impl Fn(&Call) -> R + Send + Sync + 'static) {
        self.on(Method::DELETE, path, handler);
    }

    /// Answers any method.
    pub fn on<R: Into<Reply>>(
        &self,
        method: Method,
        path: &str,
        handler: impl Fn(&Call) -> R + Send + Sync + 'static,
    ) {
        let handler: Handler = Arc::new(move |call| handler(call).into());
        // The newest is found first.
        self.0.shared.handlers.lock().insert(0, (method, Pattern::new(path), handler));
    }

    /// Answers `GET path` from rows, as a collection does: with `limit` (per key), `after` (a `cursor`) and `fields`.
    /// `keys` are list parameters and the rows' fields that they select by.
    pub fn table(&self, path: &str, keys: &[(&str, &str)], rows: Value) {
        let table = Table::new(keys, rows);
        self.get(path, move |call| table.answer(call));
    }

    /// Answers `GET path` with a stream of events, fed by the test.
    pub fn events(&self, path: &str) -> EventSource {
        let source = EventSource::default();
        let given = source.clone();
        self.get(path, move |_| Reply::events(source.clone()));
        given
    }

    /// The same, which is taken up behind `Last-Event-ID` without a gap, and says in that header where it begins.
    pub fn resumable_events(&self, path: &str) -> EventSource {
        let source = EventSource::resumable();
        self.resume(path, &source);
        source
    }

    /// Answers `GET path` with these events again, after another handler has.
    pub fn resume(&self, path: &str, source: &EventSource) {
        let source = source.clone();
        self.get(path, move |_| Reply::events(source.clone()));
    }

    /// Everything asked so far, in the order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.0.shared.log.borrow().iter().map(|entry| Call::clone(&entry.call)).collect()
    }

    /// The calls of one path; `{name}` stands for any one segment.
    pub fn calls_of(&self, path: &str) -> Vec<Call> {
        let pattern = Pattern::new(path);
        self.calls().into_iter().filter(|call| pattern.matched(&call.path).is_some()).collect()
    }

    /// Path and query of every call, in the order of arrival.
    pub fn urls(&self) -> Vec<String> {
        self.calls().iter().map(Call::url).collect()
    }

    /// How many calls of one path; `{name}` stands for any one segment.
    pub fn count(&self, path: &str) -> usize {
        self.calls_of(path).len()
    }

    /// How many calls in all.
    pub fn total(&self) -> usize {
        self.0.shared.log.borrow().len()
    }

    /// Forgets the calls, not the handlers.
    pub fn clear(&self) {
        self.0.shared.log.send_modify(Vec::clear);
    }

    /// How many calls of a path are not answered yet.
    pub fn under_way(&self, path: &str) -> usize {
        counted(&self.0.shared.log.borrow(), path, State::UnderWay)
    }

    /// Waits until so many calls of a path are under way at once.
    pub async fn until_under_way(&self, path: &str, calls: usize) {
        self.until(path, calls, State::UnderWay).await;
    }

    /// Waits until so many calls of a path have come, whatever became of them.
    pub async fn until_called(&self, path: &str, calls: usize) {
        let pattern = Pattern::new(path);
        let mut log = self.0.shared.log.subscribe();
        let come = log.wait_for(|log| {
            log.iter().filter(|entry| pattern.matched(&entry.call.path).is_some()).count() >= calls
        });
        let _ = patiently(format!("{calls} call(s) of {path}"), come).await;
    }

    /// Waits until so many callers of a path have left before their answer.
    pub async fn until_abandoned(&self, path: &str, calls: usize) {
        self.until(path, calls, State::Abandoned).await;
    }

    async fn until(&self, path: &str, calls: usize, state: State) {
        let mut log = self.0.shared.log.subscribe();
        let come = log.wait_for(|log| counted(log, path, state) >= calls);
        let _ = patiently(format!("{calls} call(s) of {path} to be {state:?}"), come).await;
    }
}

fn counted(log: &[Entry], path: &str, state: State) -> usize {
    let pattern = Pattern::new(path);
    log.iter().filter(|entry| entry.state == state && pattern.matched(&entry.call.path).is_some()).count()
}

/// Notes what became of a call, also when its caller leaves.
struct Noted {
    shared: Arc<Shared>,
    call: Arc<Call>,
    state: State,
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.shared.log.send_modify(|log| {
            let entry = log.iter_mut().find(|entry| Arc::ptr_eq(&entry.call, &self.call));
            // Cleared meanwhile, perhaps.
            if let Some(entry) = entry {
                entry.state = self.state;
            }
        });
    }
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (shared, tls) = (shared.clone(), tls.clone());
        open.spawn(async move {
            let _ = stream.set_nodelay(true);
            let service = service_fn(move |request| answer(shared.clone(), request));
            // A connection that ends badly is what some tests are about.
            let server = auto::Builder::new(TokioExecutor::new());
            let _ = match tls {
                None => server.serve_connection(TokioIo::new(stream), service).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => server.serve_connection(TokioIo::new(stream), service).await,
                    Err(_) => return,
                },
            };
        });
    }
}

type Answered = Response<UnsyncBoxBody<Bytes, io::Error>>;

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> io::Result<Answered> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let path = head.uri.path().to_owned();
    let query = head.uri.query().unwrap_or_default().to_owned();
    let found = shared.handlers.lock().iter().find_map(|(method, pattern, handler)| {
        let segments = (*method == head.method).then(|| pattern.matched(&path))??;
        Some((segments, handler.clone()))
    });
    let (segments, handler) = found.unzip();
    let segments = segments.unwrap_or_default();
    let call = Arc::new(Call { method: head.method, path, query, headers: head.headers, body, segments });
    shared.log.send_modify(|log| log.push(Entry { call: call.clone(), state: State::UnderWay }));
    let mut noted = Noted { shared, call: call.clone(), state: State::Abandoned };

    let reply = match handler {
        Some(handler) => handler(&call),
        None => Reply::problem(501, &format!("the test has no handler for {} {}", call.method, call.path)),
    };
    if let Some(gate) = &reply.gate {
        gate.pass().await;
    }
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    let body = match reply.body {
        Body::Whole(bytes) => {
            noted.state = State::Answered;
            Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
        }
        Body::Cut(bytes) => {
            noted.state = State::Answered;
            response = response.header(CONTENT_LENGTH, bytes.len() + 1_000);
            let broken = stream::iter([Ok(Frame::data(bytes)), Err(io::Error::other("cut"))]);
            StreamBody::new(broken).boxed_unsync()
        }
        Body::Events(source) => {
            // The comment makes the head leave before the first event.
            if let Some(newest) = source.newest() {
                response = response.header("last-event-id", newest);
            }
            let (missed, events) = source.listen(call.header("last-event-id"));
            let hello = [Bytes::from_static(b": hello\n\n"), missed];
            let hello = stream::iter(hello.map(|text| Ok(Frame::data(text))));
            let events = stream::unfold((events, noted), |(mut events, noted)| async move {
                let event = events.recv().await.ok()??;
                Some((Ok(Frame::data(event)), (events, noted)))
            });
            StreamBody::new(hello.chain(events)).boxed_unsync()
        }
        Body::Hang => std::future::pending().await,
        Body::Reset => {
            noted.state = State::Answered;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
    };
    response.body(body).map_err(io::Error::other)
}

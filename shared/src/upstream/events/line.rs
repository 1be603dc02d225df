//! One connection to an upstream's event stream, followed through breaks, for all who listen to it.

use super::{
    hub::{Key, Name},
    ring::{Happened, Missed, Ring},
};
use crate::{
    fanout::{Code, Fault},
    request::RequestContext,
    telemetry::Counted,
    upstream::{
        Upstreams,
        call::Call,
        client::{MISTRUSTED, bad_response},
    },
};
use bytes::Bytes;
use eventsource_stream::{Event, Eventsource};
use futures::{Stream, StreamExt, stream};
use http::{HeaderName, HeaderValue, Method, header};
use http_body_util::BodyDataStream;
use parking_lot::Mutex;
use rand::Rng;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// About the first pause before asking again; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A stream that shows no sign of life for so long is taken for broken: services send a comment now and then.
const SILENCE: Duration = Duration::from_secs(60);
/// The longest event, in bytes: events carry ids only.
const EVENT_BYTES: usize = 64 << 10;

/// A connection that is kept up. It ends with the last who listens.
pub(super) struct Line {
    heard: Arc<Heard>,
    name: Name,
    upstreams: Arc<Upstreams>,
    _following: AbortOnDropHandle<()>,
}

/// What came over it so far.
#[derive(Default)]
struct Heard {
    ring: Mutex<Ring>,
    state: watch::Sender<State>,
}

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Connecting,
    Open,
    /// Not now: it is tried again.
    Failing(Fault),
    /// The upstream does not let us listen.
    Over(Fault),
}

/// Somebody who listens, from when it came.
pub(super) struct Listener {
    line: Arc<Line>,
    state: watch::Receiver<State>,
    seen: u64,
}

impl Line {
    pub fn open(upstreams: &Arc<Upstreams>, key: Key) -> Self {
        let heard = Arc::new(Heard::default());
        let name = key.name();
        let following = follow(upstreams.clone(), key, heard.clone());
        #[expect(clippy::disallowed_methods, reason = "it belongs to all who listen, and ends with the last")]
        let following = AbortOnDropHandle::new(tokio::spawn(following));
        Self { heard, name, upstreams: upstreams.clone(), _following: following }
    }

    pub fn listen(self: Arc<Self>) -> Listener {
        let seen = self.heard.ring.lock().newest();
        Listener { state: self.heard.state.subscribe(), seen, line: self }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.upstreams.hub.forget(&self.name);
    }
}

impl Listener {
    /// Waits until the stream is open.
    ///
    /// # Errors
    /// It is not to be had, or not now.
    pub async fn opened(&mut self) -> Result<(), Fault> {
        let settled = self.state.wait_for(|state| !matches!(state, State::Connecting)).await;
        match &*settled.map_err(|_| Fault::internal())? {
            State::Connecting | State::Open => Ok(()),
            State::Failing(fault) | State::Over(fault) => Err(fault.clone()),
        }
    }

    /// The next event.
    ///
    /// # Errors
    /// There will be none any more, or some were missed.
    pub async fn next(&mut self) -> Result<Happened, Fault> {
        loop {
            if let Some(next) = self.look() {
                return next;
            }
            self.state.changed().await.map_err(|_| Fault::internal())?;
        }
    }

    /// What is there to be read. None: nothing yet.
    fn look(&mut self) -> Option<Result<Happened, Fault>> {
        // First, so that whatever comes after the look is noticed.
        let state = self.state.borrow_and_update();
        match self.line.heard.ring.lock().after(self.seen) {
            Ok(Some(next)) => {
                self.seen = next.at;
                return Some(Ok(next.clone()));
            }
            Ok(None) => {}
            Err(Missed) => return Some(Err(missed())),
        }
        match &*state {
            State::Over(fault) => Some(Err(fault.clone())),
            State::Connecting | State::Open | State::Failing(_) => None,
        }
    }
}

fn missed() -> Fault {
    let message = "So much has happened that you were too slow to read it all. Subscribe again, and read anew what is shown.";
    Fault::new(Code::TooSlow, message)
}

impl Heard {
    fn is(&self, state: State) {
        self.state.send_replace(state);
    }

    fn event(&self, data: &str, since: u64) {
        self.ring.lock().push(data, since);
        // The same state once more: those who wait look.
        self.state.send_modify(|_| {});
    }
}

/// Keeps the connection up: a stream that breaks is taken up behind its last event (`Last-Event-ID`), or where it
/// began, if the upstream says where in a response header `Last-Event-ID`; after a pause that grows while it keeps
/// failing, and that differs from line to line, so that not all come back at once.
async fn follow(upstreams: Arc<Upstreams>, key: Key, heard: Arc<Heard>) {
    let mut last: Option<String> = None;
    let mut pause = FIRST_PAUSE;
    loop {
        match connect(&upstreams, &key, last.as_deref()).await {
            Ok((events, begins)) => {
                last = last.or(begins);
                heard.is(State::Open);
                let counted =
                    upstreams.meters(&key.upstream).map(|meters| Counted::of(&meters.event_streams));
                let since = Instant::now();
                let mut events = std::pin::pin!(events);
                while let Some(event) = events.next().await {
                    pause = FIRST_PAUSE;
                    heard.event(&event.data, upstreams.sharing().tick());
                    if !event.id.is_empty() {
                        last = Some(event.id);
                    }
                }
                drop(counted);
                if since.elapsed() > LONGEST_PAUSE {
                    pause = FIRST_PAUSE;
                }
                tracing::debug!(upstream.name = key.upstream.name(), "an event stream broke off");
                heard.is(State::Connecting);
            }
            Err(fault) if matches!(fault.code, Code::Unauthenticated | Code::Forbidden) => {
                return heard.is(State::Over(fault));
            }
            Err(fault) => heard.is(State::Failing(fault)),
        }
        let jitter = rand::rng().random_range(0.5..1.0);
        tokio::time::sleep(pause.mul_f64(jitter)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The stream, and the id before its first event.
async fn connect(
    upstreams: &Upstreams,
    key: &Key,
    last: Option<&str>,
) -> Result<(impl Stream<Item = Event> + use<>, Option<String>), Fault> {
    let uri = upstreams.uri(&key.upstream, &key.path)?;
    let mut call = Call::new(Method::GET, uri, key.whom.clone());
    let headers = &mut call.headers;
    headers.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
    if let Some(last) = last.and_then(|last| HeaderValue::from_str(last).ok()) {
        headers.insert(LAST_EVENT_ID, last);
    }
    let name = key.upstream.name();
    let response = upstreams.open(&key.upstream, &call).await.map_err(|error| {
        tracing::warn!(upstream.name = name, upstream.error = %error, "no event stream");
        error.fault(&RequestContext::anonymous(upstreams.timeout(&key.upstream)))
    })?;
    let refusal = match response.status().as_u16() {
        200 => None,
        401 if !call.is_a_callers() => {
            tracing::error!(upstream.name = name, "{MISTRUSTED}");
            Some(bad_response())
        }
        401 => Some(Fault::unauthenticated()),
        403 | 404 => Some(Fault::forbidden("You may not listen to this, or it does not exist.")),
        _ => Some(bad_response()),
    };
    if let Some(refusal) = refusal {
        let status = response.status().as_u16();
        tracing::warn!(upstream.name = name, http.status = status, "an event stream is refused");
        return Err(refusal);
    }
    let begins = response.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    tracing::debug!(upstream.name = name, "an event stream is open");
    // What is no event ends the stream; it is then taken up again.
    let events = alive(BodyDataStream::new(response.into_body())).eventsource();
    let events = events
        .take_while(|event| std::future::ready(event.is_ok()))
        .filter_map(|event| std::future::ready(event.ok()));
    Ok((events, begins))
}

/// Ends a stream that falls silent, or whose event does not end.
fn alive<E>(bytes: impl Stream<Item = Result<Bytes, E>>) -> impl Stream<Item = Result<Bytes, E>> {
    let state = (Box::pin(bytes), Length::default());
    stream::unfold(state, |(mut bytes, mut length)| async move {
        let chunk = tokio::time::timeout(SILENCE, bytes.next()).await.ok()??;
        if let Ok(chunk) = &chunk
            && length.of_event(chunk) > EVENT_BYTES
        {
            tracing::error!("an event is longer than {EVENT_BYTES} bytes: events carry ids only");
            return None;
        }
        Some((chunk, (bytes, length)))
    })
}

/// How long the event is that is not over yet.
#[derive(Default)]
struct Length {
    bytes: usize,
    blank: bool,
}

impl Length {
    /// The longest so far of those that this chunk belongs to.
    fn of_event(&mut self, chunk: &[u8]) -> usize {
        let mut longest = 0;
        for byte in chunk {
            match byte {
                b'\n' | b'\r' if self.blank => self.bytes = 0,
                b'\n' => self.blank = true,
                // The carriage return of a line's end says nothing of the next line.
                b'\r' => {}
                _ => self.blank = false,
            }
            self.bytes += 1;
            longest = longest.max(self.bytes);
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use super::Length;

    #[test]
    fn an_event_is_as_long_as_it_is_whatever_the_chunks_are() {
        let mut length = Length::default();
        assert_eq!(length.of_event(b"data: a\ndata: b"), 15);
        assert_eq!(length.of_event(b"cd\n\n"), 18);
        assert!(length.of_event(b"data: e\r\n\r\nid: 1") < 12);
        assert_eq!(length.of_event(&[b'x'; 100]), 106);
    }
}

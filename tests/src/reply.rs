//! What a fake upstream answers, well or badly.

use super::{Gate, patiently};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::broadcast;

/// An answer in the making. A JSON value alone is an answer with status 200.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Body,
    pub(crate) gate: Option<Gate>,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Whole(Bytes),
    /// Announces more than it sends, then the connection ends.
    Cut(Bytes),
    Events(EventSource),
    Hang,
    Reset,
}

impl Reply {
    fn of(status: StatusCode, kind: &'static str, body: Body) -> Self {
        Self { status, headers: vec![(CONTENT_TYPE, HeaderValue::from_static(kind))], body, gate: None }
    }

    /// JSON, with this status.
    #[track_caller]
    pub fn json(status: u16, body: Value) -> Self {
        Self::of(known(status), "application/json", Body::Whole(body.to_string().into()))
    }

    /// A problem (RFC 9457).
    #[track_caller]
    pub fn problem(status: u16, detail: &str) -> Self {
        let title = known(status).canonical_reason();
        let body = json!({"type": "about:blank", "title": title, "status": status, "detail": detail});
        Self::of(known(status), "application/problem+json", Body::Whole(body.to_string().into()))
    }

    /// Whatever it is, called JSON.
    pub fn garbage(body: impl Into<Bytes>) -> Self {
        Self::of(StatusCode::OK, "application/json", Body::Whole(body.into()))
    }

    /// A page for people, where JSON was wanted.
    pub fn html() -> Self {
        Self::of(StatusCode::OK, "text/html", Body::Whole("<h1>Welcome to the proxy</h1>".into()))
    }

    /// A body that breaks off.
    pub fn cut(body: impl Into<Bytes>) -> Self {
        Self::of(StatusCode::OK, "application/json", Body::Cut(body.into()))
    }

    /// No answer, ever.
    pub fn hang() -> Self {
        Self::of(StatusCode::OK, "application/json", Body::Hang)
    }

    /// The connection ends without an answer.
    pub fn reset() -> Self {
        Self::of(StatusCode::OK, "application/json", Body::Reset)
    }

    pub(crate) fn events(source: EventSource) -> Self {
        Self::of(StatusCode::OK, "text/event-stream", Body::Events(source))
    }

    #[must_use]
    #[track_caller]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        #[expect(clippy::expect_used, reason = "a test writes its headers right")]
        let value = HeaderValue::from_str(value).expect("a header's value");
        self.headers.push((HeaderName::from_static(name), value));
        self
    }

    /// Answered once the gate is open.
    #[must_use]
    pub fn after(self, gate: &Gate) -> Self {
        Self { gate: Some(gate.clone()), ..self }
    }
}

#[track_caller]
fn known(status: u16) -> StatusCode {
    #[expect(clippy::expect_used, reason = "a test writes its statuses right")]
    StatusCode::from_u16(status).expect("a status")
}

impl From<Value> for Reply {
    fn from(body: Value) -> Self {
        Self::json(200, body)
    }
}

/// A stream of server-sent events that a test feeds.
#[derive(Clone, Debug)]
pub struct EventSource {
    sender: broadcast::Sender<Option<Bytes>>,
    /// What was sent with an id, where listeners may resume.
    kept: Option<Arc<Mutex<Vec<Kept>>>>,
}

/// An event's id, and the event.
type Kept = (String, Bytes);

impl Default for EventSource {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(4_096), kept: None }
    }
}

impl EventSource {
    pub(crate) fn resumable() -> Self {
        Self { kept: Some(Arc::default()), ..Self::default() }
    }

    /// To everybody who listens. Without an id, the listener's last event id stays.
    pub fn send(&self, id: Option<&str>, data: &Value) {
        let line = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        let event = Bytes::from(format!("{line}data: {data}\n\n"));
        match (&self.kept, id) {
            (Some(kept), Some(id)) => {
                let mut kept = kept.lock();
                kept.push((id.to_owned(), event.clone()));
                self.send_raw(event);
            }
            _ => self.send_raw(event),
        }
    }

    /// Text as it is: a comment, an unfinished event.
    pub fn send_raw(&self, text: impl Into<Bytes>) {
        // Nobody listening is nothing wrong.
        let _ = self.sender.send(Some(text.into()));
    }

    /// Ends every stream that is open now; listeners may come again.
    pub fn break_off(&self) {
        let _ = self.sender.send(None);
    }

    /// How many listen.
    pub fn listeners(&self) -> usize {
        self.sender.receiver_count()
    }

    /// Waits until nobody listens any more.
    pub async fn until_nobody_listens(&self) {
        patiently("all listeners to leave", self.sender.closed()).await;
    }

    /// The id of the newest event, where listeners may resume.
    pub(crate) fn newest(&self) -> Option<String> {
        let kept = self.kept.as_ref()?.lock();
        Some(kept.last().map_or_else(|| "0".to_owned(), |(id, _)| id.clone()))
    }

    /// What came after that event, and whatever comes.
    pub(crate) fn listen(&self, last: Option<&str>) -> (Bytes, broadcast::Receiver<Option<Bytes>>) {
        let Some(kept) = &self.kept else { return (Bytes::new(), self.sender.subscribe()) };
        // Held, so that nothing is sent between the two.
        let kept = kept.lock();
        let missed = match last {
            None => &[][..],
            Some(last) => {
                let seen = kept.iter().position(|(id, _)| id == last).map_or(0, |at| at + 1);
                kept.get(seen..).unwrap_or_default()
            }
        };
        let missed: Vec<u8> = missed.iter().flat_map(|(_, event)| event.to_vec()).collect();
        (missed.into(), self.sender.subscribe())
    }
}

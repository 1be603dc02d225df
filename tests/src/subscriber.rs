//! A subscriber to a REST service's server-sent events.

use super::{EventStream, Person, Value};

/// An open stream of events.
pub struct Subscriber(EventStream);

/// One event, parsed.
#[derive(Debug, PartialEq)]
pub struct Event {
    pub id: String,
    pub kind: String,
    pub data: Value,
}

impl Subscriber {
    /// Connected, and greeted: what happens from here on arrives.
    pub async fn connect(person: &Person, path: &str, last: Option<&str>) -> Self {
        let mut request = person.request("GET", path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let stream = EventStream::open(request).await;
        assert_eq!(stream.status(), 200, "{path}");
        assert_eq!(stream.header("content-type"), Some("text/event-stream"));
        let mut subscriber = Self(stream);
        let greeting = subscriber.block().await;
        assert!(greeting.starts_with(':'), "{greeting}");
        subscriber
    }

    /// Waits for the next event.
    pub async fn next(&mut self) -> Event {
        let mut event = Event { id: String::new(), kind: String::new(), data: Value::Null };
        for line in self.block().await.lines() {
            match line.split_once(": ") {
                Some(("id", id)) => event.id = id.to_owned(),
                Some(("event", kind)) => event.kind = kind.to_owned(),
                Some(("data", data)) => {
                    event.data = serde_json::from_str(data).unwrap_or_else(|error| panic!("{data}: {error}"))
                }
                _ => {}
            }
        }
        event
    }

    async fn block(&mut self) -> String {
        self.0.block().await.unwrap_or_else(|| panic!("the stream ends"))
    }
}

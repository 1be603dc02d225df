//! A subscriber to a REST service's server-sent events.

use super::{Person, Value, patiently};

/// An open stream of events.
pub struct Subscriber {
    response: reqwest::Response,
    buffer: String,
}

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
        #[expect(clippy::disallowed_methods, reason = "a test is a client, not a BFF")]
        let response = request.send().await.unwrap_or_else(|error| panic!("no stream: {error}"));
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut subscriber = Self { response, buffer: String::new() };
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
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                return block;
            }
            match patiently("an event", self.response.chunk()).await {
                Ok(Some(chunk)) => self.buffer.push_str(&String::from_utf8_lossy(&chunk)),
                end => panic!("the stream ends: {end:?}"),
            }
        }
    }
}

//! A subscriber to server-sent events.

use std::time::Duration;

use serde_json::Value;

use crate::world::Person;

pub struct Subscriber {
    response: reqwest::Response,
    buffer: String,
}

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
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut subscriber = Self { response, buffer: String::new() };
        let greeting = subscriber.block().await;
        assert!(greeting.starts_with(':'), "{greeting}");
        subscriber
    }

    pub async fn next(&mut self) -> Event {
        let mut event = Event { id: String::new(), kind: String::new(), data: Value::Null };
        for line in self.block().await.lines() {
            match line.split_once(": ") {
                Some(("id", id)) => event.id = id.to_owned(),
                Some(("event", kind)) => event.kind = kind.to_owned(),
                Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
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
            // The bound keeps a failing test from hanging; nothing is measured by it.
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk()).await;
            let chunk = chunk.expect("an event arrives").unwrap().expect("the stream goes on");
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

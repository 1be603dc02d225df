//! A body of server-sent events, read event by event; and GraphQL's answers over it.

use super::{Answer, Value, patiently};
use http::HeaderMap;

/// A response whose body is events.
pub struct EventStream {
    response: reqwest::Response,
    buffer: String,
}

impl EventStream {
    /// Sends a request, whatever is answered to it.
    pub async fn open(request: reqwest::RequestBuilder) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a test is a client, not a BFF")]
        let response = patiently("a response", request.send()).await;
        let response = response.unwrap_or_else(|error| panic!("no stream: {error}"));
        Self { response, buffer: String::new() }
    }

    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The next lines up to an empty one, comments among them; none at the end.
    pub async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                return Some(block);
            }
            let chunk = patiently("an event", self.response.chunk()).await;
            match chunk.unwrap_or_else(|error| panic!("the stream breaks off: {error}")) {
                Some(chunk) => self.buffer.push_str(&String::from_utf8_lossy(&chunk)),
                None => return None,
            }
        }
    }

    /// The next event's name and data; none at the end.
    pub async fn event(&mut self) -> Option<(String, String)> {
        loop {
            let block = self.block().await?;
            let (mut name, mut data) = (String::new(), Vec::new());
            for line in block.lines() {
                match line.split_once(": ") {
                    Some(("event", text)) => name = text.to_owned(),
                    Some(("data", text)) => data.push(text),
                    _ => {}
                }
            }
            if !name.is_empty() {
                return Some((name, data.join("\n")));
            }
        }
    }

    /// The next answer of a GraphQL operation; none when it is complete. A stream that ends before is a failure.
    pub async fn next(&mut self) -> Option<Answer> {
        match self.event().await {
            Some((name, data)) if name == "next" => Some(Answer::new(200, HeaderMap::new(), data)),
            Some((name, data)) => {
                assert_eq!((name.as_str(), data.as_str()), ("complete", ""));
                None
            }
            None => panic!("the stream ends without `complete`"),
        }
    }

    /// The next answer, which must come.
    pub async fn answer(&mut self) -> Answer {
        self.next().await.unwrap_or_else(|| panic!("the operation is complete"))
    }

    /// The whole body, where it is one JSON text.
    pub async fn json(self) -> Value {
        let text = patiently("a body", self.response.text()).await;
        text.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }
}

//! An answer in parts (`multipart/mixed`), read as it comes.

use super::{Answer, Value, patiently};
use http::HeaderMap;
use serde_json::Map;

const HEAD: &str = "\r\nContent-Type: application/json; charset=utf-8\r\n\r\n";
const DELIMITER: &str = "\r\n---";

/// An answer whose parts are still coming. Dropped, its client has left.
pub struct Parts {
    pub status: u16,
    pub headers: HeaderMap,
    response: Option<reqwest::Response>,
    buffer: String,
}

impl Parts {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a test is a client, not a BFF")]
        let response = patiently("the first of an answer", request.send()).await;
        let response = response.unwrap_or_else(|error| panic!("no answer: {error}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, response: Some(response), buffer: String::new() }
    }

    /// The media type.
    #[track_caller]
    pub fn media(&self) -> &str {
        self.headers.get(http::header::CONTENT_TYPE).map_or("", |media| media.to_str().unwrap_or_default())
    }

    /// The next part, as soon as it is whole; None behind the last one.
    pub async fn next(&mut self) -> Option<Value> {
        self.until("a delimiter", |buffer| buffer.strip_prefix(DELIMITER).map(|_| DELIMITER.len())).await;
        self.until("what follows a delimiter", |buffer| (buffer.len() >= 2).then_some(0)).await;
        if self.buffer.starts_with("--") {
            self.end().await;
            return None;
        }
        let end = self.find(DELIMITER, HEAD.len()).await;
        let part = self.buffer.get(..end).and_then(|part| part.strip_prefix(HEAD));
        let part = part.unwrap_or_else(|| panic!("not a part of JSON: {:?}", self.buffer));
        let part = serde_json::from_str(part).unwrap_or_else(|error| panic!("{error}: {part}"));
        self.buffer.drain(..end);
        Some(part)
    }

    /// All parts that are still to come.
    pub async fn rest(mut self) -> Vec<Value> {
        let mut parts = Vec::new();
        while let Some(part) = self.next().await {
            parts.push(part);
        }
        parts
    }

    /// The body, if it did not come in parts after all.
    pub async fn whole(self) -> Answer {
        let Some(response) = self.response else { panic!("it is over: {:?}", self.buffer) };
        let text = patiently("an answer", response.text()).await;
        Answer::new(
            self.status,
            self.headers,
            text.unwrap_or_else(|error| panic!("the answer breaks off: {error}")),
        )
    }

    /// Nothing comes behind the end.
    async fn end(&mut self) {
        while self.more().await {}
        assert_eq!(self.buffer, "--\r\n", "the last delimiter");
    }

    async fn find(&mut self, what: &str, from: usize) -> usize {
        loop {
            if let Some(at) = self.buffer.get(from..).and_then(|buffer| buffer.find(what)) {
                return from + at;
            }
            assert!(self.more().await, "the answer breaks off: {:?}", self.buffer);
        }
    }

    /// Reads until there is something to take away, and takes it.
    async fn until(&mut self, what: &str, there: impl Fn(&str) -> Option<usize>) {
        loop {
            if let Some(taken) = there(&self.buffer) {
                self.buffer.drain(..taken);
                return;
            }
            assert!(self.more().await, "no {what}: {:?}", self.buffer);
        }
    }

    async fn more(&mut self) -> bool {
        let Some(response) = &mut self.response else { return false };
        match patiently("a part", response.chunk()).await {
            Ok(Some(chunk)) => self.buffer.push_str(&String::from_utf8_lossy(&chunk)),
            Ok(None) => self.response = None,
            Err(error) => panic!("the answer breaks off: {error}"),
        }
        self.response.is_some()
    }
}

/// What a client knows once it has put all parts together, in either form: `data`, and `errors` if there are any.
///
/// # Panics
/// A part cannot be put where it says.
pub fn put_together(parts: &[Value]) -> Value {
    let mut together = Together::default();
    for part in parts {
        together.take(part);
    }
    let mut whole = Map::new();
    whole.insert("data".to_owned(), together.data);
    if !together.errors.is_empty() {
        whole.insert("errors".to_owned(), Value::Array(together.errors));
    }
    Value::Object(whole)
}

#[derive(Default)]
struct Together {
    data: Value,
    errors: Vec<Value>,
    /// Where what was promised stands, by its id.
    places: Map<String, Value>,
}

impl Together {
    fn take(&mut self, part: &Value) {
        if let Some(data) = part.get("data") {
            self.data = data.clone();
        }
        self.fail(part);
        for pending in list(part, "pending") {
            let known = self.places.insert(text(&pending["id"]), pending["path"].clone());
            assert!(known.is_none(), "promised twice: {pending}");
        }
        for item in list(part, "incremental") {
            let mut path = match item.get("id") {
                Some(id) => {
                    self.places.get(&text(id)).unwrap_or_else(|| panic!("never promised: {item}")).clone()
                }
                None => item["path"].clone(),
            };
            if let (Value::Array(path), Some(Value::Array(sub))) = (&mut path, item.get("subPath")) {
                path.extend(sub.iter().cloned());
            }
            self.fail(item);
            if !item["data"].is_null() {
                let data = item["data"].clone();
                merge(self.at(&path), data, item.get("id").is_none());
            }
        }
        for pending in list(part, "pending") {
            self.at(&pending["path"]);
        }
        for completed in list(part, "completed") {
            let known = self.places.remove(&text(&completed["id"]));
            assert!(known.is_some(), "never promised: {completed}");
            self.fail(completed);
        }
        if part.get("hasNext") == Some(&Value::Bool(false)) {
            assert!(self.places.is_empty(), "promised and never delivered: {:?}", self.places);
        }
    }

    fn fail(&mut self, part: &Value) {
        self.errors.extend(list(part, "errors").iter().cloned());
    }

    fn at(&mut self, path: &Value) -> &mut Value {
        let steps = path.as_array().unwrap_or_else(|| panic!("no path: {path}"));
        steps.iter().fold(&mut self.data, |at, step| {
            let next = match step {
                Value::String(key) => at.get_mut(key),
                step => at.get_mut(usize::try_from(step.as_u64().unwrap_or(u64::MAX)).unwrap_or(usize::MAX)),
            };
            next.unwrap_or_else(|| panic!("there is nothing at {path}"))
        })
    }
}

fn list<'v>(part: &'v Value, key: &str) -> &'v [Value] {
    part.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text(id: &Value) -> String {
    id.as_str().unwrap_or_else(|| panic!("an id is a text: {id}")).to_owned()
}

/// In the former form fragments are executed each by itself: what is null in one, because something in it failed, need
/// not be so in another.
fn merge(into: &mut Value, from: Value, each_by_itself: bool) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                match into.get_mut(&key) {
                    Some(there) => merge(there, value, each_by_itself),
                    None => drop(into.insert(key, value)),
                }
            }
        }
        (Value::Array(into), Value::Array(from)) => {
            assert_eq!(into.len(), from.len(), "lists of different lengths");
            into.iter_mut().zip(from).for_each(|(into, from)| merge(into, from, each_by_itself));
        }
        (into, Value::Null) if each_by_itself => *into = Value::Null,
        (Value::Null, _) if each_by_itself => {}
        (into, from) => assert_eq!(*into, from, "delivered twice, and not the same"),
    }
}

//! A GraphQL response, as a test looks at it.

use http::HeaderMap;
use serde_json::Value;
use std::fmt;

/// A response. What a test asks for and is not there panics, and shows the whole of it.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body, as it came: for the order of keys.
    pub text: String,
    /// The body; null, if it is not JSON.
    pub json: Value,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.text)
    }
}

impl Answer {
    pub(crate) fn new(status: u16, headers: HeaderMap, text: String) -> Self {
        let json = serde_json::from_str(&text).unwrap_or_default();
        Self { status, headers, text, json }
    }

    /// A value in `data`, by keys and indices: `data("artist.albums.0.title")`; `data("")` is all.
    #[track_caller]
    pub fn data(&self, path: &str) -> &Value {
        let mut at = self.json.get("data").unwrap_or_else(|| panic!("no data: {self}"));
        for step in path.split('.').filter(|step| !step.is_empty()) {
            let next = match step.parse::<usize>() {
                Ok(index) => at.get(index),
                Err(_) => at.get(step),
            };
            at = next.unwrap_or_else(|| panic!("no {step:?} of {path:?}: {self}"));
        }
        at
    }

    /// All of `data`, given that nothing failed.
    #[track_caller]
    pub fn ok(&self) -> &Value {
        assert!(self.json.get("errors").is_none(), "errors: {self}");
        self.data("")
    }

    /// None, if there are no errors.
    pub fn errors(&self) -> &[Value] {
        self.json["errors"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// `extensions.code` of each error.
    pub fn codes(&self) -> Vec<&str> {
        self.errors().iter().map(|error| error["extensions"]["code"].as_str().unwrap_or_default()).collect()
    }

    /// The path of each error, as `artist.albums.0.title`.
    pub fn paths(&self) -> Vec<String> {
        let step = |step: &Value| step.as_str().map_or_else(|| step.to_string(), str::to_owned);
        let path = |error: &Value| {
            let steps = error["path"].as_array().map(Vec::as_slice).unwrap_or_default();
            steps.iter().map(step).collect::<Vec<_>>().join(".")
        };
        self.errors().iter().map(path).collect()
    }

    /// The message of each error.
    pub fn messages(&self) -> Vec<&str> {
        self.errors().iter().map(|error| error["message"].as_str().unwrap_or_default()).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

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
        self.errors().iter().map(path).collect()
    }

    /// The message of each error.
    pub fn messages(&self) -> Vec<&str> {
        self.errors().iter().map(|error| error["message"].as_str().unwrap_or_default()).collect()
    }

    /// The policy and the path of each place that is less than it should be: `soft artist.albums.0.plays`.
    pub fn degraded(&self) -> Vec<String> {
        let places = self.json["extensions"]["degraded"].as_array().map(Vec::as_slice).unwrap_or_default();
        places
            .iter()
            .map(|place| format!("{} {}", place["policy"].as_str().unwrap_or_default(), path(place)))
            .collect()
    }

    /// Asserts how many calls to upstreams this answer has cost: `bff.query(…).await.calls(5).waves(2)`. A BFF tells it in
    /// the development profile, which is the kit's.
    #[must_use]
    #[track_caller]
    pub fn calls(self, expected: u64) -> Self {
        self.cost("calls", expected)
    }

    /// Asserts how many of these calls had to wait for each other, at most.
    #[must_use]
    #[track_caller]
    pub fn waves(self, expected: u64) -> Self {
        self.cost("waves", expected)
    }

    #[track_caller]
    fn cost(self, what: &str, expected: u64) -> Self {
        let fanout = &self.json["extensions"]["fanout"];
        let Some(told) = fanout[what].as_u64() else {
            panic!("the answer does not tell its {what} (is the server in the development profile?): {self}")
        };
        assert!(told == expected, "{told} {what}, not {expected}:\n{}", edges(fanout));
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn path(of: &Value) -> String {
    let step = |step: &Value| step.as_str().map_or_else(|| step.to_string(), str::to_owned);
    let steps = of["path"].as_array().map(Vec::as_slice).unwrap_or_default();
    steps.iter().map(step).collect::<Vec<_>>().join(".")
}

/// A line for each edge: who asked what of whom.
fn edges(fanout: &Value) -> String {
    let edges = fanout["edges"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |edge: &Value, name: &str| edge[name].as_str().unwrap_or_default().to_owned();
    let line = |edge: &Value| {
        let (question, upstream) = (text(edge, "question"), text(edge, "upstream"));
        let (wave, calls, keys) = (&edge["wave"], &edge["calls"], &edge["keys"]);
        format!(
            "  wave {wave}: {} asked {question} of {upstream}, {keys} keys in {calls} calls\n",
            text(edge, "edge")
        )
    };
    edges.iter().map(line).collect()
}

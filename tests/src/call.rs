//! What a BFF asked of an upstream.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Method, header::AUTHORIZATION};
use serde_json::Value;

/// A recorded request.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    /// As sent, percent-encoding included.
    pub path: String,
    /// As sent, without the question mark; empty if there is none.
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub(crate) segments: Vec<(String, String)>,
}

impl Call {
    /// Path and query, as sent.
    pub fn url(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }

    /// A query parameter, decoded.
    pub fn param(&self, name: &str) -> Option<String> {
        self.params(name).into_iter().next()
    }

    fn params(&self, name: &str) -> Vec<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .filter(|(given, _)| given == name)
            .map(|(_, value)| value.into_owned())
            .collect()
    }

    /// A list parameter: `ids=a,b`, or repeated.
    pub fn list(&self, name: &str) -> Vec<String> {
        let values = self.params(name);
        values.iter().flat_map(|value| value.split(',')).map(str::to_owned).collect()
    }

    /// What stands in the path where the handler's pattern has `{name}`, decoded.
    pub fn segment(&self, name: &str) -> String {
        let found = self.segments.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The internal token, as it came.
    pub fn bearer(&self) -> Option<&str> {
        self.header(AUTHORIZATION.as_str())?.strip_prefix("Bearer ")
    }

    /// What the internal token says; null, if there is none. Anything else in its place is a failure: no credential of a
    /// client's may get here. Who signed it is not looked at.
    #[track_caller]
    pub fn claims(&self) -> Value {
        let Some(authorization) = self.header(AUTHORIZATION.as_str()) else { return Value::Null };
        let part = |part: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
            serde_json::from_slice::<Value>(&bytes).ok()
        };
        let read = |token: &str| {
            let mut parts = token.split('.').map(part);
            let (header, claims) = (parts.next()??, parts.next()??);
            (header["typ"] == "internal+jwt").then_some(claims)
        };
        let claims = authorization.strip_prefix("Bearer ").and_then(read);
        claims.unwrap_or_else(|| panic!("no internal token, but {authorization:?}, for {}", self.url()))
    }

    /// The user for whom it was asked; none, if it was asked as the BFF itself or as nobody.
    #[track_caller]
    pub fn caller(&self) -> Option<String> {
        let claims = self.claims();
        if claims["service"] == true { None } else { claims["sub"].as_str().map(str::to_owned) }
    }

    /// The BFF that asked as itself; none, if it was asked for a user or as nobody.
    #[track_caller]
    pub fn service(&self) -> Option<String> {
        let claims = self.claims();
        if claims["service"] == true { claims["sub"].as_str().map(str::to_owned) } else { None }
    }

    /// The body; null, if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A handler's path: `/things/{id}` fits `/things/x`; other text must be equal.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Vec<String>);

impl Pattern {
    pub fn new(text: &str) -> Self {
        Self(text.split('/').map(str::to_owned).collect())
    }

    /// The segments' values, if the path fits.
    pub fn matched(&self, path: &str) -> Option<Vec<(String, String)>> {
        let given: Vec<&str> = path.split('/').collect();
        if given.len() != self.0.len() {
            return None;
        }
        let mut segments = Vec::new();
        for (pattern, given) in self.0.iter().zip(given) {
            match pattern.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                // A key of a form is decoded as a path's segment is, but for the plus sign.
                Some(name) => {
                    let given = given.replace('+', "%2B");
                    let value = url::form_urlencoded::parse(given.as_bytes()).next();
                    segments
                        .push((name.to_owned(), value.map(|(key, _)| key.into_owned()).unwrap_or_default()));
                }
                None if pattern == given => {}
                None => return None,
            }
        }
        Some(segments)
    }
}

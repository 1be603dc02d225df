//! Somebody who talks to a REST service: with a token or without, and what it replied.

use super::Value;
use http::HeaderMap;
use reqwest::Method;

/// A caller of a REST service.
#[derive(Clone)]
pub struct Person {
    url: String,
    token: Option<String>,
    client: reqwest::Client,
}

/// What a REST service replied. What a test asks for and is not there panics, and shows the whole of it.
#[derive(Debug)]
pub struct RestReply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl RestReply {
    /// Empty, if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or_default())
    }

    /// The rows of a collection.
    pub fn items(&self) -> &[Value] {
        self.body["items"].as_array().unwrap_or_else(|| panic!("no items in {self:?}"))
    }

    /// One field of every row, as text.
    pub fn column(&self, field: &str) -> Vec<String> {
        self.items().iter().map(|row| text(&row[field])).collect()
    }

    /// The fields that a problem names.
    pub fn faults(&self) -> Vec<String> {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        self.body["errors"].as_array().into_iter().flatten().map(|error| text(&error["field"])).collect()
    }

    /// Itself, given this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

/// Text as it is, anything else as JSON.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Person {
    /// Who presents this token to the service at this URL. Redirects are replies, not followed.
    pub fn new(url: impl Into<String>, token: Option<String>) -> Self {
        Self { url: url.into(), token, client: super::server::http_client() }
    }

    /// A request with the token.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_else(|_| panic!("no method: {method}"));
        let request = self.client.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> RestReply {
        expect_reply(reply(self.request("GET", path)).await)
    }

    /// Any request with a JSON body or none.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> RestReply {
        expect_reply(self.try_send(method, path, headers, body).await)
    }

    /// The same, where the service may be gone.
    #[expect(clippy::missing_errors_doc, reason = "said above")]
    pub async fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> reqwest::Result<RestReply> {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        reply(request).await
    }
}

fn expect_reply(reply: reqwest::Result<RestReply>) -> RestReply {
    reply.unwrap_or_else(|error| panic!("no reply: {error}"))
}

/// Sends a request and reads all of the reply.
///
/// # Errors
/// The service is gone.
pub async fn reply(request: reqwest::RequestBuilder) -> reqwest::Result<RestReply> {
    #[expect(clippy::disallowed_methods, reason = "a test is a client, not a BFF")]
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await?;
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Ok(RestReply { status, headers, body })
}

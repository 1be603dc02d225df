//! Reads rows from an upstream's JSON, whatever harmless frame they come in.

use super::Reply;
use crate::fanout::text::reading;
use serde::{Deserialize, de::DeserializeOwned};

/// A list: bare, or under `items`.
///
/// # Errors
/// Where and why the body is something else; for the log.
pub fn rows<T: DeserializeOwned>(reply: &Reply) -> Result<Vec<T>, String> {
    #[derive(Deserialize)]
    struct Items<T> {
        items: Vec<T>,
    }
    let text = text(reply)?;
    let bare = text.trim_start().starts_with('[');
    let rows = reading(&reply.body, || {
        if bare {
            serde_json::from_str(text)
        } else {
            serde_json::from_str::<Items<T>>(text).map(|list| list.items)
        }
    });
    rows.map_err(|error| error.to_string())
}

/// A single thing.
///
/// # Errors
/// Where and why the body is something else; for the log.
pub fn one_row<T: DeserializeOwned>(reply: &Reply) -> Result<T, String> {
    let text = text(reply)?;
    reading(&reply.body, || serde_json::from_str(text)).map_err(|error| error.to_string())
}

/// JSON is UTF-8 (RFC 8259 §8.1): checked once for the whole body, not again for each string.
fn text(reply: &Reply) -> Result<&str, String> {
    let kind = reply
        .headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence != "application/json" && !essence.ends_with("+json") {
        return Err(format!("the content type is {kind:?}, not JSON"));
    }
    std::str::from_utf8(&reply.body).map_err(|error| error.to_string())
}

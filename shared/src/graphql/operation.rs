//! A request as GraphQL over HTTP has it (§5 of its specification), read from a body or from a URL.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A GraphQL request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GraphqlRequest<'a> {
    /// The document.
    #[serde(borrow)]
    pub query: Cow<'a, str>,
    /// Which operation of it.
    #[serde(default, borrow)]
    pub operation_name: Option<Cow<'a, str>>,
    /// By name, uncoerced.
    #[serde(default)]
    pub variables: Option<Map<String, Value>>,
    /// What the client says beside; nobody here listens yet.
    #[serde(default)]
    pub extensions: Option<Map<String, Value>>,
}

/// Why something is no GraphQL request; the text names the way out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    /// Several requests at once.
    Batch,
    Request(Cow<'static, str>),
}

impl<'a> GraphqlRequest<'a> {
    /// Of a JSON body.
    pub(super) fn from_json(body: &'a [u8]) -> Result<Self, Malformed> {
        let wrong = |text| Err(Malformed::Request(text));
        // JSON is UTF-8 (RFC 8259 §8.1), also where the reader would skip what it does not know.
        let Ok(text) = std::str::from_utf8(body) else { return wrong("The body is not UTF-8.".into()) };
        match text.trim_ascii_start().bytes().next() {
            None => wrong("The body is empty: send {\"query\": \"…\", \"variables\": {…}}.".into()),
            // Read as a request, its items would be taken for the members in their order.
            Some(b'[') => Err(Malformed::Batch),
            Some(_) => serde_json::from_str(text)
                .map_err(|error| Malformed::Request(diagnosis(text, &error.to_string()).into())),
        }
    }

    /// Of the query component of a URL, in which `variables` and `extensions` are JSON.
    pub(super) fn from_url(query: &'a str) -> Result<Self, Malformed> {
        let wrong = |text: String| Malformed::Request(text.into());
        if percent_encoding::percent_decode_str(query).decode_utf8().is_err() {
            return Err(wrong("The URL's parameters are not UTF-8.".to_owned()));
        }
        let [mut document, mut operation_name, mut variables, mut extensions] = [const { None }; 4];
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "query" => &mut document,
                "operationName" => &mut operation_name,
                "variables" => &mut variables,
                "extensions" => &mut extensions,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(wrong(format!("The parameter `{name}` is given twice.")));
            }
        }
        let Some(document) = document else {
            return Err(wrong("Say what you ask in the parameter `query`.".to_owned()));
        };
        Ok(Self {
            query: document,
            operation_name: operation_name.filter(|name| !name.is_empty()),
            variables: parsed(variables)
                .map_err(|()| wrong("The parameter `variables` is not a JSON object.".to_owned()))?,
            extensions: parsed(extensions)
                .map_err(|()| wrong("The parameter `extensions` is not a JSON object.".to_owned()))?,
        })
    }
}

/// A parameter that is JSON. An empty one is as good as none.
fn parsed<T: DeserializeOwned>(parameter: Option<Cow<'_, str>>) -> Result<Option<T>, ()> {
    match parameter.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => serde_json::from_str(&text).map_err(|_| ()),
    }
}

/// What is wrong with a body that did not read, told without the reader's own words for our types.
fn diagnosis(text: &str, error: &str) -> String {
    let members = match serde_json::from_str(text) {
        Ok(Value::Object(members)) => members,
        Ok(other) => return format!("The body is {}, not a JSON object with a `query`.", kind(&other)),
        Err(error) => return format!("The body is not JSON: {error}."),
    };
    match members.get("query") {
        None => return "The body has no `query`: send {\"query\": \"…\", \"variables\": {…}}.".to_owned(),
        Some(Value::String(_)) => {}
        Some(other) => return format!("`query` is {}, not a string.", kind(other)),
    }
    for (name, wanted) in
        [("operationName", "a string"), ("variables", "an object"), ("extensions", "an object")]
    {
        let Some(value) = members.get(name).filter(|value| !value.is_null()) else { continue };
        if kind(value) != wanted {
            return format!("`{name}` is {}, not {wanted}.", kind(value));
        }
    }
    // Only a member that stands there twice is left.
    format!("The body is not a GraphQL request: {error}.")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

//! A request as GraphQL over HTTP has it (§5 of its specification), read from a body or from a URL.

use crate::fanout::{Code, Fault};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt};

/// A GraphQL request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GraphqlRequest<'a> {
    /// The document. Empty, where it is only named.
    #[serde(default, borrow)]
    pub query: Cow<'a, str>,
    /// Its name: `documentId`, as GraphQL over HTTP's appendix has it, or Relay's `doc_id`.
    #[serde(default, borrow, alias = "doc_id")]
    pub document_id: Option<Cow<'a, str>>,
    /// Which operation of it.
    #[serde(default, borrow)]
    pub operation_name: Option<Cow<'a, str>>,
    /// By name, uncoerced.
    #[serde(default)]
    pub variables: Option<Map<String, Value>>,
    /// What the client says beside: `persistedQuery` names a document as Apollo's clients do.
    #[serde(default)]
    pub extensions: Option<Map<String, Value>>,
}

/// How a request says what it asks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asks<'r> {
    /// By the text of the document.
    Text(&'r str),
    /// By the text and, for the next time, its hash (hex): Apollo's automatic persisted queries.
    Hashed(&'r str, &'r str),
    /// By the id of a document that is known here, without the prefix `sha256:`.
    Id(&'r str),
}

/// Why something is no GraphQL request; the text names the way out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    /// Several requests at once.
    Batch,
    Request(Cow<'static, str>),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Batch => "several requests in one are not served here",
            Self::Request(text) => text,
        })
    }
}

impl<'a> GraphqlRequest<'a> {
    /// Which document it is about.
    ///
    /// # Errors
    /// `BAD_REQUEST`: it names none, or two.
    pub(super) fn asks(&self) -> Result<Asks<'_>, Fault> {
        let wrong = |text: &'static str| Err(Fault::new(Code::BadRequest, text));
        let id = self.document_id.as_deref().filter(|id| !id.is_empty()).map(plain);
        // Whoever sends a text alone, as most do, is read no further.
        let hash = self.extensions.as_ref().and_then(|extensions| extensions.get("persistedQuery"));
        let hash = hash.filter(|hash| !hash.is_null()).map(hash_of).transpose()?;
        match (&*self.query, id, hash) {
            ("", None, None) => {
                wrong("The request has neither a `query` nor a `documentId`: say what you ask.")
            }
            (_, Some(id), Some(hash)) if id != hash => wrong(
                "`documentId` and `extensions.persistedQuery` name different documents: send one of them.",
            ),
            ("", Some(id), _) | ("", None, Some(id)) => Ok(Asks::Id(id)),
            (_, Some(_), _) => wrong("Send the `query` or the `documentId`, not both."),
            (text, None, Some(hash)) => Ok(Asks::Hashed(text, hash)),
            (text, None, None) => Ok(Asks::Text(text)),
        }
    }

    /// The same about the document that the URL's path names.
    ///
    /// # Errors
    /// It names another itself.
    pub(super) fn of_path(self, id: &'a str) -> Result<Self, Malformed> {
        if self.document_id.as_deref().is_some_and(|other| plain(other) != plain(id))
            || !self.query.is_empty()
        {
            return Err(Malformed::Request(
                "The path of the URL names the document already: leave `query` and `documentId` out.".into(),
            ));
        }
        Ok(Self { document_id: Some(id.into()), ..self })
    }

    /// Of a JSON body. Where the path of the URL names the document, it may be empty.
    pub(super) fn from_json(body: &'a [u8], path: Option<&'a str>) -> Result<Self, Malformed> {
        match path {
            None => {
                let request = Self::read(body)?;
                if request.names_nothing() {
                    return Err(Malformed::Request(NO_QUERY.into()));
                }
                Ok(request)
            }
            Some(id) if body.trim_ascii().is_empty() => Self::default().of_path(id),
            Some(id) => Self::read(body)?.of_path(id),
        }
    }

    fn read(body: &'a [u8]) -> Result<Self, Malformed> {
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
    pub(super) fn from_url(query: &'a str, path: Option<&'a str>) -> Result<Self, Malformed> {
        let wrong = |text: String| Malformed::Request(text.into());
        if percent_encoding::percent_decode_str(query).decode_utf8().is_err() {
            return Err(wrong("The URL's parameters are not UTF-8.".to_owned()));
        }
        let [mut document, mut id, mut operation_name, mut variables, mut extensions] = [const { None }; 5];
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "query" => &mut document,
                "documentId" | "doc_id" => &mut id,
                "operationName" => &mut operation_name,
                "variables" => &mut variables,
                "extensions" => &mut extensions,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(wrong(format!("The parameter `{name}` is given twice.")));
            }
        }
        let request = Self {
            query: document.unwrap_or_default(),
            document_id: id,
            operation_name: operation_name.filter(|name| !name.is_empty()),
            variables: parsed(variables)
                .map_err(|()| wrong("The parameter `variables` is not a JSON object.".to_owned()))?,
            extensions: parsed(extensions)
                .map_err(|()| wrong("The parameter `extensions` is not a JSON object.".to_owned()))?,
        };
        match path {
            Some(id) => request.of_path(id),
            None if request.names_nothing() => Err(wrong(
                "Say what you ask in the parameter `query`, or name it in `documentId`.".to_owned(),
            )),
            None => Ok(request),
        }
    }

    fn names_nothing(&self) -> bool {
        self.query.is_empty()
            && self.document_id.as_deref().is_none_or(str::is_empty)
            && !self.extensions.as_ref().is_some_and(|extensions| extensions.contains_key("persistedQuery"))
    }
}

const NO_QUERY: &str = "The body has no `query`: send {\"query\": \"…\", \"variables\": {…}}.";

/// The prefix of GraphQL over HTTP's appendix for ids that are hashes is as good as none.
fn plain(id: &str) -> &str {
    id.strip_prefix(SHA256).unwrap_or(id)
}

/// What begins the id of a document that is its text's SHA-256, in hex.
pub(super) const SHA256: &str = "sha256:";

/// Of Apollo's `{"version": 1, "sha256Hash": "…"}`.
fn hash_of(persisted: &Value) -> Result<&str, Fault> {
    let hash = persisted.get("sha256Hash").and_then(Value::as_str).filter(|hash| !hash.is_empty());
    match (persisted.get("version").and_then(Value::as_u64), hash) {
        (Some(1), Some(hash)) => Ok(hash),
        _ => Err(Fault::new(
            Code::BadRequest,
            "`extensions.persistedQuery` is not {\"version\": 1, \"sha256Hash\": \"…\"}: no other version is served here.",
        )),
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
        None | Some(Value::String(_)) => {}
        Some(other) => return format!("`query` is {}, not a string.", kind(other)),
    }
    for (name, wanted) in [
        ("documentId", "a string"),
        ("doc_id", "a string"),
        ("operationName", "a string"),
        ("variables", "an object"),
        ("extensions", "an object"),
    ] {
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

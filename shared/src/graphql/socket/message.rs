//! Messages of graphql-transport-ws: JSON texts, read strictly and written by hand around answers that are JSON already.

use super::closing::Closing;
use crate::graphql::operation::GraphqlRequest;
use axum::extract::ws::Utf8Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use std::borrow::Cow;

/// The longest id of an operation, in bytes: it is repeated in every message about it.
const ID_BYTES: usize = 256;

/// What a client says.
pub enum Incoming<'m> {
    Init(Option<Map<String, Value>>),
    Ping(Option<&'m RawValue>),
    Pong,
    Subscribe(Cow<'m, str>, GraphqlRequest<'m>),
    Complete(Cow<'m, str>),
}

#[derive(Deserialize)]
struct Envelope<'m> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'m, str>,
    #[serde(default)]
    id: Option<Cow<'m, str>>,
    #[serde(default, borrow)]
    payload: Option<&'m RawValue>,
}

impl<'m> Incoming<'m> {
    /// # Errors
    /// 4400: it is none of the protocol's messages to a server.
    pub fn read(text: &'m str) -> Result<Self, Closing> {
        let envelope: Envelope<'m> = serde_json::from_str(text).map_err(|_| {
            Closing::invalid("A message is a JSON object with a text `type`, a text `id` and a `payload`")
        })?;
        let Envelope { kind, id, payload } = envelope;
        match &*kind {
            "connection_init" => {
                let payload = payload.map(|payload| serde_json::from_str(payload.get())).transpose();
                payload
                    .map(Self::Init)
                    .map_err(|_| Closing::invalid("The payload of `connection_init` is no object"))
            }
            "ping" => object(&kind, payload).map(Self::Ping),
            "pong" => object(&kind, payload).map(|_| Self::Pong),
            "subscribe" => {
                let payload = payload.ok_or_else(|| Closing::invalid("`subscribe` has no payload"))?;
                let request =
                    GraphqlRequest::from_json(payload.get().as_bytes(), None).map_err(|malformed| {
                        Closing::invalid(format!("The payload of `subscribe`: {malformed}"))
                    })?;
                Ok(Self::Subscribe(known(&kind, id)?, request))
            }
            "complete" => Ok(Self::Complete(known(&kind, id)?)),
            _ => Err(Closing::invalid(format!("There is no message `{}` to a server", shortened(&kind)))),
        }
    }
}

fn known<'m>(kind: &str, id: Option<Cow<'m, str>>) -> Result<Cow<'m, str>, Closing> {
    match id {
        Some(id) if id.len() > ID_BYTES => Err(Closing::invalid(format!("An id may have {ID_BYTES} bytes"))),
        Some(id) if !id.is_empty() => Ok(id),
        _ => Err(Closing::invalid(format!("`{kind}` has no `id`"))),
    }
}

fn object<'m>(kind: &str, payload: Option<&'m RawValue>) -> Result<Option<&'m RawValue>, Closing> {
    match payload {
        Some(payload) if !payload.get().starts_with('{') => {
            Err(Closing::invalid(format!("The payload of `{kind}` is no object")))
        }
        payload => Ok(payload),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(32).collect()
}

/// `connection_ack`.
pub const ACK: Utf8Bytes = Utf8Bytes::from_static(r#"{"type":"connection_ack"}"#);

/// `connection_ack`, with what a deprecated version of the client is told.
pub fn ack(client: &str) -> Utf8Bytes {
    format!(r#"{{"type":"connection_ack","payload":{{"client":{client}}}}}"#).into()
}

/// `ping`: the client says that it is there.
pub const PING: Utf8Bytes = Utf8Bytes::from_static(r#"{"type":"ping"}"#);

/// `pong`, with what came along with the `ping`.
pub fn pong(payload: Option<&RawValue>) -> Utf8Bytes {
    match payload {
        None => Utf8Bytes::from_static(r#"{"type":"pong"}"#),
        Some(payload) => format!(r#"{{"type":"pong","payload":{payload}}}"#).into(),
    }
}

/// `next`, with an answer as it was written.
pub fn next(id: &str, answer: &[u8]) -> Utf8Bytes {
    about("next", id, Some(answer))
}

/// `error`, with a list of errors: the operation is over.
pub fn error(id: &str, errors: &[u8]) -> Utf8Bytes {
    about("error", id, Some(errors))
}

/// `complete`: the operation is over.
pub fn complete(id: &str) -> Utf8Bytes {
    about("complete", id, None)
}

fn about(kind: &str, id: &str, payload: Option<&[u8]>) -> Utf8Bytes {
    let mut text = Vec::with_capacity(id.len() + payload.map_or(0, <[u8]>::len) + 48);
    text.extend_from_slice(br#"{"id":"#);
    // Into memory, of a text: cannot fail.
    let _ = serde_json::to_writer(&mut text, id);
    text.extend_from_slice(br#","type":""#);
    text.extend_from_slice(kind.as_bytes());
    text.push(b'"');
    if let Some(payload) = payload {
        text.extend_from_slice(br#","payload":"#);
        text.extend_from_slice(payload);
    }
    text.push(b'}');
    // Of texts alone.
    String::from_utf8(text).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let Err(closing) = Incoming::read(text) else { panic!("it is read: {text}") };
        let frame = closing.frame();
        assert_eq!(frame.code, 4400, "{text}");
        frame.reason.to_string()
    }

    #[test]
    fn what_is_no_message_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "A message is a JSON object"),
            ("[]", "A message is a JSON object"),
            ("\"ping\"", "A message is a JSON object"),
            ("{\"id\": \"1\"}", "A message is a JSON object"),
            ("{\"type\": 1}", "A message is a JSON object"),
            ("{\"type\": \"ping\"} x", "A message is a JSON object"),
            ("{\"type\": \"complete\", \"id\": 1}", "A message is a JSON object"),
            ("{\"type\": \"start\"}", "There is no message `start`"),
            ("{\"type\": \"next\", \"id\": \"1\"}", "There is no message `next`"),
            ("{\"type\": \"connection_ack\"}", "There is no message `connection_ack`"),
            ("{\"type\": \"connection_init\", \"payload\": 1}", "The payload of `connection_init`"),
            ("{\"type\": \"ping\", \"payload\": []}", "The payload of `ping`"),
            ("{\"type\": \"pong\", \"payload\": \"x\"}", "The payload of `pong`"),
            ("{\"type\": \"complete\"}", "`complete` has no `id`"),
            ("{\"type\": \"complete\", \"id\": \"\"}", "`complete` has no `id`"),
            ("{\"type\": \"subscribe\", \"id\": \"1\"}", "`subscribe` has no payload"),
            ("{\"type\": \"subscribe\", \"payload\": {\"query\": \"{ a }\"}}", "`subscribe` has no `id`"),
            ("{\"type\": \"subscribe\", \"id\": \"1\", \"payload\": {}}", "The payload of `subscribe`: "),
            (
                "{\"type\": \"subscribe\", \"id\": \"1\", \"payload\": {\"query\": 1}}",
                "The payload of `subscribe`: `query` is a number",
            ),
        ] {
            let told = refused(text);
            assert!(told.starts_with(reason), "{text}: {told}");
        }
        let long = format!("{{\"type\": \"complete\", \"id\": \"{}\"}}", "x".repeat(ID_BYTES + 1));
        assert_eq!(refused(&long), "An id may have 256 bytes");
    }

    #[test]
    fn what_is_written_is_json() {
        let written = |text: Utf8Bytes| serde_json::from_str::<Value>(&text).unwrap();
        let quoted = "a\"\\\n";
        assert_eq!(
            written(next(quoted, b"{\"data\":null}")),
            serde_json::json!({"id": quoted, "type": "next", "payload": {"data": null}})
        );
        assert_eq!(
            written(error("1", b"[]")),
            serde_json::json!({"id": "1", "type": "error", "payload": []})
        );
        assert_eq!(written(complete("1")), serde_json::json!({"id": "1", "type": "complete"}));
        let Ok(Incoming::Ping(payload)) = Incoming::read("{\"type\": \"ping\", \"payload\": {\"a\": 1}}")
        else {
            panic!("a ping");
        };
        assert_eq!(written(pong(payload)), serde_json::json!({"type": "pong", "payload": {"a": 1}}));
    }
}

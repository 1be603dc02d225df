//! A client of subscriptions over WebSocket (graphql-transport-ws), which may also break its rules.

use super::{Answer, Value, json, patiently};
use futures::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderName, HeaderValue, header::SEC_WEBSOCKET_PROTOCOL};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};

/// An open socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    closed: Option<(u16, String)>,
}

/// A running operation on a socket of its own.
pub struct Subscription {
    socket: Socket,
    over: bool,
}

impl Socket {
    /// Connects to `<url>/graphql/ws` and begins.
    pub(crate) async fn open(url: &str, bearer: Option<&str>) -> Self {
        let mut socket = Self::silent(url, &[]).await;
        let payload =
            bearer.map_or_else(|| json!({}), |token| json!({"authorization": format!("Bearer {token}")}));
        socket.init(payload).await;
        socket
    }

    /// Connects without a word.
    pub(crate) async fn silent(url: &str, headers: &[(&'static str, &str)]) -> Self {
        let opened = Self::try_open(url, headers).await;
        opened.unwrap_or_else(|status| panic!("no socket, but status {status}"))
    }

    /// The same, or the status of a refusal. The subprotocol is the protocol's, if the headers say no other; an empty one
    /// is none.
    pub(crate) async fn try_open(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let url = format!("{}/graphql/ws", url.replacen("http", "ws", 1));
        #[expect(clippy::expect_used, reason = "a test may panic")]
        let mut request = url.into_client_request().expect("a request");
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        for (name, value) in headers {
            let name = HeaderName::from_static(name);
            #[expect(clippy::expect_used, reason = "a test writes its headers right")]
            match *value {
                "" => request.headers_mut().remove(name),
                value => request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a value")),
            };
        }
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Self { stream, closed: None }),
            // The client will not have a socket without a subprotocol that it asked for.
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("no socket: {error}"),
        }
    }

    /// Sends `connection_init`.
    pub async fn init(&mut self, payload: Value) {
        self.send(json!({"type": "connection_init", "payload": payload})).await;
    }

    /// Sends a message of the protocol, or of none.
    pub async fn send(&mut self, message: Value) {
        self.send_raw(Message::text(message.to_string())).await;
    }

    /// Sends a text as it is.
    pub async fn send_text(&mut self, text: &str) {
        self.send_raw(Message::text(text)).await;
    }

    /// Sends what is no text.
    pub async fn send_binary(&mut self, bytes: &'static [u8]) {
        self.send_raw(Message::binary(bytes)).await;
    }

    async fn send_raw(&mut self, message: Message) {
        let sent = self.stream.send(message).await;
        sent.unwrap_or_else(|error| panic!("the socket is closed: {error}"));
    }

    /// Starts an operation under this id.
    pub async fn start(&mut self, id: &str, document: &str, variables: Value) {
        let payload = json!({"query": document, "variables": variables});
        self.send(json!({"id": id, "type": "subscribe", "payload": payload})).await;
    }

    /// The next message; none when the socket is closed. Pings are answered.
    pub async fn receive(&mut self) -> Option<Value> {
        Some(parsed(&self.receive_text().await?))
    }

    /// The same, as it came: for the order of keys.
    async fn receive_text(&mut self) -> Option<String> {
        loop {
            let text = self.receive_any().await?;
            if parsed(&text)["type"] != "ping" {
                return Some(text);
            }
            self.send(json!({"type": "pong"})).await;
        }
    }

    /// The next message, which may be a ping; none when the socket is closed.
    pub async fn receive_unanswered(&mut self) -> Option<Value> {
        Some(parsed(&self.receive_any().await?))
    }

    async fn receive_any(&mut self) -> Option<String> {
        loop {
            match patiently("a message on the socket", self.stream.next()).await {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(frame))) => {
                    self.closed = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                    return None;
                }
                Some(Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Whether nothing came before the answer to a ping that is sent now.
    pub async fn try_silence(&mut self) -> bool {
        self.send(json!({"type": "ping", "payload": {"and": "now"}})).await;
        self.receive().await == Some(json!({"type": "pong", "payload": {"and": "now"}}))
    }

    /// Reads on to the end: the code and the reason that it was closed with, code 0 if it was not.
    pub async fn closed(&mut self) -> (u16, String) {
        while self.closed.is_none() && self.receive_unanswered().await.is_some() {}
        self.closed.clone().unwrap_or_default()
    }

    /// Waits until the connection is acknowledged.
    pub async fn acknowledged(&mut self) {
        let acknowledged = self.receive().await.unwrap_or_default();
        assert_eq!(
            acknowledged["type"], "connection_ack",
            "the socket was refused: {acknowledged} {:?}",
            self.closed
        );
    }

    /// Starts an operation under the id `1`, once the connection is acknowledged.
    pub async fn subscribe(mut self, document: &str, variables: Value) -> Subscription {
        self.acknowledged().await;
        self.start("1", document, variables).await;
        Subscription { socket: self, over: false }
    }
}

impl Subscription {
    /// The next event; none when the operation is complete.
    pub async fn next(&mut self) -> Option<Answer> {
        if self.over {
            return None;
        }
        let text = self.socket.receive_text().await?;
        let message: BTreeMap<String, &RawValue> = serde_json::from_str(&text).unwrap_or_default();
        let part = |name| message.get(name).map_or("null", |part| part.get());
        self.over = part("type") != "\"next\"";
        match part("type") {
            "\"next\"" => Some(Answer::new(200, HeaderMap::new(), part("payload").to_owned())),
            // Refused: errors stand in the payload itself, and nothing follows.
            "\"error\"" => {
                Some(Answer::new(400, HeaderMap::new(), format!("{{\"errors\":{}}}", part("payload"))))
            }
            _ => None,
        }
    }

    /// The next event, which must come.
    pub async fn event(&mut self) -> Answer {
        self.next().await.unwrap_or_else(|| panic!("the subscription ended: {:?}", self.socket.closed))
    }

    /// Ends the operation; the socket stays open until this is dropped.
    pub async fn complete(&mut self) {
        self.socket.send(json!({"id": "1", "type": "complete"})).await;
    }

    /// The socket that it is on.
    pub fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

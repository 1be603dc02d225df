//! A client of subscriptions over WebSocket (graphql-transport-ws).

use super::{Answer, Value, json, patiently};
use futures::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue, header::SEC_WEBSOCKET_PROTOCOL};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

/// An open, acknowledged socket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// A running operation on a socket of its own.
pub struct Subscription(Socket);

impl Socket {
    /// Connects to `<url>/graphql/ws` and begins.
    pub(crate) async fn open(url: &str, bearer: Option<&str>) -> Self {
        let url = format!("{}/graphql/ws", url.replacen("http", "ws", 1));
        #[expect(clippy::expect_used, reason = "a test may panic")]
        let mut request = url.into_client_request().expect("a request");
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        let (stream, _) = connect_async(request).await.unwrap_or_else(|error| panic!("no socket: {error}"));
        let mut socket = Self(stream);
        let payload =
            bearer.map_or_else(|| json!({}), |token| json!({"authorization": format!("Bearer {token}")}));
        socket.send(json!({"type": "connection_init", "payload": payload})).await;
        socket
    }

    /// Sends a message of the protocol, or of none.
    pub async fn send(&mut self, message: Value) {
        let sent = self.0.send(Message::text(message.to_string())).await;
        sent.unwrap_or_else(|error| panic!("the socket is closed: {error}"));
    }

    /// The next message; none when the socket is closed. Pings are answered.
    pub async fn receive(&mut self) -> Option<Value> {
        Some(serde_json::from_str(&self.receive_text().await?).unwrap_or_default())
    }

    /// The same, as it came: for the order of keys.
    async fn receive_text(&mut self) -> Option<String> {
        loop {
            match patiently("a message on the socket", self.0.next()).await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).unwrap_or_default();
                    if message["type"] == "ping" {
                        self.send(json!({"type": "pong"})).await;
                        continue;
                    }
                    return Some(text.to_string());
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Starts an operation under the id `1`, once the connection is acknowledged.
    pub async fn subscribe(mut self, document: &str, variables: Value) -> Subscription {
        let acknowledged = self.receive().await.unwrap_or_default();
        assert_eq!(acknowledged["type"], "connection_ack", "the socket was refused: {acknowledged}");
        let payload = json!({"query": document, "variables": variables});
        self.send(json!({"id": "1", "type": "subscribe", "payload": payload})).await;
        Subscription(self)
    }
}

impl Subscription {
    /// The next event; none when the operation is complete.
    pub async fn next(&mut self) -> Option<Answer> {
        let text = self.0.receive_text().await?;
        let message: BTreeMap<String, &RawValue> = serde_json::from_str(&text).unwrap_or_default();
        let part = |name| message.get(name).map_or("null", |part| part.get());
        match part("type") {
            "\"next\"" => Some(Answer::new(200, HeaderMap::new(), part("payload").to_owned())),
            // Refused: errors stand in the payload itself.
            "\"error\"" => {
                Some(Answer::new(400, HeaderMap::new(), format!("{{\"errors\":{}}}", part("payload"))))
            }
            _ => None,
        }
    }

    /// The next event, which must come.
    pub async fn event(&mut self) -> Answer {
        self.next().await.unwrap_or_else(|| panic!("the subscription ended"))
    }

    /// Ends the operation; the socket stays open until this is dropped.
    pub async fn complete(&mut self) {
        self.0.send(json!({"id": "1", "type": "complete"})).await;
    }
}

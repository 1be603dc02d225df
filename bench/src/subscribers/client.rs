//! A subscriber that takes as little as it can: a connection that speaks as much of WebSocket and of graphql-transport-ws as
//! is needed to subscribe and to hear.

use crate::Fault;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub struct Client(TcpStream);

const HANDSHAKE: &str = "GET /graphql/ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                         sec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws\r\n\
                         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const SUBSCRIBE: &str =
    r#"{"id":"1","type":"subscribe","payload":{"query":"subscription { postChanged { postId } }"}}"#;

impl Client {
    /// Connects and subscribes. Over once the server has taken it: a ping behind it is answered.
    pub async fn subscribe(addr: SocketAddr) -> Result<Self, Fault> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let mut client = Self(stream);
        client.0.write_all(HANDSHAKE.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.0.read_u8().await?);
        }
        if !head.starts_with(b"HTTP/1.1 101") {
            return Err(format!("no socket: {}", String::from_utf8_lossy(&head)).into());
        }
        client.say(r#"{"type":"connection_init"}"#).await?;
        client.expect("connection_ack").await?;
        client.say(SUBSCRIBE).await?;
        client.say(r#"{"type":"ping"}"#).await?;
        client.expect("pong").await?;
        Ok(client)
    }

    /// Whether the next that it hears, in time, is the event. The server's pings are none.
    pub async fn hears(&mut self, patience: Duration) -> bool {
        let hearing = async {
            loop {
                let text = self.hear().await?;
                if !text.contains(r#""type":"ping""#) {
                    return Ok::<_, Fault>(text);
                }
            }
        };
        let heard = tokio::time::timeout(patience, hearing).await;
        heard.is_ok_and(|text| {
            text.is_ok_and(|text| text.contains(r#"{"data":{"postChanged":{"postId":7}}}"#))
        })
    }

    async fn expect(&mut self, kind: &str) -> Result<(), Fault> {
        let text = self.hear().await?;
        if text.contains(kind) { Ok(()) } else { Err(format!("waited for {kind}, and heard {text}").into()) }
    }

    /// A text of less than 126 bytes, or of up to 65,535 (RFC 6455 §5.2). The mask is zero, and so changes nothing.
    async fn say(&mut self, text: &str) -> Result<(), Fault> {
        let length = u16::try_from(text.len())?;
        let mut frame = vec![0x81];
        match u8::try_from(length) {
            Ok(short) if short < 126 => frame.push(0x80 | short),
            _ => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&length.to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(text.as_bytes());
        Ok(self.0.write_all(&frame).await?)
    }

    async fn hear(&mut self) -> Result<String, Fault> {
        let _kind = self.0.read_u8().await?;
        let length = match self.0.read_u8().await? {
            126 => usize::from(self.0.read_u16().await?),
            127 => return Err("a message of more than 64 KiB".into()),
            short => usize::from(short),
        };
        let mut text = vec![0; length];
        self.0.read_exact(&mut text).await?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

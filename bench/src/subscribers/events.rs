//! The upstream whose events are heard: a stream that says nothing until it is told to.

use crate::Fault;
use axum::{Router, body::Body, extract::State, http::header, response::IntoResponse, routing::get};
use futures::{StreamExt, stream};
use std::{convert::Infallible, net::SocketAddr};
use tokio::{net::TcpListener, sync::broadcast};

pub struct Events {
    addr: SocketAddr,
    said: broadcast::Sender<String>,
}

impl Events {
    pub async fn serve() -> Result<Self, Fault> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let said = broadcast::Sender::new(16);
        let router = Router::new().route("/changes", get(changes)).with_state(said.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { addr, said })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Tells all who listen; returns how many do.
    pub fn tell(&self, data: &str) -> usize {
        self.said.send(format!("data: {data}\n\n")).unwrap_or(0)
    }
}

async fn changes(State(said): State<broadcast::Sender<String>>) -> impl IntoResponse {
    let greeting = stream::iter([Ok::<_, Infallible>(":\n\n".to_owned())]);
    let events = stream::unfold(said.subscribe(), |mut events| async move {
        let event = events.recv().await.ok()?;
        Some((Ok(event), events))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(greeting.chain(events)))
}

//! Operations over WebSocket: graphql-transport-ws, to the letter.
//! <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>

mod closing;
mod message;
mod operations;
mod session;

use self::{closing::Closing, session::Session};
use super::{
    clients::Clients,
    engine::Engine,
    http::{Context, Endpoint, MediaType, Rejection, context, forgery},
    places::Places,
};
use crate::{
    Code,
    app::{Client, Draining},
    auth::Authenticator,
    config::{Settings, SubscriptionSettings},
    request::Client as Named,
    telemetry::{RequestRecord, metrics},
};
use axum::{
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    response::Response,
};
use http::{HeaderMap, HeaderValue, Uri, header};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

const PROTOCOL: &str = "graphql-transport-ws";

/// Bytes that are read at once: messages are short, and each socket has this buffer for good.
const READ_BYTES: usize = 512;

/// What sockets need of the server. Cheap to clone.
#[derive(Clone)]
pub(super) struct Sockets(Arc<Inner>);

struct Inner {
    service: Arc<str>,
    engine: Engine,
    authenticator: Authenticator,
    places: Places,
    origins: Arc<[String]>,
    patience: Duration,
    clients: Clients,
    settings: SubscriptionSettings,
}

impl Sockets {
    /// Beside what answers over HTTP.
    pub fn new(endpoint: &Endpoint, authenticator: Authenticator, settings: &Settings) -> Self {
        let Endpoint { engine, patience, origins, places, clients } = endpoint.clone();
        let service = settings.service.as_str().into();
        let settings = settings.subscriptions.clone();
        Self(Arc::new(Inner { service, engine, authenticator, places, origins, patience, clients, settings }))
    }

    fn clients(&self) -> &Clients {
        &self.0.clients
    }

    fn service(&self) -> &Arc<str> {
        &self.0.service
    }

    fn engine(&self) -> &Engine {
        &self.0.engine
    }

    fn authenticator(&self) -> &Authenticator {
        &self.0.authenticator
    }

    fn places(&self) -> &Places {
        &self.0.places
    }

    fn settings(&self) -> &SubscriptionSettings {
        &self.0.settings
    }
}

/// Opens a socket. What a browser shows nothing of, as it does of any answer but an open socket, is told by closing it.
pub(super) async fn upgrade(
    State(sockets): State<Sockets>,
    headers: HeaderMap,
    uri: Uri,
    Context(extensions): Context,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if let Err(rejection) = forgery::origin(&headers, &uri, &sockets.0.origins) {
        return rejection.response(MediaType::GraphqlResponse);
    }
    let Ok(upgrade) = upgrade else { return no_upgrade() };
    if let Err(fault) = sockets.clients().served(&Named::named(&headers)) {
        return Rejection::from(fault).response(MediaType::GraphqlResponse);
    }
    let mut context = context(sockets.engine(), &headers, &extensions, sockets.0.patience);
    // The upgrade's deadline is not the socket's: each operation has all of its time.
    context.patience = sockets.0.patience;
    let record = extensions.get::<Arc<RequestRecord>>().cloned();
    let draining = extensions.get::<Draining>().cloned();
    let address = extensions.get::<Client>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |client| client.ip);
    let most = sockets.settings().message_bytes;
    let upgrade = upgrade
        .max_message_size(most)
        .max_frame_size(most)
        .read_buffer_size(READ_BYTES)
        // Each message leaves at once.
        .write_buffer_size(0)
        .protocols([PROTOCOL]);
    let refusal = if upgrade.selected_protocol().is_none() { Some(Closing::subprotocol()) } else { None };
    let context = Box::new(context);
    upgrade.on_upgrade(move |socket| {
        let place = sockets.places().take(context.caller(), address);
        let (place, full) = match place {
            Ok(place) => (Some(place), None),
            Err(fault) => (None, Some(Closing::too_many_sockets(&fault.message))),
        };
        let _counted = metrics().socket(sockets.service());
        let (context, notice) = (*context, None);
        let session =
            Box::new(Session { socket, sockets, context, address, draining, place, notice, _counted });
        let serving = session.serve(refusal.or(full));
        // A task of its own, in place of the one that waited for the upgrade: that one has room for all that it went
        // through, and would keep it for as long as the socket is open.
        #[expect(
            clippy::disallowed_methods,
            reason = "it follows the upgrade, with its record, and keeps its seat"
        )]
        match record {
            Some(record) => drop(tokio::spawn(record.scope(serving))),
            None => drop(tokio::spawn(serving)),
        }
        std::future::ready(())
    })
}

fn no_upgrade() -> Response {
    let message = "Here is a WebSocket: connect to it, with the subprotocol `graphql-transport-ws`.";
    let rejection = Rejection::new(Code::UpgradeRequired, message);
    let mut response = rejection.response(MediaType::GraphqlResponse);
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    response
}

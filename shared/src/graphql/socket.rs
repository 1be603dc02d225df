//! Subscriptions over WebSocket (graphql-transport-ws), by async-graphql's own protocol over our engine.

use super::{
    engine::Engine,
    http::{Context, context},
    operation::GraphqlRequest,
};
use crate::{
    Code, Fault,
    app::Draining,
    auth::{AuthError, Verifier},
    request::RequestContext,
    telemetry::{self, RequestRecord},
};
use async_graphql::{Data, Executor, Request, Response as GraphqlResponse, http::ALL_WEBSOCKET_PROTOCOLS};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::{
    extract::{State, WebSocketUpgrade},
    response::Response,
};
use futures::{StreamExt, stream::BoxStream};
use http::{HeaderMap, HeaderValue, header};
use std::{borrow::Cow, sync::Arc, time::Duration};

/// What a socket needs of the server.
#[derive(Clone)]
pub(super) struct Sockets {
    pub engine: Engine,
    pub patience: Duration,
    pub body_bytes: usize,
    pub verifier: Option<Verifier>,
}

pub(super) async fn upgrade(
    State(sockets): State<Sockets>,
    protocol: GraphQLProtocol,
    headers: HeaderMap,
    Context(extensions): Context,
    upgrade: WebSocketUpgrade,
) -> Response {
    let mut context = context(&headers, &extensions, sockets.patience);
    // The upgrade's deadline is not the socket's: each operation has all of its time.
    context.patience = sockets.patience;
    let record = extensions.get::<Arc<RequestRecord>>().cloned();
    let draining = extensions.get::<Draining>().cloned();
    // A message is a request: it may be as long as one.
    let upgrade = upgrade.max_message_size(sockets.body_bytes).max_frame_size(sockets.body_bytes);
    upgrade.protocols(ALL_WEBSOCKET_PROTOCOLS).on_upgrade(move |socket| async move {
        let mut data = Data::default();
        data.insert(context.clone());
        let verifier = sockets.verifier;
        let serving = GraphQLWebSocket::new(socket, Socket(sockets.engine), protocol)
            .with_data(data)
            .keepalive_timeout(Duration::from_secs(60))
            .on_connection_init(move |payload| async move { initialised(payload, context, verifier).await })
            .serve();
        let until_drained = async move {
            tokio::select! {
                () = serving => {}
                () = async { match &draining { Some(draining) => draining.begun().await, None => std::future::pending().await } } => {}
            }
        };
        match record {
            Some(record) => record.scope(until_drained).await,
            None => until_drained.await,
        }
    })
}

/// A browser cannot set headers on a socket: its token comes in `connection_init`.
async fn initialised(
    payload: serde_json::Value,
    context: RequestContext,
    verifier: Option<Verifier>,
) -> async_graphql::Result<Data> {
    let mut data = Data::default();
    let given = ["authorization", "Authorization"].iter().find_map(|key| payload.get(*key)?.as_str());
    if let (Some(given), Some(verifier)) = (given, verifier) {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(given).map_err(|_| Fault::unauthenticated())?;
        headers.insert(header::AUTHORIZATION, value);
        let caller = verifier.verify(&headers).await.map_err(|error| match error {
            AuthError::Refused(reason) => Fault::new(Code::Unauthenticated, reason),
            AuthError::Unavailable => Fault::new(Code::UpstreamUnavailable, error.to_string()),
        })?;
        data.insert(context.of_caller(caller));
    }
    Ok(data)
}

/// Runs operations of a socket.
#[derive(Clone)]
struct Socket(Engine);

impl Executor for Socket {
    async fn execute(&self, request: Request) -> GraphqlResponse {
        let first = self.execute_stream(request, None).next().await;
        first.unwrap_or_else(|| GraphqlResponse::from_errors(Vec::new()))
    }

    fn execute_stream(
        &self,
        request: Request,
        session: Option<Arc<Data>>,
    ) -> BoxStream<'static, GraphqlResponse> {
        let context = session.as_ref().and_then(|data| {
            data.get(&std::any::TypeId::of::<RequestContext>())?.downcast_ref::<RequestContext>()
        });
        let context = context
            .map_or_else(|| RequestContext::anonymous(Duration::from_secs(10)), RequestContext::renewed);
        let extensions = |extensions| match serde_json::to_value(extensions) {
            Ok(serde_json::Value::Object(extensions)) => Some(extensions),
            _ => None,
        };
        let variables = match serde_json::to_value(&request.variables) {
            Ok(serde_json::Value::Object(variables)) => Some(variables),
            _ => None,
        };
        let request = GraphqlRequest {
            query: Cow::Borrowed(&request.query),
            operation_name: request.operation_name.as_deref().map(Cow::Borrowed),
            variables,
            extensions: extensions(request.extensions),
            ..GraphqlRequest::default()
        };
        telemetry::operation(|| self.0.stream(&request, context))
    }
}

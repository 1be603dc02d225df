//! GraphQL over Server-Sent Events (graphql-sse's protocol, in its *distinct connections mode*): a response for each
//! operation, whose body is its answers as they come. <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>

mod frame;

use super::{
    answer::{self, Answer},
    clients::Notice,
    document::Refusal,
    http::{Endpoint, MediaType, Rejection, context, form_of_events, named},
    operation::GraphqlRequest,
    places::Place,
};
use crate::{
    app::{Client, Draining},
    auth::{AuthError, Caller},
    request::RequestContext,
    telemetry,
};
use axum::{
    body::Body,
    extract::Path,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{
    StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use http::{HeaderName, HeaderValue, Method, header, request::Parts};
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};
use tokio::time::Instant;

/// Where it is served whatever is accepted; at `/graphql` it is served to those who accept nothing they like more.
const PATH: &str = "/graphql/stream";

/// How often a stream in which nothing happens shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// nginx passes events on only when a buffer of them is full, unless it is told not to.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Whether this request is to be answered with a stream of events.
pub(super) fn wanted(head: &Parts) -> bool {
    head.uri.path() == PATH || MediaType::events_wanted(&head.headers)
}

/// Answers with a stream. What is no GraphQL request, or must not run for whoever sends it, is refused as everywhere; what
/// a document is refused for is told as an event, since browsers show nothing of an answer that is no stream.
pub(super) async fn serve(
    endpoint: &Endpoint,
    head: Parts,
    id: Option<&Path<String>>,
    body: Body,
    notice: Option<&Notice>,
) -> Response {
    match begun(endpoint, &head, id, body).await {
        Ok(mut streaming) => {
            if let Some(notice) = notice {
                streaming.answers = streaming.answers.map(|answers| notice.in_stream(answers));
            }
            let frames = stream::unfold(streaming, |mut streaming| async move {
                Some((Ok::<_, Infallible>(streaming.frame().await?), streaming))
            });
            let head = [
                (header::CONTENT_TYPE, frame::EVENT_STREAM),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
                (header::VARY, HeaderValue::from_static("accept")),
                (X_ACCEL_BUFFERING, HeaderValue::from_static("no")),
            ];
            let mut response = (head, Body::from_stream(frames)).into_response();
            response.extensions_mut().insert(telemetry::InParts);
            response
        }
        Err(rejection) => rejection.response(MediaType::GraphqlResponse),
    }
}

async fn begun(
    endpoint: &Endpoint,
    head: &Parts,
    id: Option<&Path<String>>,
    body: Body,
) -> Result<Streaming, Rejection> {
    let caller = head.extensions.get::<Caller>().cloned().unwrap_or_default();
    let address =
        head.extensions.get::<Client>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |client| client.ip);
    let form = form_of_events(&head.headers);
    let (answers, place) = if head.method == Method::GET {
        let request = GraphqlRequest::from_url(endpoint.query(head)?, named(id)?)?;
        let place = place(endpoint, &caller, address)?;
        let run = || endpoint.engine.stream_safe(&request, lasting(endpoint, head), form);
        (telemetry::lasting(run), place)
    } else {
        let body = endpoint.body(head, body).await?;
        let request = GraphqlRequest::from_json(&body, named(id)?)?;
        let place = place(endpoint, &caller, address)?;
        let run = || Some(endpoint.engine.stream(&request, lasting(endpoint, head), form));
        (telemetry::lasting(run), place)
    };
    let answers = answers
        .ok_or_else(|| Rejection::method("POST", "A mutation does not go by GET: send it with POST."))?;
    Ok(Streaming {
        answers: Some(answers),
        expires: caller.left().map(|left| Instant::now() + left),
        lost: caller.lost(),
        draining: head.extensions.get::<Draining>().cloned(),
        _place: place,
    })
}

fn place(endpoint: &Endpoint, caller: &Caller, address: IpAddr) -> Result<Place, Rejection> {
    Ok(endpoint.places.take(caller, address)?)
}

/// The response's head is due within the deadline; each event has all of the time.
fn lasting(endpoint: &Endpoint, head: &Parts) -> RequestContext {
    let mut context = context(&endpoint.engine, &head.headers, &head.extensions, endpoint.patience);
    context.patience = endpoint.patience;
    context
}

/// A body in the making.
struct Streaming {
    /// None: the last frame has been written.
    answers: Option<BoxStream<'static, Answer>>,
    /// When the caller's credential does.
    expires: Option<Instant>,
    /// Tells why, when the credential is taken back before.
    lost: BoxFuture<'static, AuthError>,
    draining: Option<Draining>,
    _place: Place,
}

impl Streaming {
    async fn frame(&mut self) -> Option<Bytes> {
        let answers = self.answers.as_mut()?;
        let (expires, draining, lost) = (self.expires, &self.draining, &mut self.lost);
        tokio::select! {
            biased;
            () = async { match expires {
                Some(expires) => tokio::time::sleep_until(expires).await,
                None => std::future::pending().await,
            } } => {
                self.answers = None;
                let fault = AuthError::Expired.told();
                let told = frame::event("next", &answer::refused(&[Refusal { fault, at: None }]).body);
                Some([told, frame::event("complete", b"")].concat().into())
            }
            why = lost => {
                self.answers = None;
                let fault = why.told();
                let told = frame::event("next", &answer::refused(&[Refusal { fault, at: None }]).body);
                Some([told, frame::event("complete", b"")].concat().into())
            }
            // Without `complete`: whoever listens is to come again, to another server.
            () = async { match draining {
                Some(draining) => draining.begun().await,
                None => std::future::pending().await,
            } } => {
                self.answers = None;
                None
            }
            answer = answers.next() => match answer {
                Some(answer) => Some(frame::event("next", &answer.body)),
                None => {
                    self.answers = None;
                    Some(frame::event("complete", b""))
                }
            },
            () = tokio::time::sleep(KEEP_ALIVE) => Some(frame::COMMENT),
        }
    }
}

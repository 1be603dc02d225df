//! An upstream's stream of events (Server-Sent Events, WHATWG HTML §9.2), followed through breaks.

use super::{Upstream, Upstreams, call::Call};
use crate::{
    fanout::{Fault, Scope},
    request::{RequestContext, authorization},
};
use eventsource_stream::{Event, Eventsource};
use futures::{Stream, StreamExt, stream::BoxStream};
use http::{HeaderName, HeaderValue, Method, header};
use http_body_util::BodyDataStream;
use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// The first pause before asking again; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Events of one path of one upstream, as one caller sees them.
pub struct Events {
    upstream: Upstream,
    path: String,
    upstreams: Arc<Upstreams>,
    request: Arc<RequestContext>,
}

impl Events {
    pub(crate) fn open(
        upstream: &Upstream,
        path: String,
        upstreams: Arc<Upstreams>,
        request: Arc<RequestContext>,
    ) -> Result<Self, Fault> {
        upstreams.uri(upstream, &path)?;
        Ok(Self { upstream: *upstream, path, upstreams, request })
    }

    /// The events' data, read as JSON; what cannot be read is logged and left out.
    ///
    /// The first connection is made before this returns, so that a caller who may not listen is told so. A stream that
    /// breaks is taken up behind its last event (`Last-Event-ID`), after a pause that grows while it keeps failing. One
    /// that breaks before its first event is taken up where it began, if the upstream says where: in a response header
    /// `Last-Event-ID`.
    ///
    /// # Errors
    /// The upstream refuses the caller, or is not there.
    pub async fn json<T: DeserializeOwned + Send + 'static>(
        self,
    ) -> Result<impl Stream<Item = T> + Send + 'static, Fault> {
        let (first, last) = self.connect(None).await?;
        let state = Following { source: self, last, open: Some(first), pause: FIRST_PAUSE };
        Ok(futures::stream::unfold(state, |mut state| async move {
            loop {
                let event = state.next().await?;
                match serde_json::from_str::<T>(&event.data) {
                    Ok(data) => return Some((data, state)),
                    Err(error) => tracing::error!(
                        upstream.name = state.source.upstream.name(),
                        upstream.cause = %error,
                        "an event cannot be read"
                    ),
                }
            }
        }))
    }

    /// The stream, and the id before its first event.
    async fn connect(&self, last: Option<&str>) -> Result<Opened, Fault> {
        let mut call = Call::new(Method::GET, self.upstreams.uri(&self.upstream, &self.path)?);
        let headers = &mut call.headers;
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        if let Some(authorization) = authorization(&self.request, Scope::Caller) {
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        if let Some(last) = last.and_then(|last| HeaderValue::from_str(last).ok()) {
            headers.insert(LAST_EVENT_ID, last);
        }
        let response = self.upstreams.open(&self.upstream, &call).await.map_err(|error| {
            tracing::warn!(upstream.name = self.upstream.name(), upstream.error = %error, "no event stream");
            error.fault(&self.request.renewed())
        })?;
        match response.status().as_u16() {
            200 => {}
            401 => return Err(Fault::unauthenticated()),
            403 | 404 => return Err(Fault::forbidden("You may not listen to this, or it does not exist.")),
            _ => return Err(super::client::bad_response()),
        }
        let begins = response.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
        tracing::debug!(upstream.name = self.upstream.name(), "an event stream is open");
        // A line that is not an event ends the stream; it is then taken up again.
        let events = BodyDataStream::new(response.into_body()).eventsource();
        let events = events
            .take_while(|event| std::future::ready(event.is_ok()))
            .filter_map(|event| std::future::ready(event.ok()));
        Ok((events.boxed(), begins))
    }
}

type Opened = (BoxStream<'static, Event>, Option<String>);

struct Following {
    source: Events,
    last: Option<String>,
    open: Option<BoxStream<'static, Event>>,
    pause: Duration,
}

impl Following {
    /// The next event; None when the upstream will not have this caller any more.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(open) = &mut self.open {
                if let Some(event) = open.next().await {
                    self.pause = FIRST_PAUSE;
                    if !event.id.is_empty() {
                        self.last = Some(event.id.clone());
                    }
                    return Some(event);
                }
                self.open = None;
            }
            tokio::time::sleep(self.pause).await;
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            match self.source.connect(self.last.as_deref()).await {
                Ok((open, begins)) => {
                    self.open = Some(open);
                    self.last = self.last.take().or(begins);
                }
                Err(fault) if matches!(fault.code, crate::Code::Unauthenticated | crate::Code::Forbidden) => {
                    return None;
                }
                Err(_) => {}
            }
        }
    }
}

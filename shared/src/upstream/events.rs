//! An upstream's stream of events (Server-Sent Events, WHATWG HTML §9.2), as one subscriber hears it.
//!
//! However many listen, there is one connection for each stream that is the same for them. Events carry ids only: what
//! they are about is asked for each subscriber anew, as its own questions.

mod hub;
mod line;
mod ring;

pub(crate) use self::hub::Hub;
use self::{hub::Key, line::Listener};
use super::Upstream;
use crate::{
    fanout::{Code, Execution, Fault, Loader, Question, Scope, by_hand},
    request::whom,
    telemetry::Counted,
};
use futures::{FutureExt, Stream, future::BoxFuture, stream};
use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};

/// The pauses before a subscriber's right is asked for again that could not be found out.
const PAUSES_MS: [u64; 5] = [100, 200, 400, 800, 1_600];

/// Events of one path of one upstream. Without a further word they are the caller's own: the connection is opened as
/// it, and shared with nobody but the same caller's other subscriptions.
pub struct Events {
    upstream: Upstream,
    path: String,
    execution: Arc<Execution>,
    audience: Audience,
}

enum Audience {
    Caller,
    Everybody,
    Seeing(Right),
}

/// Whether the caller sees what the events are about, asked over this loader.
type Right = Box<dyn Fn(Arc<Loader>) -> BoxFuture<'static, Result<bool, Fault>> + Send + Sync>;

impl Events {
    pub(crate) fn open(upstream: &Upstream, path: String, execution: Arc<Execution>) -> Result<Self, Fault> {
        execution.loader.upstreams().uri(upstream, &path)?;
        Ok(Self { upstream: *upstream, path, execution, audience: Audience::Caller })
    }

    /// They are the same for everybody, and anybody may know of them: one connection, opened as this
    /// service, serves all.
    #[must_use]
    pub fn for_everybody(self) -> Self {
        Self { audience: Audience::Everybody, ..self }
    }

    /// They may be known to those whom this question is answered with a row: one connection, opened as this
    /// service, serves all. The question is asked as the caller when it subscribes and at each event; who is not
    /// answered any more is told so, hears no more, and its subscription is over.
    #[must_use]
    pub fn for_those_who_see<Q: Question>(self, question: Q) -> Self {
        const {
            assert!(
                matches!(Q::SCOPE, Scope::Caller),
                "a public question is answered the same for everybody: say for_everybody, or ask as the caller"
            );
        }
        let right: Right = Box::new(move |loader| {
            let question = question.clone();
            async move { Ok(by_hand::load(&loader, question).await?.first().is_some()) }.boxed()
        });
        Self { audience: Audience::Seeing(right), ..self }
    }

    /// The events' data, read as JSON; what cannot be read is logged and left out. The same data that comes again
    /// while a subscriber is busy with what came before is told once.
    ///
    /// The connection is up before this returns, so that a caller who may not listen is told so. It is kept up through
    /// breaks, without losing an event.
    ///
    /// # Errors
    /// The caller may not listen, or the upstream is not there.
    pub async fn json<T: DeserializeOwned + Send + 'static>(
        self,
    ) -> Result<impl Stream<Item = T> + Send + 'static, Fault> {
        // Boxed: it is over now, and would have its place for as long as somebody listens.
        let subscriber = self.subscriber().boxed().await?;
        Ok(stream::unfold(subscriber, |mut subscriber| async move {
            match subscriber.next().await {
                Ok(event) => Some((event, subscriber)),
                Err(fault) => {
                    subscriber.execution.ends_with(fault);
                    None
                }
            }
        }))
    }

    async fn subscriber(self) -> Result<Subscriber, Fault> {
        let Self { upstream, path, execution, audience } = self;
        if let Audience::Seeing(right) = &audience
            && !right(execution.loader.clone()).await?
        {
            return Err(Fault::forbidden("You may not listen to this, or it does not exist."));
        }
        let scope = match audience {
            Audience::Caller => Scope::Caller,
            Audience::Everybody | Audience::Seeing(_) => Scope::Public,
        };
        let key = Key { upstream, path: path.into(), whom: whom(execution.loader.request(), scope) };
        let counted = execution.loader.upstreams().meters(&upstream);
        let counted = counted.map(|meters| Counted::of(&meters.event_listeners));
        let mut listener = Hub::join(execution.loader.upstreams(), key);
        listener.opened().await?;
        let right = match audience {
            Audience::Seeing(right) => Some(right),
            Audience::Caller | Audience::Everybody => None,
        };
        Ok(Subscriber { listener, upstream: upstream.name(), execution, right, _counted: counted })
    }
}

/// One who listens, for one operation of one caller.
struct Subscriber {
    listener: Listener,
    upstream: &'static str,
    execution: Arc<Execution>,
    right: Option<Right>,
    _counted: Option<Counted>,
}

impl Subscriber {
    /// The next event that can be read.
    ///
    /// # Errors
    /// Why there will be none.
    async fn next<T: DeserializeOwned>(&mut self) -> Result<T, Fault> {
        loop {
            let event = self.listener.next().await?;
            match serde_json::from_str(&event.data) {
                Ok(data) => {
                    let loader = match &self.right {
                        None => self.execution.loader.for_event(event.since),
                        // Boxed: it is hardly ever under way, and would have its place for good.
                        Some(right) => self.permitted(right, event.since).boxed().await?,
                    };
                    self.execution.answers_next(loader);
                    return Ok(data);
                }
                Err(error) => tracing::error!(
                    upstream.name = self.upstream,
                    upstream.cause = %error,
                    "an event cannot be read"
                ),
            }
        }
    }

    /// What the event's questions are asked over, if the caller may know of it.
    async fn permitted(&self, right: &Right, since: u64) -> Result<Arc<Loader>, Fault> {
        let mut pauses = PAUSES_MS.into_iter();
        loop {
            let loader = self.execution.loader.for_event(since);
            match right(loader.clone()).await {
                Ok(true) => return Ok(loader),
                Ok(false) => {
                    let message = "You may not listen to this any more, or it does not exist any more.";
                    return Err(Fault::forbidden(message));
                }
                Err(fault) if matches!(fault.code, Code::Unauthenticated | Code::Forbidden) => {
                    return Err(fault);
                }
                // It is not known: the event waits, and is not lost.
                Err(fault) => match pauses.next() {
                    Some(pause) => tokio::time::sleep(Duration::from_millis(pause)).await,
                    None => return Err(fault),
                },
            }
        }
    }
}

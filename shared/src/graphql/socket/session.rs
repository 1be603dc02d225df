//! One socket from its opening to its end: a single task, which waits for whatever comes first.
//!
//! Nothing is queued here. While the client does not read what it is sent, none of its operations goes on; what happens
//! meanwhile stays in the bounded queue that all who listen to a stream share, and who does not read for long is closed.

use super::{
    Sockets,
    closing::Closing,
    message::{self, Incoming},
    operations::{Operations, Step},
};
use crate::{
    app::Draining,
    auth::AuthError,
    fanout::{Code, Fault},
    graphql::{
        answer::{self, Verdict},
        clients::Notice,
        document::Refusal,
        incremental::Form,
        operation::GraphqlRequest,
        places::Place,
    },
    request::{Client, RequestContext},
    telemetry::{self, Counted, metrics},
};
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures::{FutureExt, future::BoxFuture};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value};
use std::{
    net::IpAddr,
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

/// How long a client that is told to go may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// A socket and who is at its other end.
pub struct Session {
    pub socket: WebSocket,
    pub sockets: Sockets,
    pub context: RequestContext,
    pub address: IpAddr,
    pub draining: Option<Draining>,
    /// Held until the end.
    pub place: Option<Place>,
    /// What a deprecated version of an application is told.
    pub notice: Option<Box<Notice>>,
    pub _counted: Counted,
}

/// What is known while it runs.
struct Running {
    session: Box<Session>,
    drain: BoxFuture<'static, ()>,
    operations: Operations,
    /// `connection_init` has come.
    initialised: bool,
    opened: Instant,
    heard: Instant,
    pinged: bool,
    /// When the caller's credential ends.
    expires: Option<Instant>,
    /// Tells why, when it is taken back before.
    lost: BoxFuture<'static, AuthError>,
}

/// Whatever a socket waits for.
enum Woken {
    Message(Option<Result<Message, axum::Error>>),
    Step(Step),
    Time,
    Drain,
    Lost(AuthError),
}

/// What is to be done about it. While that goes on, nothing else of what came is held: a socket is open for long.
enum Next {
    Nothing,
    Say(Utf8Bytes),
    /// Its `connection_init` had this payload.
    Welcome(Option<Map<String, Value>>),
}

impl Session {
    /// Serves it to its end, or turns it away.
    pub async fn serve(mut self: Box<Self>, refusal: Option<Closing>) {
        match refusal {
            // Boxed, as whatever is over soon: it would have its place for as long as others are open.
            Some(closing) => self.close(&closing).boxed().await,
            None => self.run().await,
        }
    }

    async fn run(self: Box<Self>) {
        let now = Instant::now();
        let draining = self.draining.clone();
        let mut running = Running {
            drain: async move {
                match &draining {
                    Some(draining) => draining.begun().await,
                    None => std::future::pending().await,
                }
            }
            .boxed(),
            expires: self.context.caller().left().map(|left| now + left),
            lost: self.context.caller().lost(),
            session: self,
            operations: Operations::default(),
            initialised: false,
            opened: now,
            heard: now,
            pinged: false,
        };
        // What panics here is not an operation: those are caught by themselves.
        let closing = AssertUnwindSafe(running.until_closed()).catch_unwind().await;
        let closing = closing.unwrap_or_else(|_| Closing::internal());
        // First, so that nobody is asked anything any more.
        running.operations = Operations::default();
        running.session.close(&closing).await;
    }

    async fn close(&mut self, closing: &Closing) {
        tracing::debug!(socket.code = closing.code, "a socket is closed");
        metrics().socket_closed(self.sockets.service(), closing.code);
        if !closing.is_peers() {
            let patience = Duration::from_millis(self.sockets.settings().write_ms);
            let told = timeout(patience, self.socket.send(Message::Close(Some(closing.frame())))).await;
            if !matches!(told, Ok(Ok(()))) {
                return;
            }
        }
        // The other's goodbye is answered, or waited for: an end of the connection could overtake what was sent.
        let goodbye = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        let _ = timeout(GOODBYE, goodbye).await;
    }
}

impl Running {
    async fn until_closed(&mut self) -> Closing {
        let mut timer = pin!(sleep_until(self.due()));
        loop {
            let next = match self.woken(timer.as_mut()).await {
                Woken::Drain => Err(Closing::restart()),
                Woken::Lost(why) => Err(Closing::refused(&why.told())),
                Woken::Time => self.on_time(),
                Woken::Message(message) => self.on_message(message),
                Woken::Step(step) => Ok(self.on_step(step)),
            };
            let done = match next {
                Ok(Next::Nothing) => Ok(()),
                // Boxed: these are over soon, and would have their places for good.
                Ok(Next::Say(text)) => self.send(text).boxed().await,
                Ok(Next::Welcome(payload)) => self.welcome(payload).boxed().await,
                Err(closing) => Err(closing),
            };
            if let Err(closing) = done {
                return closing;
            }
            self.set(timer.as_mut());
        }
    }

    /// Whatever comes first.
    async fn woken(&mut self, timer: Pin<&mut Sleep>) -> Woken {
        tokio::select! {
            biased;
            () = self.drain.as_mut() => Woken::Drain,
            () = timer => Woken::Time,
            why = &mut self.lost => Woken::Lost(why),
            message = self.session.socket.recv() => Woken::Message(message),
            step = self.operations.next() => Woken::Step(step),
        }
    }

    /// When something is due that nobody else brings about.
    fn due(&self) -> Instant {
        let settings = self.session.sockets.settings();
        let idle = Duration::from_millis(settings.idle_ms);
        let quiet = self.heard + if self.pinged { idle } else { idle / 2 };
        let init = (!self.initialised).then(|| self.opened + Duration::from_millis(settings.init_ms));
        [init, self.expires].into_iter().flatten().fold(quiet, Instant::min)
    }

    fn set(&self, timer: Pin<&mut Sleep>) {
        let due = self.due();
        if timer.deadline() != due {
            timer.reset(due);
        }
    }

    fn on_time(&mut self) -> Result<Next, Closing> {
        let now = Instant::now();
        let settings = self.session.sockets.settings();
        if self.expires.is_some_and(|expires| expires <= now) {
            return Err(Closing::refused(&AuthError::Expired.told()));
        }
        if !self.initialised && self.opened + Duration::from_millis(settings.init_ms) <= now {
            return Err(Closing::init_timeout());
        }
        let quiet = now.duration_since(self.heard);
        let idle = Duration::from_millis(settings.idle_ms);
        if quiet >= idle {
            return Err(Closing::idle());
        }
        if quiet >= idle / 2 && !self.pinged {
            self.pinged = true;
            return Ok(Next::Say(message::PING));
        }
        Ok(Next::Nothing)
    }

    fn on_message(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<Next, Closing> {
        let message = match message {
            None => return Err(Closing::gone()),
            Some(Err(error)) => return Err(self.broken(&error)),
            Some(Ok(message)) => message,
        };
        self.heard = Instant::now();
        self.pinged = false;
        match message {
            Message::Text(text) => self.on_text(&text),
            Message::Binary(_) => {
                Err(Closing::invalid("A message is a text: binary ones are not of the protocol"))
            }
            // WebSocket's own pings are answered below; this one shows that the client is there.
            Message::Ping(_) | Message::Pong(_) => Ok(Next::Nothing),
            Message::Close(_) => Err(Closing::gone()),
        }
    }

    fn broken(&self, error: &axum::Error) -> Closing {
        tracing::debug!(error = %error, "a socket is broken");
        match std::error::Error::source(error).and_then(|source| source.downcast_ref()) {
            Some(tungstenite::Error::Capacity(_)) => {
                Closing::too_long(self.session.sockets.settings().message_bytes)
            }
            Some(tungstenite::Error::Utf8(_)) => Closing::invalid("A message is a text in UTF-8"),
            Some(tungstenite::Error::Protocol(_)) => Closing::malformed(),
            _ => Closing::gone(),
        }
    }

    fn on_text(&mut self, text: &str) -> Result<Next, Closing> {
        match Incoming::read(text)? {
            Incoming::Init(_) if self.initialised => Err(Closing::too_many_inits()),
            Incoming::Init(payload) => {
                self.initialised = true;
                Ok(Next::Welcome(payload))
            }
            Incoming::Ping(payload) => Ok(Next::Say(message::pong(payload))),
            Incoming::Pong => Ok(Next::Nothing),
            Incoming::Subscribe(..) if !self.initialised => Err(Closing::unauthorized()),
            Incoming::Subscribe(id, _) if self.operations.has(&id) => Err(Closing::taken(&id)),
            Incoming::Subscribe(id, request) => Ok(match self.begin(&id, &request) {
                Ok(()) => Next::Nothing,
                Err(fault) => {
                    let refused = answer::refused(&[Refusal { fault, at: None }]);
                    Next::Say(message::error(&id, refused.errors()))
                }
            }),
            Incoming::Complete(id) => {
                self.operations.end(&id);
                Ok(Next::Nothing)
            }
        }
    }

    async fn welcome(&mut self, payload: Option<Map<String, Value>>) -> Result<(), Closing> {
        self.authenticate(payload.as_ref()).await?;
        let acknowledged = self.served(payload.as_ref())?;
        self.send(acknowledged).await
    }

    /// A browser cannot set headers on a socket: its token comes in `connection_init`, as `authorization`.
    async fn authenticate(&mut self, payload: Option<&Map<String, Value>>) -> Result<(), Closing> {
        let given = payload.and_then(|payload| {
            let mut members = payload.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
            members.next().map(|(_, value)| value)
        });
        let Some(given) = given.filter(|given| !given.is_null()) else { return Ok(()) };
        let wrong = || {
            let wrong = AuthError::Refused("`authorization` of connection_init is no header's value");
            Closing::refused(&wrong.told())
        };
        let value = given.as_str().and_then(|given| HeaderValue::from_str(given).ok()).ok_or_else(wrong)?;
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
        let caller = self.session.sockets.authenticator().authenticate(&headers).await;
        let caller = caller.map_err(|error| Closing::refused(&error.told()))?;
        // Whoever it is now holds the place.
        self.session.place = None;
        let place = self.session.sockets.places().take(&caller, self.session.address);
        self.session.place = Some(place.map_err(|fault| Closing::too_many_sockets(&fault.message))?);
        self.expires = caller.left().map(|left| Instant::now() + left);
        self.lost = caller.lost();
        self.session.context = self.session.context.clone().of_caller(caller);
        Ok(())
    }

    /// Which application it is, as headers would say: a browser's can only tell here. The acknowledgement says what a
    /// deprecated version is told, and each answer again.
    fn served(&mut self, payload: Option<&Map<String, Value>>) -> Result<Utf8Bytes, Closing> {
        if let Some(client) = payload.and_then(Client::introduced) {
            self.session.context = self.session.context.clone().through(client);
        }
        let notice = self.session.sockets.clients().served(self.session.context.client());
        self.session.notice = notice.map_err(|fault| Closing::ended(&fault))?.map(Box::new);
        Ok(match &self.session.notice {
            None => message::ACK,
            Some(notice) => message::ack(&notice.text()),
        })
    }

    fn begin(&mut self, id: &str, request: &GraphqlRequest<'_>) -> Result<(), Fault> {
        let most = self.session.sockets.settings().operations_per_socket;
        if self.operations.len() >= most {
            let message = format!(
                "{most} operations are under way on this socket, as many as may be: complete one first."
            );
            return Err(Fault::new(Code::RateLimited, message));
        }
        let context = self.session.context.renewed();
        let run = || Some(self.session.sockets.engine().stream(request, context, Some(Form::Current)));
        if let Some(answers) = telemetry::operation(run) {
            let answers = match &self.session.notice {
                Some(notice) => notice.in_stream(answers),
                None => answers,
            };
            self.operations.begin(id, answers);
        }
        Ok(())
    }

    fn on_step(&mut self, step: Step) -> Next {
        let Step { id, answer } = step;
        Next::Say(match answer {
            Some(answer) if answer.verdict == Verdict::Refused => {
                // No `complete` follows.
                self.operations.end(&id);
                message::error(&id, answer.errors())
            }
            Some(answer) => message::next(&id, &answer.body),
            None => {
                self.operations.end(&id);
                message::complete(&id)
            }
        })
    }

    /// Sends a message, for as long as the client may take to read it.
    async fn send(&mut self, text: Utf8Bytes) -> Result<(), Closing> {
        let patience = Duration::from_millis(self.session.sockets.settings().write_ms);
        tokio::select! {
            biased;
            sent = self.session.socket.send(Message::Text(text)) => {
                sent.map_err(|error| self.broken(&error))
            }
            () = tokio::time::sleep(patience) => {
                tracing::info!("a socket's client reads too slowly");
                Err(Closing::later("You read too slowly: connect again, and read anew what is shown"))
            }
            () = self.drain.as_mut() => Err(Closing::restart()),
        }
    }
}

//! State that replicas share, in Redis: one connection for the process, opened when it is first needed and again when it
//! broke. No command waits longer than `[redis] timeout_ms`, and while Redis is gone none waits at all: whoever asks is
//! told so at once, and decides what is done without.

mod way;

use std::{
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures::{
    FutureExt, TryFutureExt,
    future::{BoxFuture, Shared},
};
use parking_lot::Mutex;
use redis::AsyncConnectionConfig;
pub use redis::{
    AsyncCommands, Cmd, FromRedisValue, RedisResult, Script, aio::MultiplexedConnection as Connection, cmd,
    pipe,
};

use self::way::Way;
use crate::config::{RedisSettings, TlsSettings};

/// Commands in a row without an answer in time: from then on the connection is taken for dead. One may be bad luck.
const SILENT: u32 = 3;

/// A Redis server. Cheap to clone; all clones use one connection.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    way: Way,
    prefix: String,
    timeout: Duration,
    connect_timeout: Duration,
    retry: Duration,
    state: Mutex<State>,
    silent: AtomicU32,
}

#[derive(Clone)]
enum State {
    /// Not connected. Nobody tries before the time, if there is one; told is why the last attempt failed.
    Apart(Option<(Instant, Unavailable)>),
    /// Somebody connects; whoever wants to can wait for it.
    Connecting(Connecting),
    /// The number tells connections apart: what is learnt of one is not said of the next.
    Connected(Connection, u64),
}

type Connecting = Shared<BoxFuture<'static, Result<(Connection, u64), Unavailable>>>;

/// Redis did not do it; the text says why, for the log. Nothing of the kind is told to clients.
#[derive(Clone, Debug)]
pub struct Unavailable(Arc<str>);

impl Unavailable {
    fn new(why: impl fmt::Display) -> Self {
        Self(why.to_string().into())
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unavailable {}

impl Redis {
    /// The server that the settings name; None, if they name none. Nothing is connected yet. `service` is whose keys they
    /// are: replicas of one service share them, services do not.
    ///
    /// # Errors
    /// The URL is none that Redis is reached by, or it wants TLS, and that cannot be set up.
    pub fn new(settings: &RedisSettings, tls: &TlsSettings, service: &str) -> Result<Option<Self>, String> {
        if settings.url.expose().is_empty() {
            return Ok(None);
        }
        Ok(Some(Self(Arc::new(Inner {
            way: Way::new(settings, tls)?,
            prefix: format!("{}{service}:", settings.prefix),
            timeout: Duration::from_millis(settings.timeout_ms),
            connect_timeout: Duration::from_millis(settings.connect_timeout_ms),
            retry: Duration::from_millis(settings.retry_ms),
            state: Mutex::new(State::Apart(None)),
            silent: AtomicU32::new(0),
        }))))
    }

    /// The name under which this service's replicas keep something: `<prefix><service>:<name>`.
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.0.prefix)
    }

    /// One command.
    ///
    /// # Errors
    /// There is no Redis, it did not answer in time, or it refused.
    pub async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Unavailable> {
        self.run(|mut connection| async move { command.query_async(&mut connection).await }).await
    }

    /// Whatever is to be done over the connection, all of it within the time of one command: a script, a pipeline.
    ///
    /// Not repeated where the connection breaks meanwhile: it may have been done.
    ///
    /// # Errors
    /// As of [`query`](Self::query).
    pub async fn run<T, F>(&self, ask: impl FnOnce(Connection) -> F) -> Result<T, Unavailable>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let Inner { timeout, ref silent, .. } = *self.0;
        let waits_until = tokio::time::Instant::now() + timeout;
        let late = || Unavailable::new(format_args!("no answer within {} ms", timeout.as_millis()));
        let (connection, number) =
            tokio::time::timeout_at(waits_until, self.connection()).await.map_err(|_| late())??;
        match tokio::time::timeout_at(waits_until, ask(connection)).await {
            Ok(Ok(answer)) => {
                silent.store(0, Relaxed);
                Ok(answer)
            }
            Ok(Err(error)) => {
                let why = Unavailable::new(&error);
                if error.is_unrecoverable_error() || error.is_io_error() {
                    self.lost(number, why.clone(), Duration::ZERO);
                }
                Err(why)
            }
            Err(_) => {
                if silent.fetch_add(1, Relaxed) + 1 >= SILENT {
                    self.lost(number, late(), self.0.retry);
                }
                Err(late())
            }
        }
    }

    /// The connection, or a new one, unless the last attempt failed just now.
    async fn connection(&self) -> Result<(Connection, u64), Unavailable> {
        let connecting = {
            let mut state = self.0.state.lock();
            match &*state {
                State::Connected(connection, number) => return Ok((connection.clone(), *number)),
                State::Connecting(connecting) => connecting.clone(),
                State::Apart(Some((until, why))) if Instant::now() < *until => return Err(why.clone()),
                State::Apart(_) => {
                    let connecting = self.connect();
                    *state = State::Connecting(connecting.clone());
                    connecting
                }
            }
        };
        connecting.await
    }

    /// Connects in a task of its own: it may take longer than the command that made it necessary is waited for.
    fn connect(&self) -> Connecting {
        let redis = self.clone();
        #[expect(clippy::disallowed_methods, reason = "the connection belongs to no request")]
        let task = tokio::spawn(async move {
            let Inner { way, connect_timeout, retry, state, silent, .. } = &*redis.0;
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(*connect_timeout))
                // Ours counts the wait for the connection, too.
                .set_response_timeout(None);
            // Theirs covers the socket, not the greetings after it.
            let connected = match tokio::time::timeout(*connect_timeout, way.connect(&config)).await {
                Ok(connected) => connected,
                Err(_) => Err(Unavailable::new("no connection in time")),
            };
            silent.store(0, Relaxed);
            match connected {
                Ok(connection) => {
                    let number = rand::random();
                    *state.lock() = State::Connected(connection.clone(), number);
                    tracing::info!("connected to Redis");
                    Ok((connection, number))
                }
                Err(why) => {
                    *state.lock() = State::Apart(Some((Instant::now() + *retry, why.clone())));
                    tracing::warn!(error = %why, "there is no connection to Redis");
                    Err(why)
                }
            }
        });
        task.unwrap_or_else(|error| Err(Unavailable::new(error))).boxed().shared()
    }

    /// That connection is of no more use; the next command makes a new one, but not before so long.
    fn lost(&self, number: u64, why: Unavailable, rest: Duration) {
        let mut state = self.0.state.lock();
        if matches!(*state, State::Connected(_, current) if current == number) {
            tracing::warn!(error = %why, "the connection to Redis is lost");
            *state = State::Apart(Some((Instant::now() + rest, why)));
        }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.0.prefix).finish_non_exhaustive()
    }
}

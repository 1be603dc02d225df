//! The test kit: fake upstreams that record every call, a real BFF on a free port, a token provider, real processes.
//!
//! A test runs the BFF as it is, over HTTP, and asserts **what was asked of upstreams** as well as what was answered:
//!
//! ```no_run
//! # async fn doc(bff: bff::Bff) {
//! use kit::{Fake, json};
//!
//! let catalog = Fake::start().await;
//! catalog.get("/artists", |call| json!({"items": [{"id": call.list("ids")[0], "name": "Nils"}]}));
//! catalog.table("/albums", &[("artist_ids", "artist_id")], json!([{"id": "al-1", "artist_id": "ar-1"}]));
//!
//! let mobile = kit::start(bff, [("catalog", &catalog)]).await;
//! let answer = mobile.query("{ artistScreen(id: \"ar-1\") { name albums { id } } }").await.calls(2).waves(2);
//!
//! assert_eq!(answer.data("artistScreen.albums.0.id"), "al-1");
//! assert_eq!(catalog.urls(), ["/artists?ids=ar-1&fields=id,name", "/albums?artist_ids=ar-1&fields=id,artist_id"]);
//! # }
//! ```
//!
//! * [`Fake`]: `calls()`, `urls()`, `count("/artists")`, `clear()`; handlers may answer any status, hang, reset, answer
//!   garbage ([`Reply`]), or wait behind a [`Gate`], so that a test decides what is under way at once: no sleeps.
//!   `fake.events("/events")` is a stream of server-sent events, `fake.resumable_events(…)` one that knows `Last-Event-ID`.
//! * [`start`] or, with more to say, [`Server`]: deadlines and all other settings are the BFF's own.
//!   Upstreams that are not given are not there.
//!   `Fake::secure(&authority, name)` is one behind TLS.
//! * [`Issuer`]: an OpenID provider; `issuer.token("us-1")` is accepted by a server told of it.
//! * [`Front`]: a service as those behind it see it; `front.token("library", "us-1", …)` is accepted by a REST service
//!   that is told to trust it. As whom a fake was asked is `call.caller()` or `call.service()`.
//! * [`Running`]: `query(…)` with `.variables(…)`, `.bearer(…)`, `.header(…)`, `.by_get()`, `.in_parts(…)`;
//!   `get(path)`; `admin(path)`; `subscribe(…)` and [`Socket`] over WebSocket, `events(…)` over server-sent events.
//! * [`Answer`]: `data(path)`, `ok()`, `paths()`, `codes()`, `degraded()`; `calls(5).waves(2)` asserts what it cost, and names
//!   the edges if it is something else.
//! * [`Process`]: a built binary of this workspace, with its log lines, SIGTERM and `kill -9`.
//! * [`RedisServer`]: Debian's `redis-server` on a free port, to be stopped, stalled and started again.
//! * [`Person`] and [`Subscriber`]: callers of a REST service, for the services' own tests.
//!
//! A wait that nothing ends panics after [`PATIENCE`] and says what it waited for.

mod answer;
mod authority;
mod call;
mod event_stream;
mod fake;
mod front;
mod gate;
mod issuer;
mod parts;
mod person;
mod process;
mod redis;
mod reply;
mod server;
mod socket;
mod subscriber;
mod table;

use std::{fmt::Display, future::Future, time::Duration};

pub use answer::Answer;
pub use authority::Authority;
pub use call::Call;
pub use event_stream::EventStream;
pub use fake::Fake;
pub use front::{Front, internal_key};
pub use gate::Gate;
pub use issuer::Issuer;
pub use parts::{Parts, put_together};
pub use person::{Person, RestReply, reply, text};
pub use process::{Process, Spawn, binary, workspace};
pub use redis::RedisServer;
pub use reply::{EventSource, Reply};
pub use serde_json::{Value, json};
pub use server::{Query, Running, Server, exchange, start};
pub use socket::{Socket, Subscription};
pub use subscriber::{Event, Subscriber};

/// The longest that anything here waits before it calls the test broken.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Something with a base URL: a fake, a provider, a process.
pub trait Place {
    /// Without a final slash.
    fn url(&self) -> String;
}

impl Place for str {
    fn url(&self) -> String {
        self.to_owned()
    }
}
impl Place for String {
    fn url(&self) -> String {
        self.clone()
    }
}

/// A test that waits for what never comes should say so, not hang.
async fn patiently<T>(what: impl Display, wait: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, wait).await {
        Ok(come) => come,
        Err(_) => panic!("waited {} s for {what}", PATIENCE.as_secs()),
    }
}

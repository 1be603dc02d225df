//! The load: clients who ask, ask wrongly, and leave before the answer.

use super::judge::{Judged, judged};
use crate::{
    Fault,
    load::{self, Connection},
    queries,
};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::StatusCode;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// An answer is due within the deadline and this much.
const GRACE: Duration = Duration::from_millis(500);

/// After so long nobody believes in an answer any more.
const GIVE_UP: Duration = Duration::from_secs(10);

/// What the clients saw so far.
#[derive(Default)]
pub struct Seen {
    pub asked: AtomicU64,
    /// Exactly what a calm upstream gives.
    pub whole: AtomicU64,
    /// Errors with codes in place of what is missing.
    pub degraded: AtomicU64,
    /// Wrong requests, refused.
    pub refused: AtomicU64,
    /// The client left before the answer.
    pub left: AtomicU64,
    /// Later than the deadline and half a second.
    pub late: AtomicU64,
    /// None of these: no answer, wrong data, a leak.
    pub broken: AtomicU64,
    first_broken: Mutex<Option<String>>,
}

impl Seen {
    fn broke(&self, what: String) {
        self.broken.fetch_add(1, Relaxed);
        self.first_broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(what);
    }

    /// The first thing that was broken, in words.
    pub fn first_broken(&self) -> Option<String> {
        self.first_broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A good operation and its true answer.
struct Known {
    document: &'static str,
    answer: Bytes,
}

pub struct Clients {
    to: SocketAddr,
    seed: u64,
    seen: Arc<Seen>,
    known: Vec<Known>,
}

/// Asked under a name that nobody has used yet, so that documents are always new to the server.
const NOVEL: &str = "{ posts(limit: 10) { id title user { name } } }";

impl Clients {
    /// Learns the true answers while the upstream is calm.
    pub async fn new(to: SocketAddr, seed: u64, seen: Arc<Seen>) -> Result<Self, Fault> {
        let mut known = Vec::new();
        for document in queries::ALL.map(|query| query.document).into_iter().chain([NOVEL]) {
            let answer = load::once(to, "POST", "/graphql", body_of(document)).await?;
            if serde_json::from_slice::<serde_json::Value>(&answer)?.get("errors").is_some() {
                return Err(format!("{document} has errors before the storm").into());
            }
            known.push(Known { document, answer });
        }
        Ok(Self { to, seed, seen, known })
    }

    /// Asks for `time`; until `warm` most documents are new, so that caches of them are full by then.
    pub async fn run(self, clients: usize, warm: Duration, time: Duration) -> Result<(), Fault> {
        let all = Arc::new(self);
        let begun = Instant::now();
        let mut asking = JoinSet::new();
        for n in 0..clients {
            let mut dice = ChaCha8Rng::seed_from_u64(all.seed);
            dice.set_stream(n as u64);
            asking.spawn(Arc::clone(&all).client(dice, begun + warm, begun + time));
        }
        while let Some(ended) = asking.join_next().await {
            ended?;
        }
        Ok(())
    }

    async fn client(self: Arc<Self>, mut dice: ChaCha8Rng, warm: Instant, until: Instant) {
        let mut connection = None;
        loop {
            let now = Instant::now();
            if now >= until {
                return;
            }
            let ask = self.choose(&mut dice, now < warm);
            self.seen.asked.fetch_add(1, Relaxed);
            let leaves_after = dice.random_bool(0.1).then(|| Duration::from_millis(dice.random_range(0..60)));
            let asked = self.ask(connection.take(), &ask);
            match leaves_after {
                Some(after) => match tokio::time::timeout(after, asked).await {
                    Ok(answered) => connection = self.judge(&ask, now.elapsed(), answered),
                    // Dropping the call closes its connection: the client has left.
                    Err(_) => drop(self.seen.left.fetch_add(1, Relaxed)),
                },
                None => match tokio::time::timeout(GIVE_UP, asked).await {
                    Ok(answered) => connection = self.judge(&ask, now.elapsed(), answered),
                    Err(_) => self.seen.broke(format!("no answer after {} s", GIVE_UP.as_secs())),
                },
            }
            // Now and then a client comes back later, on a new connection.
            if dice.random_bool(0.02) {
                connection = None;
            }
            tokio::time::sleep(Duration::from_millis(dice.random_range(0..20))).await;
        }
    }

    fn choose(&self, dice: &mut ChaCha8Rng, warming: bool) -> Ask<'_> {
        let name: u64 = dice.random();
        let novel = if warming { 60 } else { 15 };
        let kind = dice.random_range(0..100);
        if kind < 3 {
            Ask { body: body_of(&format!("{{ posts {{ id nothing{name} }} }}")), answer: None }
        } else if kind < 5 {
            Ask { body: Bytes::from_static(b"{\"query\": \"{ posts"), answer: None }
        } else if kind < 6 {
            Ask { body: body_of(&"{ posts ".repeat(200)), answer: None }
        } else {
            let place =
                if kind < 6 + novel { self.known.len() - 1 } else { dice.random_range(0..self.known.len()) };
            let Known { document, answer } = &self.known[place];
            let body = if kind < 6 + novel {
                body_of(&format!("query N{name} {document}"))
            } else {
                body_of(document)
            };
            Ask { body, answer: Some(answer) }
        }
    }

    async fn ask(
        &self,
        connection: Option<Connection>,
        ask: &Ask<'_>,
    ) -> Result<(StatusCode, Bytes, Connection), Fault> {
        let mut connection = match connection {
            Some(connection) if !connection.is_closed() => connection,
            _ => load::connect(self.to).await?,
        };
        let request = load::request(self.to, "POST", "/graphql", ask.body.clone())?;
        let response = connection.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, body, connection))
    }

    /// Counts an answer; gives back the connection it came on.
    fn judge(
        &self,
        ask: &Ask<'_>,
        took: Duration,
        answered: Result<(StatusCode, Bytes, Connection), Fault>,
    ) -> Option<Connection> {
        let (status, body, connection) = match answered {
            Ok(answered) => answered,
            Err(problem) => {
                self.seen.broke(format!("no answer: {problem}"));
                return None;
            }
        };
        if took > Duration::from_millis(super::DEADLINE_MS) + GRACE {
            self.seen.late.fetch_add(1, Relaxed);
        }
        match judged(ask.answer, status, &body) {
            Ok(Judged::Whole) => drop(self.seen.whole.fetch_add(1, Relaxed)),
            Ok(Judged::Degraded) => drop(self.seen.degraded.fetch_add(1, Relaxed)),
            Ok(Judged::Refused) => drop(self.seen.refused.fetch_add(1, Relaxed)),
            Err(problem) => {
                let request = String::from_utf8_lossy(&ask.body);
                let start: String = String::from_utf8_lossy(&body).chars().take(400).collect();
                self.seen.broke(format!("{problem}: {status} {start} to {request}"));
            }
        }
        Some(connection)
    }
}

struct Ask<'a> {
    body: Bytes,
    /// None if it must be refused.
    answer: Option<&'a Bytes>,
}

fn body_of(document: &str) -> Bytes {
    json!({ "query": document }).to_string().into()
}

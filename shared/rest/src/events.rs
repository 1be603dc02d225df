//! What happened, in order, as server-sent events that a subscriber can resume (`Last-Event-ID`).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bff::app::Draining;
use futures::stream;
use http::request::Parts;
use http::{HeaderValue, header};
use serde::Serialize;
use sqlx::SqliteConnection;
use tokio::sync::broadcast;

use crate::Problem;
use crate::db::Db;

/// How many events are kept for those who reconnect.
const KEPT: i64 = 10_000;
/// How many are read at a time for someone who has fallen behind.
const PAGE: i64 = 256;
/// How often a connection shows that it lives, and looks for itself in case a hint was lost.
const TICK: Duration = Duration::from_secs(15);

/// "There is something new on this topic": the table itself says what, and in which order.
#[derive(Clone, Debug)]
pub(crate) struct Hint {
    topic: String,
}

pub(crate) async fn append(
    tx: &mut SqliteConnection,
    topic: &str,
    kind: &str,
    data: &impl Serialize,
) -> Result<Hint, Problem> {
    let id = sqlx::query("INSERT INTO _events (topic, kind, data) VALUES (?, ?, ?)")
        .bind(topic)
        .bind(kind)
        .bind(serde_json::to_string(data)?)
        .execute(&mut *tx)
        .await?
        .last_insert_rowid();
    sqlx::query("DELETE FROM _events WHERE id <= ?").bind(id - KEPT).execute(&mut *tx).await?;
    Ok(Hint { topic: topic.to_owned() })
}

/// The `Last-Event-ID` header, as a browser's `EventSource` sends it on reconnecting; knows when the server drains.
#[derive(Clone, Debug, Default)]
pub struct LastEventId {
    id: Option<String>,
    draining: Option<Draining>,
}

impl<S: Send + Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let value = parts.headers.get("last-event-id").map(|value| {
            // What is not text was not ours; it is then an unknown id like any other.
            value.to_str().unwrap_or("?").to_owned()
        });
        Ok(Self { id: value.filter(|id| !id.is_empty()), draining: parts.extensions.get().cloned() })
    }
}

/// Streams the events of `topics` from now on, or from where the subscriber left off. An event carries `id`, `event`
/// (its kind) and `data` (JSON). Somebody who comes back too late, or with an id that is not ours, first gets an event
/// `reset`: "you have missed something, read anew".
pub async fn stream_events(db: &Db, topics: Vec<String>, last: LastEventId) -> Result<Response, Problem> {
    // Subscribing before looking: what happens in between is in the table, what happens after is hinted.
    let hints = db.hints().subscribe();
    let newest = newest(db).await?;
    let mut queue = VecDeque::new();
    let position = match last.id {
        None => newest,
        Some(id) => match id.parse::<i64>() {
            Ok(id) if (oldest_resumable(newest)..=newest).contains(&id) => id,
            _ => {
                queue.push_back(reset(newest));
                newest
            }
        },
    };
    let topics_json = serde_json::to_string(&topics)?;
    let feed = Feed {
        db: db.clone(),
        topics,
        topics_json,
        position,
        behind: true,
        queue,
        hints,
        draining: last.draining,
        greeted: false,
    };
    let events = stream::unfold(feed, |mut feed| async move {
        let event = feed.next().await?;
        Some((Ok::<_, Infallible>(event), feed))
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(TICK)).into_response();
    // Stricter than the usual `no-cache`: what somebody watches may be their own.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

async fn newest(db: &Db) -> Result<i64, sqlx::Error> {
    let newest = sqlx::query_scalar::<_, i64>("SELECT seq FROM sqlite_sequence WHERE name = '_events'")
        .fetch_optional(db.reads())
        .await?;
    Ok(newest.unwrap_or(0))
}

fn oldest_resumable(newest: i64) -> i64 {
    (newest - KEPT).max(0)
}

fn reset(newest: i64) -> Event {
    Event::default().event("reset").id(newest.to_string()).data("{}")
}

struct Feed {
    db: Db,
    topics: Vec<String>,
    topics_json: String,
    /// Everything up to this id has been queued or does not concern this subscriber.
    position: i64,
    behind: bool,
    queue: VecDeque<Event>,
    hints: broadcast::Receiver<Hint>,
    draining: Option<Draining>,
    greeted: bool,
}

impl Feed {
    async fn next(&mut self) -> Option<Event> {
        if !self.greeted {
            self.greeted = true;
            // Proof that the stream is open, for subscribers and for proxies that wait for a first byte.
            return Some(Event::default().comment("open").retry(Duration::from_secs(2)));
        }
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            if self.behind {
                // A failing read ends the stream; the subscriber resumes where it was.
                self.read().await.ok()?;
                continue;
            }
            tokio::select! {
                hint = self.hints.recv() => match hint {
                    Ok(hint) => self.behind = self.topics.contains(&hint.topic),
                    Err(broadcast::error::RecvError::Lagged(_)) => self.behind = true,
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
                () = drain_begun(self.draining.as_ref()) => return None,
                () = tokio::time::sleep(TICK) => self.behind = true,
            }
        }
    }

    async fn read(&mut self) -> Result<(), sqlx::Error> {
        let newest = newest(&self.db).await?;
        if self.position < oldest_resumable(newest) {
            self.queue.push_back(reset(newest));
            self.position = newest;
        }
        let rows = sqlx::query_as::<_, (i64, String, String)>(
            "SELECT id, kind, data FROM _events
             WHERE id > ? AND topic IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?",
        )
        .bind(self.position)
        .bind(&self.topics_json)
        .bind(PAGE)
        .fetch_all(self.db.reads())
        .await?;
        self.behind = i64::try_from(rows.len()).is_ok_and(|n| n == PAGE);
        match rows.last() {
            // What was new while reading is in the next round.
            Some((id, ..)) => self.position = *id,
            None => self.position = self.position.max(newest),
        }
        self.queue.extend(
            rows.into_iter()
                .map(|(id, kind, data)| Event::default().event(kind).id(id.to_string()).data(data)),
        );
        Ok(())
    }
}

/// A subscriber never hangs up by itself: the server that wants to stop has to.
async fn drain_begun(draining: Option<&Draining>) {
    match draining {
        Some(draining) => draining.begun().await,
        None => std::future::pending().await,
    }
}

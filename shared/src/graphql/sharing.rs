//! One execution for identical public operations: those in flight share it, and its bytes may be kept for as long as
//! the rows behind them are fresh.
//!
//! An operation is shared once it is known to be public (`Operation::is_public`); its first run teaches that, and is
//! its caller's own. A shared run is nobody's: should a resolver or a leaf look at the caller after all, nobody gets its
//! answer, everybody runs their own, and the operation is private from then on. Operations of sockets run by themselves.

use super::{
    answer::{Answer, Verdict},
    engine::{Asked, Engine, Ready},
    operation::GraphqlRequest,
    variables::Coerced,
};
use crate::{
    config::SharingSettings,
    fanout::{Code, Fault, Keep, Strictest},
    request::{Locale, RequestContext},
    telemetry::{RequestRecord, Shared},
};
use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use moka::{Expiry, sync::Cache};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;

/// What a kept answer takes beside its texts, about.
const KEPT_BYTES: usize = 256;

/// Everything a public answer depends on.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    operation: u64,
    /// Coerced; or as they came, which is marked and only leads to the answer sooner.
    variables: Arc<str>,
    locale: Locale,
}

/// What requests of one BFF share.
pub(super) struct Sharing {
    flights: Mutex<FxHashMap<Key, Place>>,
    number: AtomicU64,
    kept: Option<Cache<Key, Arc<Kept>>>,
}

/// Where a flight is found as long as somebody waits for it.
struct Place {
    number: u64,
    flight: Weak<Flight>,
}

impl Sharing {
    /// None: nothing is shared.
    pub fn new(settings: &SharingSettings) -> Option<Arc<Self>> {
        settings.operations.then(|| {
            let kept = (settings.answers_bytes > 0).then(|| {
                Cache::builder()
                    .max_capacity(settings.answers_bytes)
                    .weigher(|key: &Key, kept: &Arc<Kept>| {
                        let bytes = KEPT_BYTES + key.variables.len() + kept.answer.body.len();
                        u32::try_from(bytes).unwrap_or(u32::MAX)
                    })
                    .expire_after(UntilStale)
                    .build()
            });
            Arc::new(Self { flights: Mutex::default(), number: AtomicU64::new(0), kept })
        })
    }

    /// The answer to a query: a kept one, one under way, or its own.
    pub async fn answer(
        self: &Arc<Self>,
        engine: &Engine,
        asked: Asked,
        request: &GraphqlRequest<'_>,
        context: RequestContext,
        wants_keep: bool,
    ) -> Result<Answer, Fault> {
        let operation = asked.operation().operation.clone();
        let key = |variables| Key { operation: operation.id, variables, locale: context.locale.clone() };
        // A kept answer to the very same text spares the coercion.
        let spelled = (self.kept.is_some() && asked.operation().has_variables).then(|| key(spelled(request)));
        if let Some(kept) = spelled.as_ref().and_then(|spelled| self.kept(spelled, engine.writes())) {
            note(Shared::Kept);
            return Ok(kept.answer.clone());
        }
        let Coerced { variables, text } = engine.coerce(&asked, request)?;
        let key = key(text);
        if let Some(kept) = self.kept(&key, engine.writes()) {
            note(Shared::Kept);
            let answer = kept.answer.clone();
            if let Some(spelled) = spelled {
                self.keep(spelled, kept);
            }
            return Ok(answer);
        }
        while operation.is_public(&variables) {
            let (flight, leads) = self.board(&key, engine.writes(), context.deadline, |seat| {
                // Public rows have it read already; and who joins may want to know.
                let stats = engine.stats().with_freshness();
                let ready = engine.ready(asked.clone(), variables.clone(), context.without_caller(), stats);
                fly(engine.clone(), ready, seat)
            });
            // Counted as soon as it waits: how many do, shows while an upstream hangs.
            if !leads {
                note(Shared::Joined);
            }
            match flight.landed(context.deadline).await {
                // Its own then finds that no time is left, and says so as any other does.
                None => {
                    unshared();
                    break;
                }
                // Not for anybody.
                Some(None) => {}
                // It had less time than this request has: that is not this one's failure.
                Some(Some(answer)) if flight.deadline < context.deadline && ran_late(answer) => {}
                Some(Some(answer)) => return Ok(answer.of_this_request()),
            }
            unshared();
        }
        let own = engine.ready(asked, variables, context.watched(), engine.stats_for(wants_keep));
        Ok(engine.run_own(&own, wants_keep).await)
    }

    fn kept(&self, key: &Key, writes: u64) -> Option<Arc<Kept>> {
        let kept = self.kept.as_ref()?.get(key)?;
        (kept.writes == writes && Instant::now() < kept.until).then_some(kept)
    }

    fn keep(&self, key: Key, answer: Arc<Kept>) {
        if let Some(kept) = &self.kept {
            kept.insert(key, answer);
            // At once: by itself the cache looks after its budget a few hundred insertions later.
            kept.run_pending_tasks();
        }
    }

    /// The flight of this key that left after the last write, if there is one, or a new one; and whether it is new.
    fn board(
        self: &Arc<Self>,
        key: &Key,
        writes: u64,
        deadline: Instant,
        depart: impl FnOnce(Seat) -> BoxFuture<'static, Landed>,
    ) -> (Arc<Flight>, bool) {
        // Dropped after the lock is released: the last to leave a flight takes its place away.
        let found;
        let mut flights = self.flights.lock();
        found = flights.get(key).and_then(|place| place.flight.upgrade());
        if let Some(flight) = &found
            && flight.writes == writes
        {
            return (flight.clone(), false);
        }
        let number = self.number.fetch_add(1, Relaxed);
        let seat = Seat { sharing: self.clone(), key: key.clone(), number, writes };
        let run = tokio::sync::Mutex::new(depart(seat));
        let flight = Arc::new(Flight { writes, deadline, run, landed: OnceCell::new() });
        flights.insert(key.clone(), Place { number, flight: Arc::downgrade(&flight) });
        (flight, true)
    }
}

/// An execution under way, for everybody who waits for it. It ends with the last of them.
struct Flight {
    /// Writes that were over when it left: who comes after another sees what was written.
    writes: u64,
    deadline: Instant,
    /// Driven by one of those who wait; where that one leaves, by the next.
    run: tokio::sync::Mutex<BoxFuture<'static, Landed>>,
    landed: OnceCell<Landed>,
}

/// What came of a flight. None: somebody looked at the caller, so the answer is nobody's.
type Landed = Option<Answer>;

impl Flight {
    /// Waits for the end, no longer than until `deadline`.
    async fn landed(&self, deadline: Instant) -> Option<&Landed> {
        let landing = self.landed.get_or_init(|| async { self.run.lock().await.as_mut().await });
        if self.deadline <= deadline {
            // It ends by itself in time, and what it has by then is better than nothing.
            return Some(landing.await);
        }
        tokio::time::timeout_at(deadline.into(), landing).await.ok()
    }
}

/// Holds a flight's place, until it has landed or nobody waits any more.
struct Seat {
    sharing: Arc<Sharing>,
    key: Key,
    number: u64,
    writes: u64,
}

impl Seat {
    fn keep(&self, answer: &Answer, until: Instant) {
        // No more than it is: the buffer it was written to is as long as the longest of its kind.
        let answer = Answer { body: Bytes::copy_from_slice(&answer.body), ..answer.clone() };
        let kept = Kept { answer, until, writes: self.writes };
        self.sharing.keep(self.key.clone(), Arc::new(kept));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut flights = self.sharing.flights.lock();
        // Another may have taken the place of one that a write made old.
        if flights.get(&self.key).is_some_and(|place| place.number == self.number) {
            flights.remove(&self.key);
        }
    }
}

/// Runs an operation for everybody. Its upstream calls are in the trace and the record of the request that began it.
fn fly(engine: Engine, ready: Ready, seat: Seat) -> BoxFuture<'static, Landed> {
    let flight = async move {
        let mut answer = engine.run(&ready).await;
        if ready.was_looked_at() {
            ready.operation().operation.found_private();
            return None;
        }
        answer.keep = ready.stats().strictest().map(Strictest::keep);
        let whole = answer.verdict == Verdict::Executed { errors: false } && answer.degraded.is_empty();
        if let (Some(Keep::Until(until)), true) = (answer.keep, whole) {
            seat.keep(&answer, until);
        }
        Some(answer)
    };
    match RequestRecord::current() {
        Some(record) => record.scope(flight).boxed(),
        None => flight.boxed(),
    }
}

/// An answer that may be given again.
struct Kept {
    answer: Answer,
    until: Instant,
    /// Writes that were over when it was begun.
    writes: u64,
}

/// Makes room as soon as an answer is stale.
struct UntilStale;

impl Expiry<Key, Arc<Kept>> for UntilStale {
    fn expire_after_create(&self, _: &Key, kept: &Arc<Kept>, _: Instant) -> Option<Duration> {
        Some(kept.until.saturating_duration_since(Instant::now()))
    }

    fn expire_after_update(
        &self,
        key: &Key,
        kept: &Arc<Kept>,
        updated_at: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, kept, updated_at)
    }
}

/// Variables as they came. No JSON text begins like this, so they are not taken for coerced ones.
fn spelled(request: &GraphqlRequest<'_>) -> Arc<str> {
    let mut text = b"=".to_vec();
    if let Some(variables) = &request.variables {
        // Into memory, with text for keys: neither fails.
        let _ = serde_json::to_writer(&mut text, variables);
    }
    String::from_utf8(text).unwrap_or_default().into()
}

fn note(shared: Shared) {
    RequestRecord::with_current(|record| record.operation_shared(shared));
}

fn unshared() {
    RequestRecord::with_current(RequestRecord::operation_unshared);
}

fn ran_late(answer: &Answer) -> bool {
    answer.codes.iter().any(|code| code == Code::DeadlineExceeded.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(body: &'static str) -> Answer {
        Answer {
            body: Bytes::from_static(body.as_bytes()),
            verdict: Verdict::Executed { errors: false },
            codes: Vec::new(),
            keep: None,
            told_apart: false,
            rate: None,
            degraded: Default::default(),
            traces: Vec::new(),
            extended: false,
            part: false,
        }
    }

    #[tokio::test]
    async fn a_flight_leaves_nothing_behind() {
        let Some(sharing) =
            Sharing::new(&SharingSettings { batches_in_flight: 0, operations: true, answers_bytes: 0 })
        else {
            panic!("it is switched on")
        };
        let key = Key { operation: 1, variables: Arc::from("{}"), locale: Locale::default() };
        let deadline = Instant::now() + Duration::from_secs(20);
        let board = |writes, lands: bool| {
            sharing.board(&key, writes, deadline, |seat| {
                async move {
                    if !lands {
                        std::future::pending::<()>().await;
                    }
                    drop(seat);
                    Some(answered("1"))
                }
                .boxed()
            })
        };
        let ((first, leads), (second, joins)) = (board(0, true), board(0, true));
        assert!(leads && !joins && Arc::ptr_eq(&first, &second));
        assert!(first.landed(deadline).await.is_some_and(Option::is_some));
        assert!(sharing.flights.lock().is_empty());
        // Over, though somebody still has it.
        let (third, leads) = board(0, false);
        assert!(leads);
        // A write makes another; who goes then does not take that one's place away.
        let (fourth, leads) = board(1, false);
        assert!(leads);
        drop(third);
        assert!(Arc::ptr_eq(&fourth, &board(1, false).0));
        drop((first, second, fourth));
        assert!(sharing.flights.lock().is_empty());
    }
}

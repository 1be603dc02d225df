//! Sessions in this process's memory: within a number of bytes, those unused for longest giving way.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use moka::{ops::compute::Op, policy::EvictionPolicy, sync::Cache};

use super::{Lifetimes, REMEMBERED};

/// What may happen once, of all that is remembered.
const MOST_REMEMBERED: u64 = 100_000;

/// Bytes of a session besides itself, roughly.
const OVERHEAD: usize = 300;

pub struct Memory {
    idle: Duration,
    since: Instant,
    sessions: Cache<String, Kept>,
    happened: Cache<String, ()>,
}

#[derive(Clone)]
struct Kept {
    sealed: Bytes,
    labels: Arc<[String]>,
    /// Milliseconds after `since`.
    idle_until: Arc<AtomicU64>,
}

impl Memory {
    pub fn new(lifetimes: Lifetimes, bytes: u64) -> Self {
        let sessions = Cache::builder()
            .weigher(|key: &String, kept: &Kept| {
                u32::try_from(key.len() + kept.sealed.len() + OVERHEAD).unwrap_or(u32::MAX)
            })
            .max_capacity(bytes)
            // Who has just signed in is never the one to go.
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(lifetimes.absolute)
            .build();
        let happened = Cache::builder()
            .max_capacity(MOST_REMEMBERED)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(REMEMBERED)
            .build();
        Self { idle: lifetimes.idle, since: Instant::now(), sessions, happened }
    }

    pub fn create(&self, key: &str, sealed: Bytes, labels: Vec<String>) {
        let idle_until = Arc::new(AtomicU64::new(self.idle_from_now()));
        self.sessions.insert(key.to_owned(), Kept { sealed, labels: labels.into(), idle_until });
    }

    pub fn read(&self, key: &str, used: bool) -> Option<Bytes> {
        let kept = self.sessions.get(key)?;
        if kept.idle_until.load(Relaxed) <= self.now() {
            self.sessions.invalidate(key);
            return None;
        }
        if used {
            kept.idle_until.store(self.idle_from_now(), Relaxed);
        }
        Some(kept.sealed)
    }

    pub fn replace(&self, key: &str, sealed: Bytes) -> bool {
        let done = self.sessions.entry_by_ref(key).and_compute_with(|known| match known {
            Some(known) => Op::Put(Kept { sealed, ..known.into_value() }),
            None => Op::Nop,
        });
        matches!(done, moka::ops::compute::CompResult::ReplacedWith(_))
    }

    pub fn remove(&self, key: &str) {
        self.sessions.invalidate(key);
    }

    /// Looks at all: it happens when a provider says so, and saves an index that would have to be kept true.
    pub fn remove_labelled(&self, label: &str) -> Vec<String> {
        let labelled =
            self.sessions.iter().filter(|(_, kept)| kept.labels.iter().any(|known| known == label));
        let keys: Vec<String> = labelled.map(|(key, _)| String::clone(&key)).collect();
        keys.iter().for_each(|key| self.remove(key));
        keys
    }

    pub fn once(&self, what: &str) -> bool {
        self.happened.entry_by_ref(what).or_insert(()).is_fresh()
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn idle_from_now(&self) -> u64 {
        self.now().saturating_add(u64::try_from(self.idle.as_millis()).unwrap_or(u64::MAX))
    }
}

//! Buckets in memory: all there are, or this replica's shares while Redis is gone.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use moka::sync::Cache;
use parking_lot::Mutex;

use super::{
    bucket::{Debt, Level, Plan},
    client::Client,
};

/// Buckets that are kept, of clients and of addresses each. One that has rested for its window is full, and is forgotten.
const KEPT: u64 = 100_000;

type Buckets = Cache<(Client, String), Arc<Mutex<Debt>>>;

pub struct Local {
    since: Instant,
    clients: Buckets,
    /// Apart: nobody who comes from many addresses pushes out a client's.
    addresses: Buckets,
}

impl Local {
    pub fn new(longest: Duration) -> Self {
        let buckets = || Cache::builder().max_capacity(KEPT).time_to_idle(longest).build();
        Self { since: Instant::now(), clients: buckets(), addresses: buckets() }
    }

    pub fn level(&self, client: &Client, plan: &Plan, limit: u64, take: u64, back: u64) -> Level {
        let buckets = if client.is_address() { &self.addresses } else { &self.clients };
        let bucket = buckets.get_with((client.clone(), plan.name.clone()), Arc::default);
        let mut debt = bucket.lock();
        let now_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        debt.level(plan, limit, now_ms, take, back)
    }
}

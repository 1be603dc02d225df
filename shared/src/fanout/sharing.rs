//! What requests share of what they ask: for each type of public question one pool, for each upstream one budget of
//! rows that are kept.
//!
//! A `Caller` question has no pool, whoever asks for one: what is asked as a caller meets nobody else's here.

use super::{Question, Scope, kept::Budget, pool::SharedPool};
use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;
use std::{
    any::{Any, TypeId},
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tokio::sync::Semaphore;

/// So many refreshes of rows past their time are under way at once; what finds no room is refreshed another time.
const REFRESHES: usize = 16;

/// Orders what leaves, what is written and what is kept. It counts, it does not tell the time.
#[derive(Clone, Default, Debug)]
pub(super) struct Clock(Arc<AtomicU64>);

impl Clock {
    /// Later than everything before, earlier than everything after.
    pub fn tick(&self) -> u64 {
        self.0.fetch_add(1, Relaxed) + 1
    }
}

/// What the requests of one BFF share.
pub struct Sharing {
    /// Batches of one question under way before keys gather; 0 shares nothing.
    batches: usize,
    rows_bytes: u64,
    clock: Clock,
    pools: RwLock<FxHashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    budgets: Mutex<BTreeMap<&'static str, Budget>>,
    refreshes: Arc<Semaphore>,
}

impl Sharing {
    /// With so many batches of a question under way before keys gather (0: nothing is shared), and so many bytes of
    /// rows kept for each upstream (0: none).
    pub fn new(batches: usize, rows_bytes: u64) -> Self {
        Self {
            batches,
            rows_bytes,
            clock: Clock::default(),
            pools: RwLock::default(),
            budgets: Mutex::default(),
            refreshes: Arc::new(Semaphore::new(REFRESHES)),
        }
    }

    /// Now, in the order of calls and writes.
    pub(crate) fn tick(&self) -> u64 {
        self.clock.tick()
    }

    /// Where requests meet that ask this question. None: they do not.
    pub(super) fn pool<Q: Question>(&self) -> Option<Arc<SharedPool<Q>>> {
        if Q::SCOPE != Scope::Public || self.batches == 0 {
            return None;
        }
        if let Some(pool) = self.known::<Q>() {
            return Some(pool);
        }
        let mut pools = self.pools.write();
        let pool = pools.entry(TypeId::of::<Q>()).or_insert_with(|| {
            let budget = (self.rows_bytes > 0).then(|| {
                let mut budgets = self.budgets.lock();
                budgets.entry(Q::UPSTREAM.name()).or_insert_with(|| Budget::new(self.rows_bytes)).clone()
            });
            Arc::new(SharedPool::<Q>::new(self.batches, self.clock.clone(), budget, self.refreshes.clone()))
        });
        pool.clone().downcast().ok()
    }

    fn known<Q: Question>(&self) -> Option<Arc<SharedPool<Q>>> {
        let pool = self.pools.read().get(&TypeId::of::<Q>()).cloned();
        pool?.downcast().ok()
    }

    /// What is kept or under way for these questions is not what the upstream would answer now.
    pub(crate) fn forget<Q: Question>(&self, which: impl Fn(&Q) -> bool) {
        if let Some(pool) = self.known::<Q>() {
            pool.forget(which);
        }
    }

    /// The same, for one question.
    pub(crate) fn forget_one<Q: Question>(&self, question: &Q) {
        if let Some(pool) = self.known::<Q>() {
            pool.forget_one(question);
        }
    }
}

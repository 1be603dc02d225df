//! Rows that are kept, key by key: which page has a question's answer, within a budget of bytes.
//!
//! What is weighed and evicted are whole pages, because rows may point into their page's body. A question points to its
//! newest page without keeping it alive: when the budget lets a page go, its rows are gone.

use super::{Page, Question};
use moka::{policy::EvictionPolicy, sync::Cache};
use rustc_hash::FxHashMap;
use std::{
    any::Any,
    sync::{Arc, Weak},
};

/// The bytes of rows that may be kept of one upstream.
#[derive(Clone)]
pub(super) struct Budget(Cache<u64, (u32, Arc<dyn Any + Send + Sync>)>);

impl Budget {
    pub fn new(bytes: u64) -> Self {
        let pages = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, (weight, _): &(u32, _)| *weight)
            // By use, not by popularity: a page that was asked for again has a new name and would never be let in.
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self(pages)
    }

    /// Somebody uses a page.
    pub fn touch(&self, id: u64) {
        self.0.get(&id);
    }

    /// Keeps a page, unless it alone is more than the budget. Returns the bytes in use.
    pub fn keep<Q: Question>(&self, page: &Arc<Page<Q>>) -> u64 {
        if let Some(kept) = page.kept {
            self.0.insert(kept.id, (kept.weight, page.clone()));
        }
        // At once: what waits to be evicted could be many times the budget.
        self.0.run_pending_tasks();
        self.0.weighted_size()
    }

    /// A page whose one answer stands elsewhere by now.
    pub fn let_go(&self, id: u64) {
        self.0.invalidate(&id);
    }
}

/// Which page answers which question.
pub(super) struct Rows<Q: Question> {
    places: FxHashMap<Q, (Weak<Page<Q>>, u32)>,
    /// At so many entries, those whose pages are gone are taken out.
    sweep_at: usize,
}

const FIRST_SWEEP: usize = 1_024;

impl<Q: Question> Default for Rows<Q> {
    fn default() -> Self {
        Self { places: FxHashMap::default(), sweep_at: FIRST_SWEEP }
    }
}

impl<Q: Question> Rows<Q> {
    /// The page that was kept for a question, fresh or not.
    pub fn find(&self, question: &Q) -> Option<(Arc<Page<Q>>, usize)> {
        let (page, place) = self.places.get(question)?;
        Some((page.upgrade()?, *place as usize))
    }

    /// A newer answer. Returns the page that was kept for the question before.
    pub fn put(&mut self, question: &Q, page: &Arc<Page<Q>>, place: usize) -> Option<Arc<Page<Q>>> {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let before = self.places.insert(question.clone(), (Arc::downgrade(page), place));
        if self.places.len() >= self.sweep_at {
            self.places.retain(|_, (page, _)| page.strong_count() > 0);
            self.sweep_at = FIRST_SWEEP.max(self.places.len() * 2);
        }
        before.and_then(|(page, _)| page.upgrade())
    }

    pub fn forget_one(&mut self, question: &Q) {
        self.places.remove(question);
    }

    pub fn forget(&mut self, which: impl Fn(&Q) -> bool) {
        self.places.retain(|question, _| !which(question));
    }
}

/// The bytes that a page takes: its rows and what they point to, and its questions, which are known by name.
pub(super) fn weight<Q: Question>(page: &Page<Q>, body: usize, questions: &[Q]) -> u32 {
    let keys: usize = questions.iter().map(|question| question.key().url_len()).sum();
    let named = questions.len() * (2 * size_of::<Q>() + 64);
    u32::try_from(page.size() + 2 * body + 2 * keys + named + 512).unwrap_or(u32::MAX)
}

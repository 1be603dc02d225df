//! Keeps one slow upstream from taking all there is: so many calls at once, so many in the queue, the rest refused.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Places for calls under way, and a bounded queue in front of them; first come, first served.
pub(super) struct Bulkhead {
    places: Semaphore,
    waiting: AtomicUsize,
    queue: usize,
}

/// Every place is taken, and so is the queue.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Bulkhead {
    pub fn new(concurrency: usize, queue: usize) -> Self {
        let places = Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS));
        Self { places, waiting: AtomicUsize::new(0), queue }
    }

    /// A place at once, or none.
    pub fn try_enter(&self) -> Option<SemaphorePermit<'_>> {
        self.places.try_acquire().ok()
    }

    /// A place, after waiting for it in the queue. Whoever stops waiting leaves the queue.
    ///
    /// # Errors
    /// The queue is full.
    pub async fn enter(&self) -> Result<SemaphorePermit<'_>, Full> {
        let place = Waiting(&self.waiting);
        if place.0.fetch_add(1, Relaxed) >= self.queue {
            return Err(Full);
        }
        // Nobody closes it.
        self.places.acquire().await.map_err(|_| Full)
    }
}

/// Somebody in the queue.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn whoever_leaves_the_queue_makes_room_in_it() {
        let bulkhead = Bulkhead::new(1, 1);
        let inside = bulkhead.try_enter().unwrap();
        let mut first = Box::pin(bulkhead.enter());
        assert!((&mut first).now_or_never().is_none(), "it waits");
        assert_eq!(bulkhead.enter().now_or_never().unwrap().err(), Some(Full));
        drop(first);
        let mut second = Box::pin(bulkhead.enter());
        assert!((&mut second).now_or_never().is_none(), "it waits");
        drop(inside);
        assert!(second.now_or_never().unwrap().is_ok());
        assert_eq!(bulkhead.waiting.load(Relaxed), 0);
    }
}

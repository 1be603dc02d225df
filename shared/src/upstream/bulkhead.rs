//! Keeps one slow upstream from taking all there is: so many calls at once, so many in the queue, the rest refused.
//!
//! How many at once is learned, between a start that a dead upstream is never asked beyond and the limit that was set:
//! while calls wait for their turn each answer makes room for one more, and each failure takes a place away.

use super::breaker::Sign;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Calls that may be under way before anything was answered: fewer than 60 of 100 that come all at once.
const START: usize = 48;

/// Places for calls under way, and a bounded queue in front of them; first come, first served.
pub(super) struct Bulkhead {
    places: Semaphore,
    /// How many places there are now.
    count: AtomicUsize,
    most: usize,
    waiting: AtomicUsize,
    queue: usize,
}

/// Every place is taken, and so is the queue.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Bulkhead {
    pub fn new(concurrency: usize, queue: usize) -> Self {
        let most = concurrency.clamp(1, Semaphore::MAX_PERMITS);
        let start = most.min(START);
        Self {
            places: Semaphore::new(start),
            count: AtomicUsize::new(start),
            most,
            waiting: AtomicUsize::new(0),
            queue,
        }
    }

    /// A place at once, or none.
    pub fn try_enter(&self) -> Option<Place<'_>> {
        self.places.try_acquire().ok().map(|permit| Place { bulkhead: self, permit })
    }

    /// A place, after waiting for it in the queue. Whoever stops waiting leaves the queue.
    ///
    /// # Errors
    /// The queue is full.
    pub async fn enter(&self) -> Result<Place<'_>, Full> {
        let place = Waiting(&self.waiting);
        if place.0.fetch_add(1, Relaxed) >= self.queue {
            return Err(Full);
        }
        // Nobody closes it.
        let permit = self.places.acquire().await.map_err(|_| Full)?;
        Ok(Place { bulkhead: self, permit })
    }
}

/// A place for one call. Dropped, it is free for the next.
pub(super) struct Place<'a> {
    bulkhead: &'a Bulkhead,
    permit: SemaphorePermit<'a>,
}

impl Place<'_> {
    /// Leaves it, and tells what came of the call.
    pub fn leave(self, sign: Sign) {
        let Bulkhead { places, count, most, waiting, .. } = self.bulkhead;
        match sign {
            Sign::Alive if waiting.load(Relaxed) > 0 => {
                let more = |count| (count < *most).then_some(count + 1);
                if count.fetch_update(Relaxed, Relaxed, more).is_ok() {
                    places.add_permits(1);
                }
            }
            Sign::Failing => {
                let start = START.min(*most);
                let fewer = |count| (count > start).then(|| count - 1);
                if count.fetch_update(Relaxed, Relaxed, fewer).is_ok() {
                    self.permit.forget();
                }
            }
            Sign::Alive | Sign::Nothing => {}
        }
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

    /// All who can enter at once.
    fn crowd(bulkhead: &Bulkhead) -> Vec<Place<'_>> {
        std::iter::from_fn(|| bulkhead.try_enter()).collect()
    }

    #[test]
    fn it_grows_while_calls_wait_and_are_answered_and_shrinks_with_failures() {
        let bulkhead = Bulkhead::new(60, 1_000);
        for _ in 0..100 {
            bulkhead.try_enter().unwrap().leave(Sign::Alive);
        }
        assert_eq!(crowd(&bulkhead).len(), 48, "nobody waited");
        for _ in 0..3 {
            let inside = crowd(&bulkhead);
            let mut waiting = Box::pin(bulkhead.enter());
            assert!((&mut waiting).now_or_never().is_none());
            inside.into_iter().for_each(|place| place.leave(Sign::Alive));
            assert!(waiting.now_or_never().unwrap().is_ok());
        }
        assert_eq!(crowd(&bulkhead).len(), 60, "no more than allowed");
        crowd(&bulkhead).into_iter().take(5).for_each(|place| place.leave(Sign::Failing));
        assert_eq!(crowd(&bulkhead).len(), 55);
        for _ in 0..3 {
            crowd(&bulkhead).into_iter().for_each(|place| place.leave(Sign::Failing));
        }
        assert_eq!(crowd(&bulkhead).len(), 48, "no fewer than at first");
    }
}

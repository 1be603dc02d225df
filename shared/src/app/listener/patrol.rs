//! One look at all connections, a few times a second, in place of timers for each: who is too slow is cut, who is idle
//! for too long is closed.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::pace::{Common, Order, Pace, Sight};
use crate::config::Limits;

/// How long a kept connection may be silent in a drain before it is closed: a request that crosses the closing on its
/// way is lost, and whoever is about to send one does so within this time.
const LINGER: Duration = Duration::from_millis(250);

/// How long the slow may take, where the answers that nobody takes are more than is to be kept.
const UNDER_PRESSURE_MS: u64 = 1_000;

/// How many idle connections give way to new ones in one round, where there is no room.
const GIVE_WAY: usize = 64;

/// How long a connection has been idle, at least, before it gives way.
const IDLE_MS: u64 = 1_000;

pub(super) struct Patrol {
    began: Instant,
    rounds: Interval,
    common: Arc<Common>,
    connections: Mutex<Vec<Weak<Pace>>>,
    head_ms: u64,
    idle_ms: u64,
    write_ms: u64,
    unsent_bytes: usize,
    linger_ms: u64,
}

impl Patrol {
    pub(super) fn new(limits: &Limits) -> Self {
        let Limits { head_timeout_ms, idle_timeout_ms, write_timeout_ms, unsent_bytes, .. } = *limits;
        let shortest = head_timeout_ms.min(idle_timeout_ms).min(write_timeout_ms);
        Self {
            began: Instant::now(),
            // Often enough that nobody has more than a quarter above what is allowed.
            rounds: rounds(Duration::from_millis((shortest / 4).clamp(5, 250))),
            common: Common::new(),
            connections: Mutex::default(),
            head_ms: head_timeout_ms,
            idle_ms: idle_timeout_ms,
            write_ms: write_timeout_ms,
            unsent_bytes,
            linger_ms: LINGER.as_millis() as u64,
        }
    }

    /// Begins to look after a connection.
    pub(super) fn follow(&self) -> Arc<Pace> {
        let pace = Pace::new(Arc::clone(&self.common));
        self.connections.lock().push(Arc::downgrade(&pace));
        pace
    }

    /// From now on connections are closed as soon as nothing is under way on them.
    pub(super) fn drain(&mut self, within: Duration) {
        self.common.drain();
        self.linger_ms = LINGER.min(within / 4).as_millis() as u64;
        // The end is not to wait for a round.
        self.rounds = rounds(Duration::from_millis(10));
    }

    /// Waits until it is time for a round, and makes it. `full`: idle connections are to give way to new ones.
    pub(super) async fn next_round(&mut self, full: bool) {
        self.rounds.tick().await;
        self.common.tell_time(self.began.elapsed().as_millis() as u64);
        let (mut idle, mut slow) = (Vec::new(), Vec::new());
        self.connections.lock().retain(|connection| {
            let Some(pace) = connection.upgrade() else { return false };
            let Some(sight) = pace.sight() else { return false };
            match self.verdict(&sight) {
                Some(order) => pace.order(order),
                None => {
                    if let Some(silent) = sight.silent.filter(|silent| full && *silent >= IDLE_MS) {
                        idle.push((silent, Arc::clone(&pace)));
                    }
                    if sight.unsent > 0 && sight.stalled.is_some_and(|ms| ms >= UNDER_PRESSURE_MS) {
                        slow.push((sight.unsent, pace));
                    }
                }
            }
            true
        });
        idle.sort_unstable_by_key(|(silent, _)| std::cmp::Reverse(*silent));
        idle.iter().take(GIVE_WAY).for_each(|(_, pace)| pace.order(Order::Close));
        self.relieve(slow);
    }

    /// What is to become of a connection.
    fn verdict(&self, sight: &Sight) -> Option<Order> {
        let at_least = |time: Option<u64>, limit: u64| time.is_some_and(|time| time >= limit);
        if at_least(sight.stalled, self.write_ms) || at_least(sight.head, self.head_ms) {
            return Some(Order::Cut);
        }
        // Who connects has something to say.
        if !sight.asked && at_least(sight.silent, self.head_ms) {
            return Some(Order::Cut);
        }
        if at_least(sight.silent, self.idle_ms.saturating_add(self.head_ms)) {
            // Asked to close, it has not.
            return Some(Order::Cut);
        }
        let idle = if self.common.is_draining() { self.linger_ms } else { self.idle_ms };
        // In a drain, HTTP/2 says which of the requests that are on their way still count.
        let goes_away = sight.http2 && self.common.is_draining();
        (goes_away || (sight.head.is_none() && at_least(sight.silent, idle))).then_some(Order::Close)
    }

    /// Cuts those who take nothing, the largest first, until what waits for the others is within its bounds.
    fn relieve(&self, mut slow: Vec<(usize, Arc<Pace>)>) {
        let mut unsent = self.common.unsent();
        if unsent <= self.unsent_bytes {
            return;
        }
        slow.sort_unstable_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        for (bytes, pace) in slow {
            pace.order(Order::Cut);
            unsent = unsent.saturating_sub(bytes);
            if unsent <= self.unsent_bytes {
                break;
            }
        }
    }
}

fn rounds(period: Duration) -> Interval {
    let mut rounds = interval(period);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    rounds
}

//! Stops asking an upstream that does not answer, and finds out with one call at a time whether it is back.
//!
//! Our own, because what there is does not fit: `recloser` lets a whole ring of calls through when half open and knows
//! no failures in a row, `failsafe` no rate and no cancelled calls, `tower-resilience` is young and a stack of
//! services; and none can be told by an upstream when to come back. This is a state machine without a clock: whoever
//! asks says what time it is.

use parking_lot::Mutex;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// Failures are counted over so long.
const WINDOW: Duration = Duration::from_secs(10);
/// Fewer calls say nothing about a rate.
const MINIMUM: u32 = 20;
/// The pause doubles so often while probes fail: from one second to four, so that whoever comes back is noticed soon.
const DOUBLINGS: u32 = 2;
/// The longest that an upstream may ask to be left alone; it may be wrong.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// When it opens and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thresholds {
    /// Failures in a row; 0: they do not count.
    pub in_a_row: u32,
    /// Of a hundred calls within ten seconds, of which there must be twenty; 0: they do not count.
    pub percent: u32,
    /// The first pause.
    pub pause: Duration,
}

/// What a call told of its upstream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sign {
    /// It answers.
    Alive,
    Failing,
    /// Nothing: the call ended before there could be an answer.
    Nothing,
}

/// What is to be told of the breaker itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Change {
    Opened(&'static str),
    /// A probe is under way.
    Probing,
    /// It failed, or told nothing.
    StillOpen,
    Closed,
}

/// Let through. It must be settled, or the breaker waits for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    /// What was asked before the last change tells nothing of the time after it.
    era: u32,
    pub probe: bool,
}

pub(super) struct Breaker {
    thresholds: Thresholds,
    /// Whether the state is `Closed`, to be read without the lock.
    closed: AtomicBool,
    inner: Mutex<Inner>,
}

struct Inner {
    state: State,
    era: u32,
    window: Window,
    in_a_row: u32,
    /// Pauses since it last was closed.
    pauses: u32,
}

#[derive(Clone, Copy)]
enum State {
    Closed,
    Open {
        until: Instant,
    },
    /// One call is under way.
    Probing,
}

impl Breaker {
    pub fn new(thresholds: Thresholds, now: Instant) -> Self {
        let inner = Inner { state: State::Closed, era: 0, window: Window::from(now), in_a_row: 0, pauses: 0 };
        Self { thresholds, closed: AtomicBool::new(true), inner: Mutex::new(inner) }
    }

    /// Whether all is well: what each call looks at first.
    pub fn closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// For how long a call would be refused, if it would be now: before it waits for anything. Nothing, if that is about to
    /// be found out.
    pub fn refuses(&self, now: Instant) -> Option<Duration> {
        match self.inner.lock().state {
            State::Closed => None,
            State::Open { until } => (now < until).then(|| until.saturating_duration_since(now)),
            State::Probing => Some(Duration::ZERO),
        }
    }

    /// Lets a call through, or not. The first after the pause is the probe.
    pub fn pass(&self, now: Instant) -> Option<(Pass, Option<Change>)> {
        let mut inner = self.inner.lock();
        match inner.state {
            State::Closed => Some((Pass { era: inner.era, probe: false }, None)),
            State::Open { until } if now >= until => {
                inner.state = State::Probing;
                Some((Pass { era: inner.era, probe: true }, Some(Change::Probing)))
            }
            State::Open { .. } | State::Probing => None,
        }
    }

    /// What came of a call that was let through. `jitter` is between 0 and 1.
    pub fn settle(&self, pass: Pass, sign: Sign, now: Instant, jitter: f64) -> Option<Change> {
        let mut inner = self.inner.lock();
        if pass.era != inner.era {
            return None;
        }
        if pass.probe {
            return Some(match sign {
                Sign::Alive => {
                    inner.close(now);
                    self.closed.store(true, Ordering::Release);
                    Change::Closed
                }
                Sign::Failing => {
                    inner.pauses = inner.pauses.saturating_add(1);
                    let pause = self.pause(inner.pauses, jitter);
                    inner.open(now + pause);
                    Change::StillOpen
                }
                // The next call may try.
                Sign::Nothing => {
                    inner.open(now);
                    Change::StillOpen
                }
            });
        }
        match sign {
            Sign::Nothing => return None,
            Sign::Alive => inner.in_a_row = 0,
            Sign::Failing => inner.in_a_row += 1,
        }
        let failing = sign == Sign::Failing;
        let (calls, failures) = inner.window.count(now, failing);
        if !failing {
            return None;
        }
        let Thresholds { in_a_row, percent, .. } = self.thresholds;
        let reason = if in_a_row > 0 && inner.in_a_row >= in_a_row {
            "failures in a row"
        } else if percent > 0 && calls >= MINIMUM && failures * 100 >= calls * percent {
            "too many failures"
        } else {
            return None;
        };
        inner.open(now + self.pause(0, jitter));
        self.closed.store(false, Ordering::Release);
        Some(Change::Opened(reason))
    }

    /// The upstream says for how long it wants to be left alone (`Retry-After`).
    pub fn rest(&self, rest: Duration, now: Instant) -> Option<Change> {
        if rest.is_zero() {
            return None;
        }
        let rested = now + rest.min(LONGEST_REST);
        let mut inner = self.inner.lock();
        match inner.state {
            State::Open { until } => {
                inner.state = State::Open { until: until.max(rested) };
                None
            }
            // Its own call will be settled as a failure; this only makes the pause longer.
            State::Probing => {
                inner.open(rested);
                Some(Change::StillOpen)
            }
            State::Closed => {
                inner.open(rested);
                self.closed.store(false, Ordering::Release);
                Some(Change::Opened("it asks to be left alone"))
            }
        }
    }

    fn pause(&self, doublings: u32, jitter: f64) -> Duration {
        let pause = self.thresholds.pause * 2u32.pow(doublings.min(DOUBLINGS));
        pause.mul_f64(1.0 + 0.25 * jitter)
    }
}

impl Inner {
    fn open(&mut self, until: Instant) {
        self.state = State::Open { until };
        self.era = self.era.wrapping_add(1);
    }

    fn close(&mut self, now: Instant) {
        *self = Self {
            state: State::Closed,
            era: self.era.wrapping_add(1),
            window: Window::from(now),
            in_a_row: 0,
            pauses: 0,
        };
    }
}

/// Calls and failures of this half of the window and of the one before.
struct Window {
    since: Instant,
    this: (u32, u32),
    before: (u32, u32),
}

impl Window {
    fn from(now: Instant) -> Self {
        Self { since: now, this: (0, 0), before: (0, 0) }
    }

    /// Counts a call; all calls and failures of the window.
    fn count(&mut self, now: Instant, failing: bool) -> (u32, u32) {
        let age = now.saturating_duration_since(self.since);
        if age >= WINDOW {
            *self = Self::from(now);
        } else if age >= WINDOW / 2 {
            *self = Self { since: self.since + WINDOW / 2, this: (0, 0), before: self.this };
        }
        self.this.0 += 1;
        self.this.1 += u32::from(failing);
        (self.this.0 + self.before.0, self.this.1 + self.before.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker(now: Instant) -> Breaker {
        Breaker::new(Thresholds { in_a_row: 5, percent: 50, pause: SECOND }, now)
    }

    fn call(breaker: &Breaker, sign: Sign, now: Instant) -> Option<Change> {
        let (pass, _) = breaker.pass(now).unwrap();
        breaker.settle(pass, sign, now, 0.0)
    }

    fn opened(now: Instant) -> Breaker {
        let breaker = breaker(now);
        for _ in 0..4 {
            assert_eq!(call(&breaker, Sign::Failing, now), None);
        }
        assert_eq!(call(&breaker, Sign::Failing, now), Some(Change::Opened("failures in a row")));
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_an_answer_between_them_does_not() {
        let now = Instant::now();
        let breaker = breaker(now);
        for _ in 0..3 {
            for _ in 0..4 {
                assert_eq!(call(&breaker, Sign::Failing, now), None);
            }
            // Enough answers to keep the rate down.
            (0..9).for_each(|_| assert_eq!(call(&breaker, Sign::Alive, now), None));
        }
        (0..9).for_each(|_| assert_eq!(call(&breaker, Sign::Nothing, now), None));
        assert!(breaker.refuses(now).is_none());
        assert!(opened(now).refuses(now).is_some());
    }

    #[test]
    fn a_rate_opens_it_once_there_are_enough_calls() {
        let now = Instant::now();
        let breaker = breaker(now);
        for pair in 1..=9 {
            assert_eq!(call(&breaker, Sign::Alive, now), None);
            assert_eq!(call(&breaker, Sign::Failing, now), None, "pair {pair}");
        }
        assert_eq!(call(&breaker, Sign::Alive, now), None);
        assert_eq!(call(&breaker, Sign::Failing, now), Some(Change::Opened("too many failures")));
    }

    #[test]
    fn a_tenth_of_failures_never_opens_it() {
        let start = Instant::now();
        let breaker = breaker(start);
        for n in 0..10_000u32 {
            let sign = if n % 10 == 0 { Sign::Failing } else { Sign::Alive };
            assert_eq!(call(&breaker, sign, start + Duration::from_millis(u64::from(n))), None);
        }
    }

    #[test]
    fn old_failures_are_forgotten() {
        let start = Instant::now();
        let breaker = breaker(start);
        for _ in 0..9 {
            call(&breaker, Sign::Failing, start);
            call(&breaker, Sign::Alive, start);
        }
        let later = start + WINDOW;
        assert_eq!(call(&breaker, Sign::Failing, later), None);
        assert_eq!(call(&breaker, Sign::Alive, later), None);
        assert_eq!(call(&breaker, Sign::Failing, later), None, "these are three, not twenty-one");
    }

    #[test]
    fn one_probe_after_the_pause_and_then_all() {
        let now = Instant::now();
        let breaker = opened(now);
        assert!(breaker.pass(now + SECOND / 2).is_none());
        let (probe, change) = breaker.pass(now + SECOND).unwrap();
        assert_eq!((probe.probe, change), (true, Some(Change::Probing)));
        assert!(breaker.pass(now + SECOND).is_none(), "one at a time");
        assert!(breaker.refuses(now + SECOND).is_some());
        assert_eq!(breaker.settle(probe, Sign::Alive, now + SECOND, 0.0), Some(Change::Closed));
        let (pass, change) = breaker.pass(now + SECOND).unwrap();
        assert_eq!((pass.probe, change), (false, None));
        assert!(breaker.refuses(now + SECOND).is_none());
    }

    #[test]
    fn the_pause_grows_while_probes_fail_and_stays_short() {
        let mut now = Instant::now();
        let breaker = opened(now);
        let mut pauses = Vec::new();
        for _ in 0..5 {
            let before = now;
            while breaker.refuses(now).is_some() {
                now += SECOND / 4;
            }
            pauses.push((now - before).as_secs());
            assert_eq!(call(&breaker, Sign::Failing, now), Some(Change::StillOpen));
        }
        assert_eq!(pauses, [1, 2, 4, 4, 4]);
    }

    #[test]
    fn a_probe_that_tells_nothing_makes_room_for_the_next() {
        let now = Instant::now();
        let breaker = opened(now);
        assert_eq!(call(&breaker, Sign::Nothing, now + SECOND), Some(Change::StillOpen));
        assert_eq!(call(&breaker, Sign::Alive, now + SECOND), Some(Change::Closed));
    }

    #[test]
    fn calls_from_before_tell_nothing_of_the_time_after() {
        let now = Instant::now();
        let breaker = breaker(now);
        let late: Vec<_> = (0..20).map(|_| breaker.pass(now).unwrap().0).collect();
        for _ in 0..5 {
            call(&breaker, Sign::Failing, now);
        }
        assert_eq!(call(&breaker, Sign::Alive, now + SECOND), Some(Change::Closed));
        for pass in late {
            assert_eq!(breaker.settle(pass, Sign::Failing, now + SECOND, 0.0), None);
        }
        assert!(breaker.refuses(now + SECOND).is_none());
    }

    #[test]
    fn it_leaves_alone_whom_it_was_asked_to_but_not_for_ever() {
        let now = Instant::now();
        let breaker = breaker(now);
        assert_eq!(breaker.rest(Duration::ZERO, now), None);
        assert!(breaker.refuses(now).is_none());
        assert_eq!(breaker.rest(7 * SECOND, now), Some(Change::Opened("it asks to be left alone")));
        assert_eq!(breaker.rest(3 * SECOND, now), None, "the longer one counts");
        assert!(breaker.pass(now + 6 * SECOND).is_none());
        assert_eq!(call(&breaker, Sign::Alive, now + 7 * SECOND), Some(Change::Closed));
        breaker.rest(Duration::from_secs(1_000_000), now);
        assert_eq!(call(&breaker, Sign::Alive, now + LONGEST_REST), Some(Change::Closed));
    }

    #[test]
    fn both_thresholds_can_be_switched_off() {
        let now = Instant::now();
        let breaker = Breaker::new(Thresholds { in_a_row: 0, percent: 0, pause: SECOND }, now);
        (0..1_000).for_each(|_| assert_eq!(call(&breaker, Sign::Failing, now), None));
    }
}

//! Whether a failed call is made once more, after which pause, and out of which budget.
//!
//! The budget is our own: `tower::retry::budget::TpsBudget` takes a lock for each call, rounds the share to one in so
//! many, and what it earns expires, so that an upstream which is asked seldom would either never be asked again or
//! always. This one is a number: each call adds its share, each repetition takes a whole.

use super::{call::Call, failure::CallError};
use http::{HeaderMap, Method, header};
use rand::Rng;
use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The longest first pause; it doubles with each repetition.
const PAUSE: Duration = Duration::from_millis(50);
/// The shortest pause, of the longest: all who failed together shall not come back together.
const SHORTEST: f64 = 0.2;

/// A repetition costs so many hundredths.
const REPETITION: u64 = 100;
/// Repetitions that there are before anything was earned.
const AT_FIRST: u64 = 3;
/// Repetitions that can be saved up.
const SAVED: u64 = 10;

/// Repetitions that may be made: never more than a share of the calls, but for the first few.
pub(super) struct Budget {
    percent: u64,
    /// In hundredths of a repetition.
    left: AtomicU64,
}

impl Budget {
    pub fn new(percent: u32) -> Self {
        let at_first = if percent == 0 { 0 } else { AT_FIRST };
        Self { percent: u64::from(percent), left: AtomicU64::new(at_first * REPETITION) }
    }

    /// A call is made.
    pub fn earn(&self) {
        // Saved up already, as a rule: then nothing is written. Two who earn at once may save a share too much.
        if self.left.load(Relaxed) < SAVED * REPETITION {
            self.left.fetch_add(self.percent, Relaxed);
        }
    }

    /// A repetition would be made: is there one left?
    pub fn spend(&self) -> bool {
        self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(REPETITION)).is_ok()
    }
}

/// Whether doing it twice does nothing twice: reads, and writes that carry an `Idempotency-Key`.
pub(super) fn idempotent(call: &Call) -> bool {
    matches!(call.method, Method::GET | Method::HEAD) || call.headers.contains_key("idempotency-key")
}

/// How long to wait before the `repetition`th repetition (from 0); none where it would not help.
pub(super) fn pause(error: &CallError, repetition: u32) -> Option<Duration> {
    let doubled = PAUSE * 2u32.pow(repetition.min(5));
    match error {
        // It says when. A little later: not all at the same instant.
        CallError::Status { retry_after: Some(after), .. } => Some(*after + jittered(PAUSE)),
        CallError::Status { status: 502..=504, .. } => Some(jittered(doubled)),
        CallError::Transport(_) => Some(jittered(doubled)),
        // Its time is over: that was the caller's patience. A fault in its code (500), and whatever else it answers, it
        // would answer again.
        _ => None,
    }
}

fn jittered(longest: Duration) -> Duration {
    longest.mul_f64(rand::rng().random_range(SHORTEST..=1.0))
}

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date. None for what cannot be read.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?;
    let wait = at.timestamp().duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(wait).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_a_share_of_the_calls() {
        let budget = Budget::new(20);
        let made = (0..1_000).filter(|_| {
            budget.earn();
            budget.spend()
        });
        assert_eq!(made.count(), 200 + 3);
        let none = Budget::new(0);
        none.earn();
        assert!(!none.spend());
    }

    #[test]
    fn good_times_do_not_save_up_for_a_storm() {
        let budget = Budget::new(20);
        (0..10_000).for_each(|_| budget.earn());
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 10);
    }

    #[test]
    fn a_time_to_come_back_is_seconds_or_a_date() {
        let after = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, value.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(after("120"), Some(Duration::from_secs(120)));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        let later = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(3_600);
        let later = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&later).unwrap();
        let wait = after(&later).unwrap();
        assert!(wait > Duration::from_secs(3_500) && wait <= Duration::from_secs(3_600), "{later}: {wait:?}");
        assert_eq!(after("soon"), None);
    }
}

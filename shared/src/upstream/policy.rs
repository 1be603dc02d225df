//! How a BFF bears with one upstream: how long, how often, how many at once; and what the operator decides otherwise.

use crate::config::ResilienceSettings;
use std::time::Duration;

/// The limits of calls to one upstream. The BFF team's, in [`Upstream`](super::Upstream); the operator's
/// `[resilience.<upstream>]` goes over it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// A call, queueing and repetition included.
    pub timeout_ms: u64,
    pub connect_timeout_ms: u64,
    /// Repetitions of one call.
    pub retries: u32,
    /// Repetitions, of a hundred calls.
    pub retry_percent: u32,
    /// Calls under way at once.
    pub concurrency: usize,
    /// Calls that may wait for their turn.
    pub queue: usize,
    /// Failures in a row that open the breaker; 0: they do not.
    pub open_after: u32,
    /// Failures of a hundred calls that open it; 0: they do not.
    pub open_percent: u32,
    /// How long it stays open at first.
    pub open_ms: u64,
}

impl Policy {
    pub const DEFAULT: Self = Self {
        timeout_ms: 2_000,
        connect_timeout_ms: 1_000,
        retries: 1,
        retry_percent: 20,
        concurrency: 256,
        queue: 1_024,
        open_after: 5,
        open_percent: 50,
        open_ms: 1_000,
    };

    /// With what the operator says otherwise.
    pub fn with(self, operator: &ResilienceSettings) -> Self {
        Self {
            timeout_ms: operator.timeout_ms.unwrap_or(self.timeout_ms),
            connect_timeout_ms: operator.connect_timeout_ms.unwrap_or(self.connect_timeout_ms),
            retries: operator.retries.unwrap_or(self.retries),
            retry_percent: operator.retry_percent.unwrap_or(self.retry_percent),
            concurrency: operator.concurrency.unwrap_or(self.concurrency),
            queue: operator.queue.unwrap_or(self.queue),
            open_after: operator.open_after.unwrap_or(self.open_after),
            open_percent: operator.open_percent.unwrap_or(self.open_percent),
            open_ms: operator.open_ms.unwrap_or(self.open_ms),
        }
    }

    pub const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

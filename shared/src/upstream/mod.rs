//! The ways out: REST services behind this one, called as the request's caller or as ourselves.

mod address;
mod body;
mod breaker;
mod bulkhead;
mod call;
pub(crate) mod client;
mod decode;
mod endpoint;
pub mod events;
pub(crate) mod failure;
pub(crate) mod freshness;
mod policy;
mod retry;
pub(crate) mod tls;
pub mod write;
mod writes;

pub use client::{ClientError, Reply, Upstreams};
pub use decode::{one_row, rows};

use policy::Policy;

/// A REST service, as a BFF sees it: a constant in its `upstreams.rs`. Where it is comes from the configuration, which
/// may also say otherwise about any of these limits, under `[resilience.<name>]`.
#[derive(Clone, Copy, Debug)]
pub struct Upstream {
    name: &'static str,
    max_url: usize,
    max_body: usize,
    /// What it says to a write that it refuses is written for callers.
    speaks: bool,
    policy: Policy,
}

impl Upstream {
    /// Called `name` in configuration, logs and metrics. Two seconds a call, URLs up to 4 KiB, answers up to 8 MiB.
    pub const fn named(name: &'static str) -> Self {
        Self { name, max_url: 4_096, max_body: 8 << 20, speaks: false, policy: Policy::DEFAULT }
    }

    /// The longest a call may take, within the request's own deadline: waiting for its turn and a repetition included.
    /// 2000 ms, if nothing is said.
    #[must_use]
    pub const fn timeout_ms(self, timeout_ms: u64) -> Self {
        Self { policy: Policy { timeout_ms, ..self.policy }, ..self }
    }

    /// The longest that connecting may take, within the call's time. 1000 ms, if nothing is said.
    #[must_use]
    pub const fn connect_timeout_ms(self, connect_timeout_ms: u64) -> Self {
        Self { policy: Policy { connect_timeout_ms, ..self.policy }, ..self }
    }

    /// How often a call is made again that broke off or was answered 502, 503 or 504 (or 429 with a `Retry-After`):
    /// reads, and writes that carry an idempotency key. Once, if nothing is said.
    #[must_use]
    pub const fn retries(self, retries: u32) -> Self {
        Self { policy: Policy { retries, ..self.policy }, ..self }
    }

    /// The most repetitions, of a hundred calls; the first three are free. 20, if nothing is said.
    #[must_use]
    pub const fn retry_percent(self, retry_percent: u32) -> Self {
        Self { policy: Policy { retry_percent, ..self.policy }, ..self }
    }

    /// The most calls under way at once, and so the most connections kept. 256, if nothing is said: at 10 ms a call,
    /// 25,600 a second. It begins with 48 and grows while the upstream answers and calls wait.
    #[must_use]
    pub const fn concurrency(self, concurrency: usize) -> Self {
        Self { policy: Policy { concurrency, ..self.policy }, ..self }
    }

    /// The most calls that wait for their turn; the rest fail at once. 1024, if nothing is said.
    #[must_use]
    pub const fn queue(self, queue: usize) -> Self {
        Self { policy: Policy { queue, ..self.policy }, ..self }
    }

    /// So many failures in a row (no answer, or 5xx) open the breaker: the upstream is not asked, but for one call
    /// after each pause. 5, if nothing is said; 0: never.
    #[must_use]
    pub const fn open_after(self, open_after: u32) -> Self {
        Self { policy: Policy { open_after, ..self.policy }, ..self }
    }

    /// So many failures of a hundred calls within ten seconds open it too, if there were twenty. 50, if nothing is
    /// said; 0: never.
    #[must_use]
    pub const fn open_percent(self, open_percent: u32) -> Self {
        Self { policy: Policy { open_percent, ..self.policy }, ..self }
    }

    /// The first pause of the breaker; it doubles twice while the upstream stays away, and a quarter is chance.
    /// 1000 ms, if nothing is said.
    #[must_use]
    pub const fn open_ms(self, open_ms: u64) -> Self {
        Self { policy: Policy { open_ms, ..self.policy }, ..self }
    }

    /// The longest path and query, in bytes: a page of keys ends where it would grow beyond.
    #[must_use]
    pub const fn max_url_bytes(self, max_url: usize) -> Self {
        Self { max_url, ..self }
    }

    /// The longest answer, in bytes after decompression.
    #[must_use]
    pub const fn max_body_bytes(self, max_body: usize) -> Self {
        Self { max_body, ..self }
    }

    /// The `detail` of its problems (RFC 9457) is written for callers: a write that it refuses is answered with it. Of any
    /// other upstream nobody reads a word; what it said is in the log.
    #[must_use]
    pub const fn speaks_to_callers(self) -> Self {
        Self { speaks: true, ..self }
    }

    /// In configuration, logs and metrics.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The longest path and query, in bytes.
    pub const fn max_url(&self) -> usize {
        self.max_url
    }

    /// The longest answer, in bytes.
    pub const fn max_body(&self) -> usize {
        self.max_body
    }
}

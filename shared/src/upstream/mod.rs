//! The ways out: REST services behind this one, called as the request's caller or as ourselves.

pub(crate) mod client;
mod decode;
pub mod events;
pub(crate) mod freshness;
pub mod write;

pub use client::{ClientError, Reply, Upstreams};
pub use decode::{one_row, rows};

use std::time::Duration;

/// A REST service, as a BFF sees it: a constant in its `upstreams.rs`. Where it is comes from the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Upstream {
    name: &'static str,
    timeout_ms: u64,
    max_url: usize,
    max_body: usize,
}

impl Upstream {
    /// Called `name` in configuration, logs and metrics. Two seconds a call, URLs up to 4 KiB, answers up to 8 MiB.
    pub const fn named(name: &'static str) -> Self {
        Self { name, timeout_ms: 2_000, max_url: 4_096, max_body: 8 << 20 }
    }

    /// The longest a call may take, within the request's own deadline.
    #[must_use]
    pub const fn timeout_ms(self, timeout_ms: u64) -> Self {
        Self { timeout_ms, ..self }
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

    /// In configuration, logs and metrics.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The longest a call may take.
    pub const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
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

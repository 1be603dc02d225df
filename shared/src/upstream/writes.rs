//! How often something was written through this BFF: whatever was read before the last time may be wrong now.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Counts writes when they are over.
#[derive(Debug, Default)]
pub(crate) struct Writes(AtomicU64);

impl Writes {
    /// How many are over.
    pub fn over(&self) -> u64 {
        self.0.load(SeqCst)
    }

    /// One leaves. It is over when this is dropped, whatever came of it: nobody may know whether it was done.
    pub fn begin(&self) -> UnderWay<'_> {
        UnderWay(self)
    }
}

/// A write that is not over.
pub(crate) struct UnderWay<'a>(&'a Writes);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, SeqCst);
    }
}

//! Verdicts by text, within bounds that no client can use up for the others.
//!
//! What is seen once does not push out what is seen often: both caches admit a newcomer over the least used only if it was
//! asked for more often (TinyLFU). Refused documents have a cache of their own, so that errors, which are easy to make
//! up, take no room from documents that run. Registered documents are not here: who registers them holds them.

use super::{Prepared, Refusals};
use moka::sync::Cache;
use std::sync::Arc;

/// The memory that prepared documents may take, by an estimate that follows the length of the text.
pub const PREPARED_BYTES: u64 = 32 << 20;
/// The same of refused ones.
pub const REFUSED_BYTES: u64 = 4 << 20;
/// What a prepared document takes for each byte of its text, about.
const BYTES_PER_BYTE: usize = 40;
/// What an error takes beside its text, about.
const ERROR_BYTES: usize = 256;

pub struct Verdicts {
    prepared: Cache<Arc<str>, Arc<Prepared>>,
    refused: Cache<Arc<str>, Refusals>,
}

impl Verdicts {
    pub fn new() -> Self {
        let weight = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        Self {
            prepared: Cache::builder()
                .max_capacity(PREPARED_BYTES)
                .weigher(move |text: &Arc<str>, prepared: &Arc<Prepared>| {
                    weight(1_024 + text.len() * BYTES_PER_BYTE * prepared.plans())
                })
                .build(),
            refused: Cache::builder()
                .max_capacity(REFUSED_BYTES)
                .weigher(move |text: &Arc<str>, refusals: &Refusals| {
                    let told: usize = refusals.iter().map(|refusal| refusal.fault.message.len()).sum();
                    weight(256 + text.len() + refusals.len() * ERROR_BYTES + told)
                })
                .build(),
        }
    }

    pub fn get(&self, text: &str) -> Option<Result<Arc<Prepared>, Refusals>> {
        if let Some(prepared) = self.prepared.get(text) {
            return Some(Ok(prepared));
        }
        self.refused.get(text).map(Err)
    }

    pub fn keep(&self, text: &str, verdict: &Result<Arc<Prepared>, Refusals>) {
        match verdict {
            Ok(prepared) => self.prepared.insert(text.into(), prepared.clone()),
            Err(refusals) => self.refused.insert(text.into(), refusals.clone()),
        }
    }
}

#[cfg(test)]
impl Verdicts {
    /// Bytes of prepared and of refused ones, by the estimate.
    pub fn bytes(&self) -> (u64, u64) {
        self.prepared.run_pending_tasks();
        self.refused.run_pending_tasks();
        (self.prepared.weighted_size(), self.refused.weighted_size())
    }

    pub fn knows(&self, text: &str) -> bool {
        self.prepared.contains_key(text) || self.refused.contains_key(text)
    }
}

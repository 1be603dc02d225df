//! Verdicts by text, within bounds that no client can use up for the others (`fair.rs`).
//!
//! Refused documents have a cache of their own, so that errors, which are easy to make up, take no room from documents
//! that run. Registered documents are not here: who registers them holds them.

use super::{Prepared, Refusals};
use crate::graphql::fair::Fair;
use std::{net::IpAddr, sync::Arc};

/// The memory that prepared documents may take, by an estimate that follows the length of the text.
pub const PREPARED_BYTES: u64 = 32 << 20;
/// The same of refused ones.
pub const REFUSED_BYTES: u64 = 4 << 20;
/// What a prepared document takes for each byte of its text, about.
const BYTES_PER_BYTE: usize = 40;
/// What an error takes beside its text, about.
const ERROR_BYTES: usize = 256;

pub struct Verdicts {
    prepared: Fair<Arc<str>, Arc<Prepared>>,
    refused: Fair<Arc<str>, Refusals>,
}

impl Verdicts {
    pub fn new() -> Self {
        Self { prepared: Fair::new(PREPARED_BYTES), refused: Fair::new(REFUSED_BYTES) }
    }

    pub fn get(&self, text: &str, client: IpAddr) -> Option<Result<Arc<Prepared>, Refusals>> {
        if let Some(prepared) = self.prepared.get(text, client) {
            return Some(Ok(prepared));
        }
        self.refused.get(text, client).map(Err)
    }

    pub fn keep(&self, text: &str, verdict: &Result<Arc<Prepared>, Refusals>, client: IpAddr) {
        match verdict {
            Ok(prepared) => {
                let bytes = 1_024 + text.len() * BYTES_PER_BYTE * prepared.plans();
                self.prepared.keep(text.into(), prepared.clone(), bytes, client);
            }
            Err(refusals) => {
                let told: usize = refusals.iter().map(|refusal| refusal.fault.message.len()).sum();
                let bytes = 256 + text.len() + refusals.len() * ERROR_BYTES + told;
                self.refused.keep(text.into(), refusals.clone(), bytes, client);
            }
        }
    }
}

#[cfg(test)]
impl Verdicts {
    /// Bytes of prepared and of refused ones, by the estimate.
    pub fn bytes(&self) -> (u64, u64) {
        (self.prepared.bytes(), self.refused.bytes())
    }

    pub fn knows(&self, text: &str) -> bool {
        let nobody = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
        self.get(text, nobody).is_some()
    }
}

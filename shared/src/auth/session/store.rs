//! Where sessions are kept: in this process, or in Redis for all replicas. What is kept is sealed either way, under names
//! from which no cookie can be found out.
//!
//! Not by `tower-sessions`: its stores have no compare-and-set, which one renewal for all replicas needs, find no session by
//! the provider's `sid`, which a logout told from behind needs, and are not bounded in bytes.

mod memory;
mod shared;

use std::{fmt, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use sha2::{Digest, Sha256};

pub use memory::Memory;
pub use shared::Shared;

/// How long is remembered what may happen once only: longer than anything that could be replayed is valid.
pub const REMEMBERED: Duration = Duration::from_secs(900);

/// The store cannot be asked now; the text says why, for the log.
#[derive(Clone, Debug)]
pub struct StoreError(pub String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that says nothing about what it is the name of.
pub fn digest(purpose: &str, text: &str) -> String {
    URL_SAFE_NO_PAD
        .encode(Sha256::new().chain_update(purpose).chain_update([0]).chain_update(text).finalize())
}

/// How long a session is kept.
#[derive(Clone, Copy)]
pub struct Lifetimes {
    pub idle: Duration,
    pub absolute: Duration,
}

/// Sessions by their keys.
pub enum Store {
    Memory(Memory),
    Shared(Shared),
}

impl Store {
    /// Keeps a new session, to be found by its labels too.
    pub async fn create(&self, key: &str, sealed: Bytes, labels: Vec<String>) -> Result<(), StoreError> {
        match self {
            Self::Memory(memory) => {
                memory.create(key, sealed, labels);
                Ok(())
            }
            Self::Shared(shared) => shared.create(key, sealed, labels).await,
        }
    }

    /// The session, if there is one still; `used`, it has been used and is not idle.
    pub async fn read(&self, key: &str, used: bool) -> Result<Option<Bytes>, StoreError> {
        match self {
            Self::Memory(memory) => Ok(memory.read(key, used)),
            Self::Shared(shared) => shared.read(key, used).await,
        }
    }

    /// Puts this in its place; false, if it has ended meanwhile: nothing brings it back.
    pub async fn replace(&self, key: &str, sealed: Bytes) -> Result<bool, StoreError> {
        match self {
            Self::Memory(memory) => Ok(memory.replace(key, sealed)),
            Self::Shared(shared) => shared.replace(key, sealed).await,
        }
    }

    /// Ends it.
    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        match self {
            Self::Memory(memory) => {
                memory.remove(key);
                Ok(())
            }
            Self::Shared(shared) => shared.remove(key).await,
        }
    }

    /// Ends all that have this label, and tells which they were.
    pub async fn remove_labelled(&self, label: &str) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Memory(memory) => Ok(memory.remove_labelled(label)),
            Self::Shared(shared) => shared.remove_labelled(label).await,
        }
    }

    /// Whether this happens for the first time.
    pub async fn once(&self, what: &str) -> Result<bool, StoreError> {
        match self {
            Self::Memory(memory) => Ok(memory.once(what)),
            Self::Shared(shared) => shared.once(what).await,
        }
    }

    /// A lock that other replicas respect, for so long at most; None, if somebody else has it.
    pub async fn lock(&self, key: &str, longest: Duration) -> Result<Option<Lock>, StoreError> {
        match self {
            // Within this process there is one flight already.
            Self::Memory(_) => Ok(Some(Lock(String::new()))),
            Self::Shared(shared) => Ok(shared.lock(key, longest).await?.map(Lock)),
        }
    }

    pub async fn unlock(&self, key: &str, Lock(mine): Lock) {
        if let Self::Shared(shared) = self {
            shared.unlock(key, &mine).await;
        }
    }
}

/// Held by who renews a session's tokens.
pub struct Lock(String);

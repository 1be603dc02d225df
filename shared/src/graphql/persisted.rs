//! Automatic persisted queries: a client stores a document under its hash once, and asks for it by that from then on.
//!
//! The store is bounded in bytes, and what is used often stays: a text that is new gets in only in place of what was asked
//! for less often than it (TinyLFU). So whoever stores a great many documents, each once, pushes out nobody's that are in
//! use; who asks for each as often as others for theirs does, and then those are stored again at their next use, at the
//! price of one more request.

use moka::sync::Cache;
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, sync::Arc};

/// The SHA-256 of a text.
pub type Digest = [u8; 32];

/// What an entry takes beside its text, about.
const ENTRY_BYTES: usize = 256;

/// Documents that clients stored.
pub struct Persisted(Cache<Digest, Arc<str>>);

impl Persisted {
    /// With room for so many bytes.
    pub fn new(bytes: u64) -> Self {
        let weigh = |_: &Digest, text: &Arc<str>| u32::try_from(ENTRY_BYTES + text.len()).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(bytes).weigher(weigh).build())
    }

    /// The text of this hash.
    pub fn get(&self, digest: &Digest) -> Option<Arc<str>> {
        self.0.get(digest)
    }

    /// Keeps a text whose hash this is, if it is wanted more than what it would displace.
    pub fn keep(&self, digest: Digest, text: &str) {
        if !self.0.contains_key(&digest) {
            self.0.insert(digest, text.into());
            // At once: by itself the cache looks after its budget a few hundred insertions later.
            self.0.run_pending_tasks();
        }
    }
}

/// The hash of these bytes.
pub fn digest(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

/// In lower-case hex.
pub fn hex(digest: &Digest) -> String {
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut text, byte| {
        // Into memory: it cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Of lower-case hex, as clients write it.
pub fn parse(hex: &str) -> Option<Digest> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut digest = Digest::default();
    if hex.len() != 2 * digest.len() {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let digest = digest(b"{ a }");
        assert_eq!(parse(&hex(&digest)), Some(digest));
        assert_eq!(parse(&hex(&digest).to_uppercase()), None);
        assert_eq!(parse(&hex(&digest)[1..]), None);
        assert_eq!(parse(&"é".repeat(32)), None);
    }

    #[test]
    fn what_is_used_stays_and_the_store_is_as_large_as_it_may_be() {
        const BYTES: u64 = 64 * 1024;
        let persisted = Persisted::new(BYTES);
        let used: Vec<_> = (0..20).map(|n| format!("query Used{n} {{ a }}")).collect();
        let ask = |text: &String| match persisted.get(&digest(text.as_bytes())) {
            Some(_) => true,
            None => {
                persisted.keep(digest(text.as_bytes()), text);
                false
            }
        };
        for n in 0..4_000 {
            used.iter().for_each(|text| {
                ask(text);
            });
            let once = format!("query Once{n} {{ a }} # {}", "x".repeat(n % 500));
            ask(&once);
            assert!(persisted.0.weighted_size() <= BYTES);
        }
        assert!(persisted.0.entry_count() > 40, "there is room for more than those in use");
        assert!(used.iter().all(|text| persisted.get(&digest(text.as_bytes())).is_some()));
    }
}

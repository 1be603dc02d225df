//! Automatic persisted queries: a client stores a document under its hash once, and asks for it by that from then on.
//!
//! The store is bounded in bytes, of which no client has more than its share (`fair.rs`). What is pushed out is stored
//! again at its next use, at the price of one more request.

use super::fair::Fair;
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, net::IpAddr, sync::Arc};

/// The SHA-256 of a text.
pub type Digest = [u8; 32];

/// What an entry takes beside its text, about.
const ENTRY_BYTES: usize = 256;

/// Documents that clients stored.
pub struct Persisted(Fair<Digest, Arc<str>>);

impl Persisted {
    /// With room for so many bytes.
    pub fn new(bytes: u64) -> Self {
        Self(Fair::new(bytes))
    }

    /// The text of this hash, for a client at this address.
    pub fn get(&self, digest: &Digest, client: IpAddr) -> Option<Arc<str>> {
        self.0.get(digest, client)
    }

    /// Keeps a text whose hash this is, if it is wanted more than what it would displace.
    pub fn keep(&self, digest: Digest, text: &str, client: IpAddr) {
        if self.0.get(&digest, client).is_none() {
            self.0.keep(digest, text.into(), ENTRY_BYTES + text.len(), client);
            // At once: by itself the cache looks after its budget a few hundred insertions later.
            self.0.bytes();
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
        let ask = |text: &String, n: usize| {
            let client = std::net::Ipv4Addr::from_bits(0x0a00_0000 + n as u32).into();
            if persisted.get(&digest(text.as_bytes()), client).is_none() {
                persisted.keep(digest(text.as_bytes()), text, client);
            }
        };
        for n in 0..4_000 {
            used.iter().for_each(|text| ask(text, 0));
            let once = format!("query Once{n} {{ a }} # {}", "x".repeat(n % 500));
            ask(&once, n);
            assert!(persisted.0.bytes() <= BYTES);
        }
        assert!(persisted.0.bytes() > BYTES / 2, "there is room for more than those in use");
        let nobody = std::net::Ipv4Addr::UNSPECIFIED.into();
        assert!(used.iter().all(|text| persisted.get(&digest(text.as_bytes()), nobody).is_some()));
    }
}

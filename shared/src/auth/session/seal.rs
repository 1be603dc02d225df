//! What leaves this process in somebody else's hands, a store or a browser, is encrypted and bound to its place (AES-256-GCM).

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::config::Secret;

/// Bytes that say which key it is, and bytes that are never used twice with it.
const KEY_ID: usize = 4;
const NONCE: usize = 12;

/// Keys: the first seals, any opens.
pub struct Seal(Vec<Key>);

struct Key {
    id: [u8; KEY_ID],
    cipher: Aes256Gcm,
}

impl Seal {
    /// With these secrets, or with one that nobody else has and that ends with the process.
    pub fn new(secrets: &[Secret]) -> Self {
        if secrets.is_empty() {
            return Self(vec![Key::of(&rand::random::<[u8; 32]>())]);
        }
        Self(secrets.iter().map(|secret| Key::of(secret.expose().as_bytes())).collect())
    }

    /// Sealed for this place: what is opened elsewhere is not opened. None cannot be, but that is the cipher's word.
    pub fn seal(&self, place: &str, value: &impl Serialize) -> Option<Vec<u8>> {
        let key = self.0.first()?;
        let text = serde_json::to_vec(value).ok()?;
        let nonce = rand::random::<[u8; NONCE]>();
        let payload = Payload { msg: &text, aad: place.as_bytes() };
        let sealed = key.cipher.encrypt(&Nonce::from(nonce), payload).ok()?;
        Some([key.id.as_slice(), &nonce, &sealed].concat())
    }

    /// What was sealed for this place with one of the keys; None, if it was not, or has been changed since.
    pub fn open<T: DeserializeOwned>(&self, place: &str, sealed: &[u8]) -> Option<T> {
        let (id, rest) = sealed.split_first_chunk::<KEY_ID>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
        let key = self.0.iter().find(|key| key.id == *id)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        let text = key.cipher.decrypt(&Nonce::from(*nonce), payload).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

impl Key {
    /// Secrets are random and long: they need to be given another shape, not to be made harder to guess.
    fn of(secret: &[u8]) -> Self {
        let derived = |purpose: &[u8]| {
            <[u8; 32]>::from(Sha256::new().chain_update(purpose).chain_update(secret).finalize())
        };
        let [a, b, c, d, ..] = derived(b"session key id: ");
        Self { id: [a, b, c, d], cipher: Aes256Gcm::new(&derived(b"session key: ").into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(names: &[&str]) -> Vec<Secret> {
        names.iter().map(|name| Secret::new(name.repeat(32))).collect()
    }

    #[test]
    fn opens_in_its_place_only_and_only_unchanged() {
        let seal = Seal::new(&secrets(&["a"]));
        let sealed = seal.seal("here", &"words").unwrap();
        assert_eq!(seal.open::<String>("here", &sealed).as_deref(), Some("words"));
        assert_eq!(seal.open::<String>("there", &sealed), None);
        assert!(!sealed.windows(5).any(|window| window == b"words"));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open::<String>("here", &changed), None, "byte {at}");
            assert_eq!(seal.open::<String>("here", &sealed[..at]), None, "{at} bytes");
        }
    }

    #[test]
    fn a_new_key_seals_and_the_old_one_still_opens() {
        let old = Seal::new(&secrets(&["a"])).seal("here", &1).unwrap();
        let both = Seal::new(&secrets(&["b", "a"]));
        let new = both.seal("here", &2).unwrap();
        assert_eq!((both.open("here", &old), both.open("here", &new)), (Some(1), Some(2)));
        let only_new = Seal::new(&secrets(&["b"]));
        assert_eq!((only_new.open::<i32>("here", &old), only_new.open("here", &new)), (None, Some(2)));
        assert_eq!(Seal::new(&[]).open::<i32>("here", &new), None);
    }
}

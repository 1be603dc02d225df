//! What a key looks like: `bk_` and eight letters or digits by which it is found, `_`, and a secret of 256 random bits.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::Rng as _;
use sha2::{Digest as _, Sha256};

/// What every key begins with, so that scanners for leaked secrets can find it.
pub(super) const MARK: &str = "bk_";
/// Letters and digits of the part by which it is found.
const NAME: usize = 8;
/// Of the secret: 32 bytes in base64url.
const SECRET: usize = 43;

/// A text that has the shape of a key. Whether it is one is known to who issued it.
#[derive(Clone, Copy)]
pub struct ApiKey<'k>(&'k str);

impl<'k> ApiKey<'k> {
    /// None, if the text cannot be a key.
    pub fn read(text: &'k str) -> Option<Self> {
        let (name, secret) = text.strip_prefix(MARK)?.split_at_checked(NAME)?;
        let secret = secret.strip_prefix('_')?;
        let fits = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            && secret.len() == SECRET
            && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        fits.then_some(Self(text))
    }

    /// The part that is no secret: under it a key is listed, looked up and revoked.
    pub fn id(&self) -> &'k str {
        &self.0[..MARK.len() + NAME]
    }

    /// All that is kept of a key.
    ///
    /// One round of SHA-256, and no argon2: that makes *guessable* secrets dear to guess, at a hundredth of a second and
    /// many megabytes for each request. Nobody guesses 256 random bits, however quick the hash.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// A key that the demo comes with, and that everybody may know.
    pub fn is_of_the_demo(&self) -> bool {
        is_of_the_demo(self.id())
    }
}

/// Whether the id is one of the demo's keys: no other key is ever given such an id.
pub fn is_of_the_demo(id: &str) -> bool {
    id.strip_prefix(MARK).is_some_and(|name| name.starts_with("demo"))
}

/// A new key, to be shown once.
pub fn generate() -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut random = rand::rng();
    loop {
        let name: String =
            (0..NAME).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect();
        let secret = URL_SAFE_NO_PAD.encode(random.random::<[u8; 32]>());
        let key = format!("{MARK}{name}_{secret}");
        if !is_of_the_demo(&key) {
            return key;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_can_be_read_and_no_two_are_alike() {
        let (one, other) = (generate(), generate());
        let (one, other) = (ApiKey::read(&one).unwrap(), ApiKey::read(&other).unwrap());
        assert_ne!((one.id(), one.digest()), (other.id(), other.digest()));
        assert!(one.id().starts_with("bk_") && one.id().len() == 11 && !one.is_of_the_demo());
    }

    #[test]
    fn what_cannot_be_a_key_is_none() {
        let key = generate();
        for text in [
            String::new(),
            "bk_".to_owned(),
            key[..54].to_owned(),
            format!("{key}x"),
            key.replacen("bk_", "sk_", 1),
            key.replacen("bk_", "bk-", 1),
            format!("bk_ABCDEFGH{}", &key[11..]),
            format!("{}%{}", &key[..30], &key[31..]),
            format!("bk_aé{}", &key[6..]),
        ] {
            assert!(ApiKey::read(&text).is_none(), "{text}");
        }
    }
}

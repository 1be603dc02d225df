//! Keys that internal tokens are signed with: read from PEM, or made for one run.

use jsonwebtoken::{
    Algorithm, EncodingKey,
    jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash},
};
use p256::{
    SecretKey,
    elliptic_curve::rand_core::OsRng,
    pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _},
};

use crate::config::{Secret, environment_name};

const MAKE: &str = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out internal.pem";

/// A key that signs, and what is published: it, and those that signed before or will sign next.
pub(super) struct Keys {
    id: String,
    signs: EncodingKey,
    public: JwkSet,
}

impl Keys {
    /// From PEM: the first signs.
    pub fn read(pem: &Secret) -> Result<Self, String> {
        // Never the parsers' own words: they might quote what they read.
        let wrong = |cause: &str| format!("`auth.internal.key` {cause}; make one with: {MAKE}");
        let blocks = pem::parse_many(pem.expose()).map_err(|_| wrong("is not PEM"))?;
        let keys = blocks.iter().filter_map(|block| match block.tag() {
            "PRIVATE KEY" => Some(SecretKey::from_pkcs8_der(block.contents()).ok()),
            "EC PRIVATE KEY" => Some(SecretKey::from_sec1_der(block.contents()).ok()),
            // OpenSSL writes the curve's name before the key.
            "EC PARAMETERS" => None,
            _ => Some(None),
        });
        let keys: Option<Vec<_>> = keys.collect();
        let keys =
            keys.ok_or_else(|| wrong("has something in it that is no private key on the curve P-256"))?;
        if keys.is_empty() {
            return Err(wrong("has no private key in it"));
        }
        Self::of(&keys)
    }

    /// One that lives as long as this process.
    pub fn generate() -> Result<Self, String> {
        Self::of(&[SecretKey::random(&mut OsRng)])
    }

    fn of(keys: &[SecretKey]) -> Result<Self, String> {
        let wrong = |error: &dyn std::fmt::Display| format!("`auth.internal.key` cannot be used: {error}");
        let mut signs = None;
        let mut public = JwkSet { keys: Vec::new() };
        for key in keys {
            let der = key.to_pkcs8_der().map_err(|error| wrong(&error))?;
            let private = EncodingKey::from_ec_der(der.as_bytes());
            let mut jwk =
                Jwk::from_encoding_key(&private, Algorithm::ES256).map_err(|error| wrong(&error))?;
            // The same key has the same name, whichever replica publishes it.
            let id = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|error| wrong(&error))?;
            jwk.common.key_id = Some(id.clone());
            jwk.common.public_key_use = Some(PublicKeyUse::Signature);
            public.keys.push(jwk);
            signs = signs.or(Some((id, private)));
        }
        let (id, signs) = signs.ok_or_else(|| wrong(&"there is none"))?;
        Ok(Self { id, signs, public })
    }

    /// The name of the key that signs.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn into_parts(self) -> (String, EncodingKey, JwkSet) {
        (self.id, self.signs, self.public)
    }
}

/// What to do about a key that is not there.
pub(super) fn missing(service: &str) -> String {
    let variable = environment_name(service, "auth.internal.key.file");
    format!(
        "`auth.internal.key` is not set: without it, the services behind this one cannot be told on whose behalf they are \
         asked. Make one with: {MAKE}; and name it with {variable}=internal.pem, the same for all replicas"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::pkcs8::LineEnding;

    fn pem(key: &SecretKey) -> String {
        key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
    }

    #[test]
    fn the_first_signs_and_all_are_published() {
        let (one, two) = (SecretKey::random(&mut OsRng), SecretKey::random(&mut OsRng));
        let sec1 = two.to_sec1_pem(LineEnding::LF).unwrap();
        let alone = Keys::read(&Secret::new(pem(&one))).unwrap();
        let both = Keys::read(&Secret::new(format!("{}{}", pem(&one), sec1.as_str()))).unwrap();
        let turned = Keys::read(&Secret::new(format!("{}\n{}", pem(&two), pem(&one)))).unwrap();
        assert_eq!((alone.id(), alone.public.keys.len()), (both.id(), 1));
        assert_eq!((both.public.keys.len(), turned.public.keys.len()), (2, 2));
        assert_eq!(turned.public.keys[1], both.public.keys[0]);
        assert_ne!(turned.id(), both.id());
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_quoted() {
        let certificate = "-----BEGIN CERTIFICATE-----\nTUFSS0VS\n-----END CERTIFICATE-----\n";
        let other = "-----BEGIN PRIVATE KEY-----\nTUFSS0VS\n-----END PRIVATE KEY-----\n";
        for text in
            ["MARKER", certificate, other, "-----BEGIN MARKER", "-----BEGIN X-----\nMARKER!\n-----END Y-----"]
        {
            let refused = Keys::read(&Secret::new(text)).err().unwrap();
            assert!(refused.contains("auth.internal.key") && refused.contains("openssl"), "{refused}");
            assert!(!refused.contains("MARKER") && !refused.contains("TUFSS"), "{refused}");
        }
    }
}

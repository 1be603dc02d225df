//! The provider's public keys: which of them count, and what each may be used for.

use std::str::FromStr;

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;

/// All that a token may be signed with. None of them is symmetric: what a provider publishes is no secret.
pub(super) const ALGORITHMS: [Algorithm; 2] = [Algorithm::ES256, Algorithm::RS256];

/// The shortest modulus of an RSA key (RFC 7518 §3.3), 2048 bits, as it is written in base64.
const RSA_MODULUS: usize = 2048 / 6;

/// One key and the only algorithm it may be used with: the token's header has no say.
pub(super) struct Key {
    id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

pub(super) struct KeySet(Vec<Key>);

impl KeySet {
    /// Keeps the keys that can verify ES256 or RS256 signatures.
    pub(super) fn from_jwks(jwks: &JwkSet) -> Self {
        Self(jwks.keys.iter().filter_map(Key::from_jwk).collect())
    }

    /// The same of a document. A key that cannot be read, as those of a later day, is passed over (RFC 7517 §5).
    pub(super) fn read(document: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<serde_json::Value>,
        }
        let Document { keys } = serde_json::from_slice(document)?;
        let keys = keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
        Ok(Self::from_jwks(&JwkSet { keys }))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key a token names; a token that names none is only clear when there is a single key.
    pub(super) fn find(&self, id: Option<&str>) -> Option<&Key> {
        match (id, self.0.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
        }
    }
}

impl Key {
    fn from_jwk(jwk: &Jwk) -> Option<Self> {
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
                Algorithm::ES256
            }
            AlgorithmParameters::RSA(key) if key.n.len() >= RSA_MODULUS => Algorithm::RS256,
            _ => return None,
        };
        let common = &jwk.common;
        let for_another_use = common.public_key_use.as_ref().is_some_and(|is| *is != PublicKeyUse::Signature)
            || common.key_operations.as_ref().is_some_and(|does| !does.contains(&KeyOperations::Verify));
        let for_another_algorithm = common
            .key_algorithm
            .is_some_and(|named| Algorithm::from_str(&named.to_string()).ok() != Some(algorithm));
        if for_another_use || for_another_algorithm {
            return None;
        }
        Some(Self { id: common.key_id.clone(), algorithm, key: DecodingKey::from_jwk(jwk).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_keys_that_verify_what_is_allowed_count() {
        let (x, y) =
            ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        let ec = |kid: &str, more: serde_json::Value| {
            let mut key = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid});
            key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            key
        };
        let keys = [
            ec("good", json!({"use": "sig", "alg": "ES256", "key_ops": ["verify"]})),
            ec("plain", json!({})),
            ec("encrypts", json!({"use": "enc"})),
            ec("signs", json!({"key_ops": ["sign"]})),
            ec("other", json!({"alg": "ES384"})),
            json!({"kty": "oct", "k": "c2VjcmV0", "kid": "secret", "alg": "HS256"}),
            json!({"kty": "RSA", "n": "A".repeat(86), "e": "AQAB", "kid": "short"}),
            json!({"kty": "RSA", "n": "A".repeat(342), "e": "AQAB", "kid": "long"}),
            json!({"kty": "LATER", "kid": "later"}),
            json!("nonsense"),
        ];
        let set = KeySet::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
        let kept: Vec<_> = set.0.iter().filter_map(|key| key.id.as_deref()).collect();
        assert_eq!(kept, ["good", "plain", "long"]);
        assert!(set.find(Some("secret")).is_none() && set.find(None).is_none());
        assert!(KeySet::read(b"<!doctype html>").is_err());
    }
}

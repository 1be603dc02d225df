//! A service in front of others, as those see it: a key, where its public half is, and tokens for whom the test says.

use super::{Fake, Place, Value, json};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bff::config::Secret;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use std::{
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};

/// One key for all that a test process starts: replicas share theirs, too.
static KEY: LazyLock<Vec<u8>> = LazyLock::new(super::issuer::new_key);

/// In the words of `auth.internal.key`: what every BFF is given that a test starts in production, or as a process.
pub fn internal_key() -> Secret {
    Secret::new(pem(&KEY))
}

/// Its PEM.
pub(crate) fn pem(der: &[u8]) -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
}

/// Whom a REST service is told to trust.
#[derive(Clone)]
pub struct Front {
    fake: Fake,
    key: EncodingKey,
    id: String,
}

impl Place for Front {
    /// Where its public keys are.
    fn url(&self) -> String {
        format!("{}/.well-known/jwks.json", self.fake.url())
    }
}

impl Front {
    /// What it calls itself.
    pub const NAME: &str = "front";

    /// On a free port, with the key that all BFFs of this test process have.
    pub async fn start() -> Self {
        Self::with(&KEY).await
    }

    /// With a key of its own.
    pub async fn stranger() -> Self {
        Self::with(&super::issuer::new_key()).await
    }

    async fn with(der: &[u8]) -> Self {
        let fake = Fake::start().await;
        let key = EncodingKey::from_ec_der(der);
        #[expect(clippy::expect_used, reason = "the key was made just now")]
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).expect("a key");
        let id = jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256);
        #[expect(clippy::expect_used, reason = "the key was made just now")]
        let id = id.expect("a key");
        jwk.common.key_id = Some(id.clone());
        fake.get("/.well-known/jwks.json", move |_| json!({"keys": [jwk.clone()]}));
        Self { fake, key, id }
    }

    /// A token that tells `audience` that this user asks, with further claims; null takes one away.
    pub fn token(&self, audience: &str, user: &str, claims: Value) -> String {
        let mut all = json!({"sub": user});
        for (name, value) in claims.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        self.sign("internal+jwt", audience, all)
    }

    /// One that tells `audience` that it asks for itself.
    pub fn own_token(&self, audience: &str) -> String {
        self.sign("internal+jwt", audience, json!({"sub": Self::NAME, "service": true}))
    }

    /// Any claims over the usual ones, and any type.
    pub fn sign(&self, kind: &str, audience: &str, claims: Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        // Good for as long as a test may run.
        let mut all = json!({"iss": Self::NAME, "aud": audience, "iat": now, "exp": now + 3_600});
        for (name, value) in claims.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        if let Some(all) = all.as_object_mut() {
            all.retain(|_, value| !value.is_null());
        }
        let (kid, typ) = (Some(self.id.clone()), Some(kind.to_owned()));
        let header = Header { kid, typ, ..Header::new(Algorithm::ES256) };
        #[expect(clippy::expect_used, reason = "a test may panic")]
        encode(&header, &all, &self.key).expect("a token")
    }

    /// Its key, in the words of `auth.internal.key`.
    pub fn key(&self) -> Secret {
        Secret::new(pem(self.key.as_bytes()))
    }

    /// What was asked of it.
    pub fn fake(&self) -> &Fake {
        &self.fake
    }
}

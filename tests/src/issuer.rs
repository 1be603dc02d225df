//! A token provider: OpenID discovery, a key, tokens for whom the test says.

use super::{Authority, Fake, Place, Value, json};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use rand::RngCore;
use std::time::{SystemTime, UNIX_EPOCH};

/// A private key on the curve P-256 as PKCS #8 (RFC 5208, RFC 5915), up to the secret number itself.
const PKCS8_P256: [u8; 35] = [
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04,
    0x20,
];

/// A provider with one key of its own.
#[derive(Clone)]
pub struct Issuer {
    fake: Fake,
    key: EncodingKey,
}

impl Place for Issuer {
    fn url(&self) -> String {
        self.fake.url()
    }
}

impl Issuer {
    /// On a free port, with a new key.
    pub async fn start() -> Self {
        Self::of(Fake::start().await)
    }

    /// The same behind TLS, with this authority's certificate for that name.
    pub async fn secure(authority: &Authority, name: &str) -> Self {
        Self::of(Fake::secure(authority, name).await)
    }

    fn of(fake: Fake) -> Self {
        let key = EncodingKey::from_ec_der(&new_key());
        #[expect(clippy::expect_used, reason = "the key was made just now")]
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).expect("a key");
        jwk.common.key_id = Some("kit".to_owned());
        let url = fake.url();
        fake.get(
            "/.well-known/openid-configuration",
            move |_| json!({"issuer": url, "jwks_uri": format!("{url}/jwks.json")}),
        );
        fake.get("/jwks.json", move |_| json!({"keys": [jwk.clone()]}));
        Self { fake, key }
    }

    /// A token for this subject, good for an hour.
    pub fn token(&self, subject: &str) -> String {
        self.token_with(subject, json!({}))
    }

    /// With other claims, such as `{"scope": "a b", "plan": "premium", "exp": 0}`; null takes one away.
    #[track_caller]
    pub fn token_with(&self, subject: &str, claims: Value) -> String {
        self.token_of("at+jwt", subject, claims)
    }

    /// Of another kind than an access token's: `JWT`, `logout+jwt`.
    #[track_caller]
    pub fn token_of(&self, typ: &str, subject: &str, claims: Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut all =
            json!({"iss": self.url(), "aud": "bespoke", "sub": subject, "iat": now, "exp": now + 3_600});
        for (name, value) in claims.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        if let Some(all) = all.as_object_mut() {
            all.retain(|_, value| !value.is_null());
        }
        let (kid, typ) = (Some("kit".to_owned()), Some(typ.to_owned()));
        let header = Header { kid, typ, ..Header::new(Algorithm::ES256) };
        #[expect(clippy::expect_used, reason = "a test may panic")]
        encode(&header, &all, &self.key).expect("a token")
    }

    /// What was asked of the provider.
    pub fn fake(&self) -> &Fake {
        &self.fake
    }
}

pub(crate) fn new_key() -> Vec<u8> {
    let mut secret = [0; 32];
    rand::rng().fill_bytes(&mut secret);
    // Between 1 and the order of the curve, which begins with 0xff.
    secret[0] = 0x42;
    [PKCS8_P256.as_slice(), &secret].concat()
}

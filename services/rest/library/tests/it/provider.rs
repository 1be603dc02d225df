//! A token provider with a key of its own: discovery, keys, and tokens for whoever a test wants to be.

use axum::Router;
use axum::routing::get;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use p256::SecretKey;
use p256::elliptic_curve::rand_core::OsRng;
use p256::pkcs8::EncodePrivateKey as _;
use serde_json::json;

pub struct Provider {
    pub issuer: String,
    key: EncodingKey,
}

impl Provider {
    pub async fn start() -> Self {
        let der = SecretKey::random(&mut OsRng).to_pkcs8_der().unwrap();
        let key = EncodingKey::from_ec_der(der.as_bytes());
        let jwks = json!({ "keys": [Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap()] }).to_string();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let discovery = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/jwks.json") }).to_string();
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(async move || discovery.clone()))
            .route("/jwks.json", get(async move || jwks.clone()));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { issuer, key }
    }

    pub fn token(&self, subject: &str, scope: &str) -> String {
        let claims = json!({
            "iss": self.issuer, "aud": "bespoke", "sub": subject, "scope": scope, "iat": 1_700_000_000_u64,
            "exp": 4_000_000_000_u64,
        });
        jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &self.key).unwrap()
    }
}

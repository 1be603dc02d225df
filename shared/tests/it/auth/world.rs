//! An OpenID provider with several keys, tokens of every kind, and a server that says who calls.

use axum::{Router, routing::get};
use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use bff::{
    app::Running,
    auth::Caller,
    config::{AuthSettings, Settings},
};
use http::StatusCode;
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use kit::{Fake, Place, Reply, Value, json};
use parking_lot::Mutex;
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::client::{Answer, send, serve, settings};

/// An RSA key (PKCS #1) that signs nothing but tokens of these tests.
const RSA: &str = include_str!("rsa.base64");

/// The keys are called by their numbers. 0 is an RSA key; any other is a P-256 key around that scalar, as PKCS #8: none has
/// to be stored, and none is secret.
pub fn key(number: u8) -> EncodingKey {
    const PKCS8: &[u8] =
        b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\
        \x03\x01\x07\x04\x27\x30\x25\x02\x01\x01\x04\x20";
    match number {
        0 => EncodingKey::from_rsa_der(&BASE64_STANDARD.decode(RSA.replace('\n', "")).unwrap()),
        scalar => EncodingKey::from_ec_der(&[PKCS8, &[scalar; 32]].concat()),
    }
}

pub fn algorithm(number: u8) -> Algorithm {
    if number == 0 { Algorithm::RS256 } else { Algorithm::ES256 }
}

pub fn jwk(number: u8) -> Jwk {
    let mut jwk = Jwk::from_encoding_key(&key(number), algorithm(number)).unwrap();
    jwk.common.key_id = Some(format!("key-{number}"));
    jwk
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The header of an access token signed with this key.
pub fn header(number: u8) -> Header {
    let (kid, typ) = (Some(format!("key-{number}")), Some("at+jwt".to_owned()));
    Header { kid, typ, ..Header::new(algorithm(number)) }
}

pub fn sign(header: &Header, claims: &Value, number: u8) -> String {
    jsonwebtoken::encode(header, claims, &key(number)).unwrap()
}

/// A part of a token, as it is written.
pub fn encoded(part: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(part.to_string())
}

const DISCOVERY: &str = "/.well-known/openid-configuration";
const JWKS: &str = "/jwks.json";

pub struct Provider {
    pub fake: Fake,
    published: Arc<Mutex<Vec<u8>>>,
}

impl Provider {
    /// That publishes these keys.
    pub async fn start(keys: &[u8]) -> Self {
        let provider = Self { fake: Fake::start().await, published: Arc::new(Mutex::new(keys.to_vec())) };
        provider.is_called(&provider.issuer());
        provider.is_up();
        provider
    }

    pub fn issuer(&self) -> String {
        self.fake.url()
    }

    /// The issuer that it says it is.
    pub fn is_called(&self, name: &str) {
        let (issuer, jwks_uri) = (name.to_owned(), format!("{}{JWKS}", self.issuer()));
        self.fake.get(DISCOVERY, move |_| json!({"issuer": issuer, "jwks_uri": jwks_uri}));
    }

    /// Where it says that its keys are.
    pub fn keys_are_at(&self, place: &str) {
        let (issuer, jwks_uri) = (self.issuer(), place.to_owned());
        self.fake.get(DISCOVERY, move |_| json!({"issuer": issuer, "jwks_uri": jwks_uri}));
    }

    pub fn is_up(&self) {
        let published = self.published.clone();
        self.fake.get(JWKS, move |_| {
            let keys: Vec<_> = published.lock().iter().map(|number| jwk(*number)).collect();
            json!({ "keys": keys })
        });
    }

    /// From now on it answers so when it is asked for keys.
    pub fn answers(&self, reply: impl Fn() -> Reply + Send + Sync + 'static) {
        self.fake.get(JWKS, move |_| reply());
    }

    pub fn publishes(&self, keys: &[u8]) {
        *self.published.lock() = keys.to_vec();
    }

    /// How often it was asked for keys.
    pub fn fetches(&self) -> usize {
        self.fake.count(JWKS)
    }

    /// Waits until it was asked for keys so often.
    pub async fn asked(&self, fetches: usize) {
        self.fake.until_called(JWKS, fetches).await;
    }

    /// Waits until it is being asked for keys.
    pub async fn being_asked(&self) {
        self.fake.until_under_way(JWKS, 1).await;
    }

    /// A caller may make us ask it as often as they like, so that tests need not wait.
    pub fn settings(&self) -> AuthSettings {
        AuthSettings {
            issuer: Some(self.issuer().parse().unwrap()),
            keys_retry_s: 0,
            ..AuthSettings::default()
        }
    }

    /// What a good token says.
    pub fn claims(&self) -> Value {
        claims(&self.issuer())
    }

    /// A good token, signed with this key.
    pub fn token(&self, number: u8) -> String {
        sign(&header(number), &self.claims(), number)
    }

    /// The same, but for one claim; null takes it away.
    pub fn token_but(&self, claim: &str, value: Value) -> String {
        sign(&header(1), &self.claims_but(claim, value), 1)
    }

    pub fn claims_but(&self, claim: &str, value: Value) -> Value {
        let mut claims = self.claims();
        claims[claim] = value;
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        claims
    }
}

pub fn claims(issuer: &str) -> Value {
    json!({
        "iss": issuer, "aud": "bespoke", "sub": "user-1", "scope": "read write", "plan": "premium",
        "client_id": "app", "iat": now(), "exp": now() + 600,
    })
}

async fn who(caller: Caller) -> String {
    format!(
        "{:?} {:?} {:?} {} {}",
        caller.subject(),
        caller.plan(),
        caller.client_id(),
        caller.has_scope("write"),
        caller.has_scope("writ")
    )
}

pub const ANONYMOUS: &str = "None None None false false";
pub const SIGNED_IN: &str = r#"Some("user-1") Some("premium") Some("app") true false"#;

pub fn routes() -> Router {
    Router::new().route("/", get(who))
}

pub async fn server(auth: AuthSettings) -> Running {
    serve(Settings { auth, ..settings() }, routes()).await
}

pub async fn ask_as(server: &Running, authorization: &str) -> Answer {
    send(reqwest::Client::new().get(server.url()).header("authorization", authorization)).await
}

pub async fn ask(server: &Running, token: &str) -> Answer {
    ask_as(server, &format!("Bearer {token}")).await
}

/// All that whoever sends a wrong token is told, whatever is wrong with it.
#[track_caller]
pub fn refused(answer: &Answer, what: &str) {
    assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "TOKEN_INVALID".into()), "{what}");
    assert_eq!(
        answer.json()["errors"][0]["message"],
        "The credential is not accepted. Sign in again, or leave it out to ask as nobody in particular.",
        "{what}"
    );
    assert_eq!(answer.headers["www-authenticate"], "Bearer error=\"invalid_token\"", "{what}");
}

#[track_caller]
pub fn expired(answer: &Answer) {
    assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "TOKEN_EXPIRED".into()));
    let challenge = answer.headers["www-authenticate"].to_str().unwrap();
    assert_eq!(challenge, "Bearer error=\"invalid_token\", error_description=\"The credential expired\"");
}

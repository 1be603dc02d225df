//! Whose requests are served, and what happens when the token provider is slow, rotating or gone.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use bff::{
    app::{self, App, Running},
    auth::{Authenticator, Caller, JwkSet, Verifier},
    config::{AuthSettings, Settings},
};
use http::StatusCode;
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value, json};

use crate::client::{Answer, send, serve, settings};

/// A P-256 key as PKCS #8 around a given scalar: no key has to be stored, and none is secret.
fn key(scalar: u8) -> EncodingKey {
    const PKCS8: &[u8] =
        b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\
        \x03\x01\x07\x04\x27\x30\x25\x02\x01\x01\x04\x20";
    EncodingKey::from_ec_der(&[PKCS8, &[scalar; 32]].concat())
}

fn jwk(scalar: u8) -> Jwk {
    let mut jwk = Jwk::from_encoding_key(&key(scalar), Algorithm::ES256).unwrap();
    jwk.common.key_id = Some(format!("key-{scalar}"));
    jwk
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn claims(issuer: &str) -> Value {
    json!({
        "iss": issuer, "aud": "bespoke", "sub": "user-1", "scope": "read write", "plan": "premium",
        "iat": now(), "exp": now() + 600,
    })
}

fn token(scalar: u8, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(format!("key-{scalar}"));
    jsonwebtoken::encode(&header, claims, &key(scalar)).unwrap()
}

/// An OpenID provider that counts what it is asked and can be switched off.
struct Provider {
    running: Running,
    state: Arc<ProviderState>,
}

struct ProviderState {
    scalars: parking_lot::Mutex<Vec<u8>>,
    up: AtomicBool,
    /// The issuer that the provider says it is, if not the one it was asked as.
    alias: parking_lot::Mutex<Option<&'static str>>,
    fetches: AtomicUsize,
}

impl Provider {
    async fn start(scalar: u8) -> Self {
        let scalars = parking_lot::Mutex::new(vec![scalar]);
        let (up, fetches) = (AtomicBool::new(true), AtomicUsize::new(0));
        let state = Arc::new(ProviderState { scalars, up, alias: parking_lot::Mutex::new(None), fetches });
        let discovery = get(async |State(state): State<Arc<ProviderState>>, headers: http::HeaderMap| {
            let base = format!("http://{}", headers["host"].to_str().unwrap());
            let issuer = state.alias.lock().map_or_else(|| base.clone(), str::to_owned);
            Json(json!({"issuer": issuer, "jwks_uri": format!("{base}/jwks.json")}))
        });
        let jwks = get(async |State(state): State<Arc<ProviderState>>| {
            state.fetches.fetch_add(1, Relaxed);
            if !state.up.load(Relaxed) {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
            let keys = state.scalars.lock().iter().map(|scalar| jwk(*scalar)).collect();
            Json(JwkSet { keys }).into_response()
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", discovery)
            .route("/jwks.json", jwks)
            .with_state(Arc::clone(&state));
        Self { running: serve(settings(), router).await, state }
    }

    fn issuer(&self) -> String {
        self.running.url()
    }

    fn settings(&self) -> AuthSettings {
        AuthSettings {
            issuer: Some(self.issuer().parse().unwrap()),
            keys_retry_s: 0,
            ..AuthSettings::default()
        }
    }

    fn fetches(&self) -> usize {
        self.state.fetches.load(Relaxed)
    }
}

async fn who(caller: Caller) -> String {
    format!(
        "{:?} {:?} {} {}",
        caller.subject(),
        caller.plan(),
        caller.has_scope("write"),
        caller.has_scope("writ")
    )
}

const ANONYMOUS: &str = "None None false false";
const SIGNED_IN: &str = r#"Some("user-1") Some("premium") true false"#;

async fn server(auth: AuthSettings) -> Running {
    serve(Settings { auth, ..settings() }, Router::new().route("/", get(who))).await
}

async fn ask(server: &Running, authorization: &str) -> Answer {
    send(reqwest::Client::new().get(server.url()).header("authorization", authorization)).await
}

fn refused(answer: &Answer, reason: &str) {
    assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED".into()));
    assert!(answer.text.contains(reason), "{reason:?}: {}", answer.text);
    let challenge = answer.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.starts_with("Bearer error=\"invalid_token\""), "{challenge}");
}

#[tokio::test]
async fn a_good_token_is_a_caller_and_none_is_anonymous() {
    let provider = Provider::start(1).await;
    let server = server(provider.settings()).await;
    assert_eq!(send(reqwest::Client::new().get(server.url())).await.text, ANONYMOUS);
    assert_eq!(provider.fetches(), 0, "an anonymous caller needs no keys");
    let token = token(1, &claims(&provider.issuer()));
    assert_eq!(ask(&server, &format!("Bearer {token}")).await.text, SIGNED_IN);
    assert_eq!(ask(&server, &format!("bearer {token}")).await.text, SIGNED_IN);
    assert_eq!(provider.fetches(), 1);
}

#[tokio::test]
async fn every_kind_of_wrong_token_is_refused_with_its_reason() {
    let provider = Provider::start(1).await;
    let server = server(provider.settings()).await;
    let good = claims(&provider.issuer());
    let but = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        token(1, &claims)
    };
    let mut forged = token(2, &good);
    forged.replace_range(..forged.find('.').unwrap(), token(1, &good).split('.').next().unwrap());
    // The classic confusion: a symmetric signature made with what is public.
    let mut symmetric = Header::new(Algorithm::HS256);
    symmetric.kid = Some("key-1".to_owned());
    let public = serde_json::to_vec(&jwk(1)).unwrap();
    let symmetric = jsonwebtoken::encode(&symmetric, &good, &EncodingKey::from_secret(&public)).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", token(1, &good).split('.').nth(1).unwrap());
    let mut anonymous = good.clone();
    anonymous.as_object_mut().unwrap().remove("sub");
    for (token, reason) in [
        (but("exp", json!(now() - 600)), "expired"),
        (but("nbf", json!(now() + 600)), "not valid yet"),
        (but("iss", json!("http://evil.example")), "another issuer"),
        (but("aud", json!("other")), "another audience"),
        (token(1, &anonymous), "malformed"),
        (forged, "signature is wrong"),
        (symmetric, "algorithm"),
        (unsigned, "not a JWT"),
        (token(9, &good), "does not publish"),
        ("garbage".to_owned(), "not a JWT"),
        ("x".repeat(9_000), "too long"),
    ] {
        refused(&ask(&server, &format!("Bearer {token}")).await, reason);
    }
    for header in ["Basic dTpw", "Bearer", "Bearer  ", "nonsense"] {
        refused(&ask(&server, header).await, "not `Bearer` and a token");
    }
    let twice = reqwest::Client::new().get(server.url()).header("authorization", "Bearer a");
    refused(&send(twice.header("authorization", "Bearer b")).await, "more than one");
    assert_eq!(
        ask(&server, &format!("Bearer {}", but("aud", json!(["x", "bespoke"])))).await.text,
        SIGNED_IN
    );
    assert_eq!(
        ask(&server, &format!("Bearer {}", but("exp", json!(now() - 5)))).await.text,
        SIGNED_IN,
        "skew"
    );
}

#[tokio::test]
async fn a_crowd_costs_one_fetch() {
    let provider = Provider::start(1).await;
    let server = server(AuthSettings { keys_retry_s: 60, ..provider.settings() }).await;
    let good = format!("Bearer {}", token(1, &claims(&provider.issuer())));
    let unknown = format!("Bearer {}", token(9, &claims(&provider.issuer())));
    let crowd = (0..30).map(|number| ask(&server, if number % 2 == 0 { &good } else { &unknown }));
    for (number, answer) in futures::future::join_all(crowd).await.iter().enumerate() {
        let expected = if number % 2 == 0 { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        assert_eq!(answer.status, expected);
    }
    assert_eq!(provider.fetches(), 1, "unknown keys do not let callers hammer the provider");
}

#[tokio::test]
async fn a_rotation_is_followed() {
    let provider = Provider::start(1).await;
    let server = server(provider.settings()).await;
    let claims = claims(&provider.issuer());
    let (old, new) = (format!("Bearer {}", token(1, &claims)), format!("Bearer {}", token(2, &claims)));
    assert_eq!(ask(&server, &old).await.status, StatusCode::OK);
    refused(&ask(&server, &new).await, "does not publish");
    *provider.state.scalars.lock() = vec![2];
    assert_eq!(ask(&server, &new).await.text, SIGNED_IN);
    // A token that was good is checked again once its key has been withdrawn.
    refused(&ask(&server, &old).await, "does not publish");
}

#[tokio::test]
async fn keys_are_kept_through_an_outage() {
    let provider = Provider::start(1).await;
    let server = server(AuthSettings { keys_max_age_s: 0, ..provider.settings() }).await;
    let token = format!("Bearer {}", token(1, &claims(&provider.issuer())));
    assert_eq!(ask(&server, &token).await.status, StatusCode::OK);
    provider.state.up.store(false, Relaxed);
    assert_eq!(ask(&server, &token).await.text, SIGNED_IN);
    assert!(provider.fetches() > 1);
}

#[tokio::test]
async fn without_keys_nobody_is_refused_for_good() {
    let provider = Provider::start(1).await;
    provider.state.up.store(false, Relaxed);
    let server = server(provider.settings()).await;
    let token = format!("Bearer {}", token(1, &claims(&provider.issuer())));
    let answer = ask(&server, &token).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.code(), "AUTHENTICATION_UNAVAILABLE");
    assert!(answer.headers.contains_key("retry-after"));
    provider.state.up.store(true, Relaxed);
    assert_eq!(ask(&server, &token).await.text, SIGNED_IN);
}

#[tokio::test]
async fn a_provider_that_is_somebody_else_is_not_believed() {
    let provider = Provider::start(1).await;
    *provider.state.alias.lock() = Some("http://evil.example");
    let server = server(provider.settings()).await;
    let token = format!("Bearer {}", token(1, &claims(&provider.issuer())));
    assert_eq!(ask(&server, &token).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(provider.fetches(), 0);
}

#[tokio::test]
async fn a_provider_checks_its_own_tokens_without_asking_itself() {
    let issuer = "http://self.example";
    let auth = AuthSettings { issuer: Some(issuer.parse().unwrap()), ..AuthSettings::default() };
    let mut app = App::new(settings(), Router::new().route("/", get(who)));
    app.authenticator = Some(Authenticator::of(Verifier::fixed(&auth, &JwkSet { keys: vec![jwk(1)] })));
    let server = app::start(app).await.unwrap();
    assert_eq!(ask(&server, &format!("Bearer {}", token(1, &claims(issuer)))).await.text, SIGNED_IN);
    refused(&ask(&server, &format!("Bearer {}", token(2, &claims(issuer)))).await, "does not publish");
}

#[tokio::test]
async fn without_an_issuer_a_token_is_refused_not_ignored() {
    let server = server(AuthSettings::default()).await;
    refused(&ask(&server, "Bearer a.b.c").await, "not configured");
    assert_eq!(send(reqwest::Client::new().get(server.url())).await.text, ANONYMOUS);
}

#[tokio::test]
async fn what_is_open_checks_credentials_itself() {
    let mut app = App::new(settings(), Router::new().route("/", get(who)));
    let basic = async |headers: http::HeaderMap| headers["authorization"].to_str().unwrap().to_owned();
    app.open = Router::new().route("/token", get(basic));
    let server = app::start(app).await.unwrap();
    let asked =
        reqwest::Client::new().get(format!("{}/token", server.url())).header("authorization", "Basic dTpw");
    assert_eq!(send(asked).await.text, "Basic dTpw");
    refused(&ask(&server, "Basic dTpw").await, "not configured");
}

#[test]
fn a_caller_does_not_show_its_credential() {
    let caller = Caller::signed_in("user-1").in_session("xyzzy");
    assert!(!format!("{caller:?}").contains("xyzzy"));
}

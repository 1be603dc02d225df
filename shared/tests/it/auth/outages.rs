//! A provider that is down, slow, somebody else, or talks nonsense: keys at hand go on counting, and nobody waits for new
//! ones; without keys, nobody is refused for good.

use bff::config::AuthSettings;
use http::StatusCode;
use kit::{Fake, Reply, json};

use super::world::{Provider, SIGNED_IN, ask, jwk, server};

/// What a provider may answer instead of keys, by name.
type Failure = (&'static str, fn() -> Reply);

fn failures() -> [Failure; 9] {
    [
        ("down", Reply::reset),
        ("failing", || Reply::problem(500, "out of order")),
        ("in the way of a login page", Reply::html),
        ("another page", || Reply::json(302, json!({})).header("location", "/elsewhere")),
        ("nonsense", || Reply::garbage("{\"keys\": 7}")),
        ("cut off", || Reply::cut("{\"keys\": [")),
        ("without a key", || json!({"keys": []}).into()),
        ("with secrets for keys", || {
            json!({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "key-1", "alg": "HS256"}]}).into()
        }),
        ("without an end", || Reply::garbage(vec![b' '; 300 * 1024])),
    ]
}

#[tokio::test]
async fn without_keys_nobody_is_refused_for_good() {
    let provider = Provider::start(&[1]).await;
    let server = server(provider.settings()).await;
    let token = provider.token(1);
    for (what, failure) in failures() {
        provider.answers(failure);
        let answer = ask(&server, &token).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{what}");
        assert_eq!(answer.code(), "AUTHENTICATION_UNAVAILABLE", "{what}");
        assert!(answer.headers.contains_key("retry-after"), "{what}");
        assert!(!answer.headers.contains_key("www-authenticate"), "{what}");
    }
    provider.is_up();
    assert_eq!(ask(&server, &token).await.text, SIGNED_IN);
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_not_waited_for_for_long() {
    let provider = Provider::start(&[1]).await;
    let server = server(provider.settings()).await;
    provider.answers(Reply::hang);
    let answer = ask(&server, &provider.token(1)).await;
    assert_eq!(answer.code(), "AUTHENTICATION_UNAVAILABLE", "who says nothing");
    let _drip = provider.fake.events("/jwks.json");
    let answer = ask(&server, &provider.token(1)).await;
    assert_eq!(answer.code(), "AUTHENTICATION_UNAVAILABLE", "who begins and does not end");
}

#[tokio::test]
async fn keys_at_hand_are_used_whatever_the_provider_does() {
    let provider = Provider::start(&[1, 2]).await;
    let server = server(AuthSettings { keys_max_age_s: 1, ..provider.settings() }).await;
    let (known, fresh) = (provider.token(1), provider.token(2));
    assert_eq!(ask(&server, &known).await.text, SIGNED_IN);
    for (what, failure) in failures() {
        provider.answers(failure);
        // An unknown key makes us ask, and what comes is worth nothing.
        let unknown = ask(&server, &provider.token(3)).await;
        assert_eq!(unknown.status, StatusCode::UNAUTHORIZED, "{what}");
        assert_eq!(ask(&server, &known).await.text, SIGNED_IN, "{what}");
        assert_eq!(ask(&server, &fresh).await.text, SIGNED_IN, "{what}: a token that was never seen");
    }
    provider.publishes(&[3]);
    provider.is_up();
    assert_eq!(ask(&server, &provider.token(3)).await.text, SIGNED_IN, "when it is back, it is heard");
}

#[tokio::test]
async fn nobody_waits_while_old_keys_are_asked_for_again() {
    let provider = Provider::start(&[1]).await;
    let server = server(AuthSettings { keys_max_age_s: 1, ..provider.settings() }).await;
    let token = provider.token(1);
    assert_eq!(ask(&server, &token).await.text, SIGNED_IN);
    provider.answers(Reply::hang);
    provider.being_asked().await;
    let asked = provider.fetches();
    for number in 0..20 {
        // Each is new to us, and each is checked while the provider keeps its answer to itself.
        let token = provider.token_but("jti", json!(number));
        assert_eq!(ask(&server, &token).await.text, SIGNED_IN);
    }
    assert_eq!(provider.fetches(), asked, "one at a time");
}

#[tokio::test]
async fn a_provider_that_is_somebody_else_is_not_believed() {
    let provider = Provider::start(&[1]).await;
    provider.is_called("http://evil.example");
    let server = server(provider.settings()).await;
    assert_eq!(ask(&server, &provider.token(1)).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(provider.fetches(), 0);
}

#[tokio::test]
async fn keys_that_moved_are_found_again() {
    let (provider, elsewhere) = (Provider::start(&[1]).await, Fake::start().await);
    let server = server(provider.settings()).await;
    assert_eq!(ask(&server, &provider.token(1)).await.text, SIGNED_IN);
    elsewhere.get("/keys", |_| json!({"keys": [jwk(2)]}));
    provider.answers(|| Reply::problem(410, "moved"));
    provider.keys_are_at(&format!("{}/keys", kit::Place::url(&elsewhere)));
    assert_eq!(ask(&server, &provider.token(2)).await.status, StatusCode::UNAUTHORIZED, "not there any more");
    assert_eq!(ask(&server, &provider.token(2)).await.text, SIGNED_IN);
}

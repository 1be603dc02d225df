//! Whose requests are served, and what happens when the token provider is slow, rotating or gone.

mod forged;
mod keys;
mod kinds;
mod outages;
mod told;
mod world;

use axum::{Router, routing::get};
use bff::{
    app::{self, App},
    auth::{Authenticator, Caller, JwkSet, Verifier},
    config::AuthSettings,
};
use kit::json;

use self::world::{
    ANONYMOUS, Provider, SIGNED_IN, ask, ask_as, claims, header, jwk, now, refused, routes, server, sign,
};
use crate::client::{send, settings};

#[tokio::test]
async fn a_good_token_is_a_caller_and_none_is_anonymous() {
    let provider = Provider::start(&[1]).await;
    let server = server(provider.settings()).await;
    assert_eq!(send(reqwest::Client::new().get(server.url())).await.text, ANONYMOUS);
    assert_eq!(provider.fake.total(), 0, "an anonymous caller needs no keys");
    let token = provider.token(1);
    assert_eq!(ask_as(&server, &format!("Bearer {token}")).await.text, SIGNED_IN);
    assert_eq!(ask_as(&server, &format!("bearer {token}")).await.text, SIGNED_IN);
    assert_eq!(provider.fetches(), 1);
}

#[tokio::test]
async fn both_algorithms_are_taken_and_each_key_has_its_own() {
    let provider = Provider::start(&[0, 1]).await;
    let server = server(provider.settings()).await;
    for number in [0, 1] {
        assert_eq!(ask(&server, &provider.token(number)).await.text, SIGNED_IN, "key {number}");
    }
}

#[tokio::test]
async fn what_may_differ_is_accepted() {
    let provider = Provider::start(&[1]).await;
    let server = server(provider.settings()).await;
    for (what, claim, value) in [
        ("one audience of several", "aud", json!(["x", "bespoke"])),
        ("clocks differ by some seconds: it has just ended", "exp", json!(now() - 5)),
        ("clocks differ by some seconds: it is about to begin", "nbf", json!(now() + 5)),
        ("times have fractions", "exp", json!(now() as f64 + 60.5)),
        ("the issuer with a final slash", "iss", json!(format!("{}/", provider.issuer()))),
    ] {
        assert_eq!(ask(&server, &provider.token_but(claim, value)).await.text, SIGNED_IN, "{what}");
    }
}

#[tokio::test]
async fn a_provider_checks_its_own_tokens_without_asking_itself() {
    let issuer = "http://self.example";
    let auth = AuthSettings { issuer: Some(issuer.parse().unwrap()), ..AuthSettings::default() };
    let mut app = App::new(settings(), routes());
    app.authenticator = Some(Authenticator::of(Verifier::fixed(&auth, &JwkSet { keys: vec![jwk(1)] })));
    let server = app::start(app).await.unwrap();
    let token = |number| sign(&header(number), &claims(issuer), number);
    assert_eq!(ask(&server, &token(1)).await.text, SIGNED_IN);
    refused(&ask(&server, &token(2)).await, "another key");
}

#[tokio::test]
async fn without_an_issuer_a_token_is_refused_not_ignored() {
    let server = server(AuthSettings::default()).await;
    refused(&ask(&server, "a.b.c").await, "nobody signs in here");
    assert_eq!(send(reqwest::Client::new().get(server.url())).await.text, ANONYMOUS);
}

#[tokio::test]
async fn what_is_open_checks_credentials_itself() {
    let mut app = App::new(settings(), routes());
    let basic = async |headers: http::HeaderMap| headers["authorization"].to_str().unwrap().to_owned();
    app.open = Router::new().route("/token", get(basic));
    let server = app::start(app).await.unwrap();
    let asked =
        reqwest::Client::new().get(format!("{}/token", server.url())).header("authorization", "Basic dTpw");
    assert_eq!(send(asked).await.text, "Basic dTpw");
    refused(&ask_as(&server, "Basic dTpw").await, "what is not open");
}

#[test]
fn a_caller_does_not_show_its_credential() {
    let caller = Caller::signed_in("user-1").in_session("xyzzy");
    assert!(!format!("{caller:?}").contains("xyzzy"));
}

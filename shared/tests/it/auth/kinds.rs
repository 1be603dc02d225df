//! A provider signs more than access tokens: what is signed for another purpose opens nothing (RFC 9068 §4, RFC 8725 §3.11).

use bff::config::AuthSettings;
use jsonwebtoken::Header;
use kit::{Value, json};

use super::world::{Provider, SIGNED_IN, ask, header, now, refused, server, sign};

fn called(typ: Option<&str>) -> Header {
    Header { typ: typ.map(str::to_owned), ..header(1) }
}

/// Tokens of other kinds, which say nothing of it in their header; all for our audience.
fn others(provider: &Provider) -> Vec<(&'static str, Value)> {
    vec![
        ("an ID token with a nonce", provider.claims_but("nonce", json!("n-1"))),
        ("an ID token that came with an access token", provider.claims_but("at_hash", json!("x"))),
        ("an ID token that came with a code", provider.claims_but("c_hash", json!("x"))),
        ("an ID token by its name", provider.claims_but("typ", json!("ID"))),
        ("a refresh token by its name", provider.claims_but("typ", json!("Refresh"))),
        ("an ID token by its use", provider.claims_but("token_use", json!("id"))),
        (
            "a logout token",
            provider.claims_but("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}})),
        ),
    ]
}

#[tokio::test]
async fn only_what_is_called_an_access_token_is_one() {
    let provider = Provider::start(&[1]).await;
    let server = server(provider.settings()).await;
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        assert_eq!(ask(&server, &sign(&called(Some(typ)), &provider.claims(), 1)).await.text, SIGNED_IN);
    }
    for typ in [
        None,
        Some("JWT"),
        Some("logout+jwt"),
        Some("dpop+jwt"),
        Some("id_token"),
        Some("application/"),
        Some(""),
    ] {
        let token = sign(&called(typ), &provider.claims(), 1);
        refused(&ask(&server, &token).await, &format!("typ: {typ:?}"));
    }
}

#[tokio::test]
async fn an_id_token_is_no_access_token() {
    let provider = Provider::start(&[1]).await;
    for untyped_tokens in [false, true] {
        let server = server(AuthSettings { untyped_tokens, ..provider.settings() }).await;
        // As OpenID Connect Core has it: its audience is the client.
        let id_token = json!({
            "iss": provider.issuer(), "aud": "app", "sub": "user-1", "nonce": "n-1",
            "iat": now(), "exp": now() + 600,
        });
        refused(&ask(&server, &sign(&called(Some("JWT")), &id_token, 1)).await, "an ID token");
        for (what, claims) in others(&provider) {
            refused(&ask(&server, &sign(&called(Some("JWT")), &claims, 1)).await, what);
        }
    }
}

#[tokio::test]
async fn a_provider_that_does_not_name_its_tokens_can_be_lived_with() {
    let provider = Provider::start(&[1]).await;
    let server = server(AuthSettings { untyped_tokens: true, ..provider.settings() }).await;
    for typ in [None, Some("JWT"), Some("jwt"), Some("at+jwt")] {
        let token = sign(&called(typ), &provider.claims(), 1);
        assert_eq!(ask(&server, &token).await.text, SIGNED_IN, "typ: {typ:?}");
    }
    let keycloaks = provider.claims_but("typ", json!("Bearer"));
    assert_eq!(ask(&server, &sign(&called(Some("JWT")), &keycloaks, 1)).await.text, SIGNED_IN);
    refused(&ask(&server, &sign(&called(Some("logout+jwt")), &provider.claims(), 1)).await, "a logout token");
}

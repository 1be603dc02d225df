//! Tokens as the rest of the house takes them: discovered keys, stable over restarts, scopes that fit.

use bff::auth::{AuthError, Verifier};
use bff::config::{AuthSettings, TlsSettings};
use http::{HeaderMap, HeaderValue};

use crate::world::{World, encoded, reply, text};

async fn token(world: &World) -> HeaderMap {
    bearer(&world.access_token("us-1").await)
}

pub fn bearer(token: &str) -> HeaderMap {
    HeaderMap::from_iter([(
        http::header::AUTHORIZATION,
        HeaderValue::from_str(&format!("Bearer {token}")).unwrap(),
    )])
}

pub fn verifier(issuer: &str, audience: &str) -> Verifier {
    let settings = AuthSettings {
        issuer: Some(issuer.parse().unwrap()),
        audience: audience.to_owned(),
        ..AuthSettings::default()
    };
    Verifier::new(&settings, &TlsSettings::default()).unwrap().unwrap()
}

#[tokio::test]
async fn another_service_discovers_the_keys_and_knows_the_caller() {
    let world = World::start().await;
    let caller = verifier(&world.url(), "bespoke").verify(&token(&world).await).await.unwrap();
    assert_eq!((caller.subject(), caller.plan()), (Some("us-1"), Some("premium")));
    assert!(caller.has_scope("library") && caller.has_scope("activity") && !caller.has_scope("catalog:read"));
    let elsewhere = verifier(&world.url(), "elsewhere").verify(&token(&world).await).await;
    assert!(matches!(elsewhere, Err(AuthError::Refused(_))));
}

#[tokio::test]
async fn the_key_is_made_once_and_never_shown() {
    let mut world = World::start().await;
    let before = world.nobody().get("/jwks.json").await.expect(200).body;
    world.restart().await;
    let after = world.nobody().get("/jwks.json").await.expect(200).body;
    assert_eq!(before, after);
    assert_eq!((&after["keys"][0]["kty"], &after["keys"][0]["crv"]), (&"EC".into(), &"P-256".into()));
    assert!(after["keys"][0].get("d").is_none());
    let other = World::start().await.nobody().get("/jwks.json").await.body;
    assert_ne!(after["keys"][0]["kid"], other["keys"][0]["kid"]);
}

#[tokio::test]
async fn partners_get_tokens_for_their_secret_and_their_scopes() {
    let world = World::start().await;
    let ask = async |secret: &str, scope: &str| {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", "demo-partner"),
            ("client_secret", secret),
            ("scope", scope),
        ];
        world.nobody().post("/token", &fields).await
    };
    let all = ask("demo-partner-secret", "").await.expect(200);
    assert_eq!(all.body["scope"], "catalog:read charts:read");
    assert!(all.body.get("refresh_token").is_none() && all.body.get("id_token").is_none());
    assert_eq!(ask("demo-partner-secret", "catalog:read").await.expect(200).body["scope"], "catalog:read");
    assert_eq!(ask("demo-partner-secret", "library").await.expect(400).body["error"], "invalid_scope");
    assert_eq!(ask("wrong", "").await.expect(401).body["error"], "invalid_client");
    // A partner is nobody with an account.
    world.user("demo-partner").get("/me").await.expect(404);
}

#[tokio::test]
async fn a_clients_credentials_may_come_in_the_header() {
    let world = World::start().await;
    let ask = async |id: &str, secret: &str, more: &[(&str, &str)]| {
        let fields: Vec<_> = [("grant_type", "client_credentials")].iter().chain(more).copied().collect();
        let request = world.nobody().request("POST", "/token").basic_auth(id, Some(secret));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        reply(request.body(encoded(&fields))).await.unwrap()
    };
    let granted = ask("demo-partner", "demo-partner-secret", &[("scope", "charts:read")]).await.expect(200);
    let headers = HeaderMap::from_iter([(
        http::header::AUTHORIZATION,
        HeaderValue::from_str(&format!("Bearer {}", text(&granted.body["access_token"]))).unwrap(),
    )]);
    let caller = verifier(&world.url(), "bespoke").verify(&headers).await.unwrap();
    assert_eq!((caller.subject(), caller.plan()), (Some("demo-partner"), Some("basic")));
    assert!(caller.has_scope("charts:read") && !caller.has_scope("catalog:read"));
    // As a form's value: what would end the id does not.
    assert_eq!(ask("demo%2Dpartner", "demo-partner-secret", &[]).await.status, 200);

    for (id, secret) in
        [("demo-partner", "wrong"), ("nobody", "demo-partner-secret"), ("demo-partner", ""), ("", "")]
    {
        let refused = ask(id, secret, &[]).await.expect(401);
        assert_eq!(refused.body["error"], "invalid_client");
        assert!(refused.header("www-authenticate").starts_with("Basic "), "{refused:?}");
    }
    for twice in [("client_secret", "demo-partner-secret"), ("client_id", "radio-aurora")] {
        let refused = ask("demo-partner", "demo-partner-secret", &[twice]).await.expect(400);
        assert_eq!(refused.body["error"], "invalid_request", "{twice:?}");
    }
    let request = world.nobody().request("POST", "/token").bearer_auth("demo-partner-secret");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let refused = reply(request.body(encoded(&[("grant_type", "client_credentials")]))).await.unwrap();
    assert_eq!(refused.expect(401).body["error"], "invalid_client");
}

#[tokio::test]
async fn the_token_endpoint_says_what_is_wrong_in_oauths_words() {
    let world = World::start().await;
    for (fields, error) in [
        (vec![], "invalid_request"),
        (vec![("grant_type", "password")], "unsupported_grant_type"),
        (vec![("grant_type", "refresh_token")], "invalid_request"),
        (vec![("grant_type", "refresh_token"), ("refresh_token", "x")], "invalid_request"),
        (
            vec![("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "web")],
            "invalid_grant",
        ),
        (vec![("grant_type", "authorization_code"), ("grant_type", "refresh_token")], "invalid_request"),
        (vec![("grant_type", "client_credentials"), ("client_id", "demo-partner")], "invalid_request"),
    ] {
        let refused = world.nobody().post("/token", &fields).await.expect(400);
        assert_eq!(refused.body["error"], error, "{fields:?}");
        assert_eq!(refused.header("cache-control"), "no-store");
    }
    world.nobody().get("/token").await.expect(405);
}

#[tokio::test]
async fn a_token_for_nobody_says_so() {
    let world = World::start().await;
    let refused = world.nobody().get("/dev/token?user=us-99").await.expect(404);
    assert!(text(&refused.body["detail"]).contains("us-99"));
}

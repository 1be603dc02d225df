//! Signing in: a page, one click, a code for whoever holds the PKCE secret; and only in development.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rest::Settings;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::tokens::{bearer, verifier};
use crate::world::{Reply, World, encoded, text};

const VERIFIER: &str = "a-verifier-that-is-at-least-forty-three-letters-long";
const APP: &str = "http://127.0.0.1:9/callback?keep=me";

fn request(changes: &[(&'static str, &'static str)]) -> Vec<(&'static str, String)> {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let mut fields = vec![
        ("response_type", "code".to_owned()),
        ("client_id", "web".to_owned()),
        ("redirect_uri", APP.to_owned()),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256".to_owned()),
        ("state", "a&b".to_owned()),
        ("nonce", "n-1".to_owned()),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, (*value).to_owned()));
    }
    fields
}

fn borrowed<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// What the browser is sent back with.
fn parameters(reply: &Reply) -> Vec<(String, String)> {
    let location = url::Url::parse(reply.header("location")).unwrap();
    location.query_pairs().into_owned().collect()
}

fn parameter(reply: &Reply, name: &str) -> String {
    parameters(reply).into_iter().find(|(known, _)| known == name).map(|(_, value)| value).unwrap_or_default()
}

async fn click(world: &World, user: &'static str) -> String {
    let reply = world.nobody().post("/authorize", &borrowed(&request(&[("user", user)]))).await.expect(303);
    parameter(&reply, "code")
}

async fn redeem(world: &World, code: &str, changes: &[(&str, &str)]) -> Reply {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", "web"),
        ("redirect_uri", APP),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    world.nobody().post("/token", &fields).await
}

fn claims(token: &Value) -> Value {
    let payload = text(token).split('.').nth(1).unwrap().to_owned();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn one_click_gives_a_code_and_the_code_gives_tokens_once() {
    let world = World::start().await;
    let page =
        world.nobody().get(&format!("/authorize?{}", encoded(&borrowed(&request(&[]))))).await.expect(200);
    let html = text(&page.body);
    assert!(html.contains("value=\"us-1\"") && html.contains("Jonas &lt;Weber&gt;"), "{html}");
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));

    let clicked =
        world.nobody().post("/authorize", &borrowed(&request(&[("user", "us-1")]))).await.expect(303);
    assert!(clicked.header("location").starts_with("http://127.0.0.1:9/callback?keep=me&code="));
    assert_eq!((parameter(&clicked, "state"), parameter(&clicked, "iss")), ("a&b".to_owned(), world.url()));
    let code = parameter(&clicked, "code");

    let tokens = redeem(&world, &code, &[]).await.expect(200);
    assert_eq!(tokens.header("cache-control"), "no-store");
    let access = claims(&tokens.body["access_token"]);
    assert_eq!(
        (&access["sub"], &access["plan"], &access["aud"]),
        (&"us-1".into(), &"premium".into(), &"bespoke".into())
    );
    let id = claims(&tokens.body["id_token"]);
    assert_eq!((&id["aud"], &id["nonce"], &id["iss"]), (&"web".into(), &"n-1".into(), &world.url().into()));
    let token = bearer(&text(&tokens.body["access_token"]));
    let caller = verifier(&world.url(), "bespoke").verify(&token).await.unwrap();
    assert_eq!(caller.subject(), Some("us-1"));

    // A second use shows that somebody else has the code: what it gave is withdrawn.
    let reused = redeem(&world, &code, &[]).await.expect(400);
    assert_eq!(reused.body["error"], "invalid_grant");
    let refresh_token = text(&tokens.body["refresh_token"]);
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str()), ("client_id", "web")];
    world.nobody().post("/token", &fields).await.expect(400);
}

#[tokio::test]
async fn a_code_is_worth_nothing_without_its_secret_client_and_address() {
    let world = World::start().await;
    for change in [
        ("code_verifier", "another-verifier-that-is-at-least-43-letters-long"),
        ("client_id", "mobile"),
        ("redirect_uri", "http://127.0.0.1:9/other"),
    ] {
        let code = click(&world, "us-1").await;
        let refused = redeem(&world, &code, &[change]).await.expect(400);
        assert_eq!(refused.body["error"], "invalid_grant", "{change:?}");
        // And guessing is not repeated.
        redeem(&world, &code, &[]).await.expect(400);
    }
    redeem(&world, "no-such-code", &[]).await.expect(400);
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_theft_ends_the_family() {
    let world = World::start().await;
    let code = click(&world, "us-2").await;
    let first = text(&redeem(&world, &code, &[]).await.expect(200).body["refresh_token"]);
    let refresh = async |token: &str, extra: &[(&str, &str)]| {
        let mut fields =
            vec![("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "web")];
        fields.extend(extra);
        world.nobody().post("/token", &fields).await
    };
    let narrowed = refresh(&first, &[("scope", "library")]).await.expect(200);
    assert_eq!(claims(&narrowed.body["access_token"])["scope"], "library");
    let second = text(&narrowed.body["refresh_token"]);
    let widened = refresh(&second, &[("scope", "activity")]).await.expect(400);
    assert_eq!(widened.body["error"], "invalid_scope");
    refresh(&first, &[]).await.expect(400);
    refresh(&second, &[]).await.expect(400);
}

#[tokio::test]
async fn an_unknown_address_gets_no_redirect_and_a_known_one_gets_the_reason() {
    let world = World::start().await;
    for address in
        ["https://evil.example/callback", "javascript:alert(1)", "http://127.0.0.1.evil.example/", "nonsense"]
    {
        let query = request(&[("redirect_uri", address)]);
        let refused =
            world.nobody().get(&format!("/authorize?{}", encoded(&borrowed(&query)))).await.expect(400);
        assert_eq!(
            (refused.faults(), refused.header("location")),
            (vec!["redirect_uri".to_owned()], ""),
            "{address}"
        );
    }
    for (change, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("scope", "openid everything"), "invalid_scope"),
    ] {
        let query = request(&[change]);
        let refused =
            world.nobody().get(&format!("/authorize?{}", encoded(&borrowed(&query)))).await.expect(303);
        assert_eq!(parameter(&refused, "error"), error);
        assert_eq!(parameter(&refused, "state"), "a&b");
    }
    let unknown =
        world.nobody().post("/authorize", &borrowed(&request(&[("user", "us-99")]))).await.expect(422);
    assert_eq!(unknown.faults(), ["user"]);
}

#[tokio::test]
async fn production_has_no_sign_in_without_a_password() {
    let production = |settings: &mut Settings<identity::Config>| {
        settings.common.profile = serde_json::from_value("production".into()).unwrap();
    };
    let world = World::with(production).await;
    let nobody = world.nobody();
    nobody.get("/dev/token?user=us-1").await.expect(404);
    nobody.get(&format!("/authorize?{}", encoded(&borrowed(&request(&[]))))).await.expect(404);
    nobody.post("/authorize", &borrowed(&request(&[("user", "us-1")]))).await.expect(404);
    nobody.get("/end-session").await.expect(404);
    nobody.post("/dev/sign-out?user=us-1", &[]).await.expect(404);
    nobody.get("/jwks.json").await.expect(200);
    nobody.get("/users?ids=us-1").await.expect(200);
}

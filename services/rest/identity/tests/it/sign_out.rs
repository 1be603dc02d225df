//! Signing out, at the provider's page and everywhere at once; and clients that have a secret.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bff::config::Secret;
use kit::{Fake, Place as _, json};
use sha2::{Digest, Sha256};

use crate::world::{Person, Reply, World, encoded, text};

const VERIFIER: &str = "a-verifier-that-is-at-least-forty-three-letters-long";
const APP: &str = "http://127.0.0.1:9/callback";

/// Signs in, and redeems the code with what else the client says.
async fn signed_in(world: &World, client: &Person, also: &[(&str, &str)]) -> Reply {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let fields = [
        ("response_type", "code"),
        ("client_id", "web"),
        ("redirect_uri", APP),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("user", "us-1"),
    ];
    let clicked = world.nobody().post("/authorize", &fields).await.expect(303);
    let location = url::Url::parse(clicked.header("location")).unwrap();
    let code = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", APP),
        ("code_verifier", VERIFIER),
    ];
    fields.extend(also);
    client.post("/token", &fields).await
}

async fn refreshed(world: &World, tokens: &Reply) -> Reply {
    let token = text(&tokens.body["refresh_token"]);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &token), ("client_id", "web")];
    world.nobody().post("/token", &fields).await
}

fn claims(token: &str) -> serde_json::Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn signing_out_ends_the_sign_in_that_the_id_token_is_of_and_no_other() {
    let world = World::start().await;
    let web = [("client_id", "web")];
    let one = signed_in(&world, &world.nobody(), &web).await.expect(200);
    let other = signed_in(&world, &world.nobody(), &web).await.expect(200);
    let id_token = text(&one.body["id_token"]);
    assert_eq!(
        (&claims(&id_token)["name"], &claims(&id_token)["plan"]),
        (&json!("Mika Sato"), &json!("premium"))
    );

    let out = async |fields: &[(&str, &str)]| {
        world.nobody().get(&format!("/end-session?{}", encoded(fields))).await
    };
    for wrong in [
        vec![("id_token_hint", "x.y.z")],
        vec![("id_token_hint", &*id_token), ("client_id", "mobile")],
        vec![("id_token_hint", &*id_token), ("post_logout_redirect_uri", "https://evil.example/")],
        vec![("post_logout_redirect_uri", "http://127.0.0.1:9/")],
    ] {
        let refused = out(&wrong).await.expect(400);
        assert_eq!(refused.header("location"), "", "{wrong:?}");
    }
    let back = [
        ("id_token_hint", &*id_token),
        ("client_id", "web"),
        ("post_logout_redirect_uri", "http://127.0.0.1:9/home?a=b"),
        ("state", "s&t"),
    ];
    assert_eq!(out(&back).await.expect(303).header("location"), "http://127.0.0.1:9/home?a=b&state=s%26t");
    refreshed(&world, &one).await.expect(400);
    let other = refreshed(&world, &other).await.expect(200);
    // By a form, and without a place to go.
    let page =
        world.nobody().post("/end-session", &[("id_token_hint", &*text(&other.body["id_token"]))]).await;
    assert!(text(&page.expect(200).body).contains("signed out"));
    refreshed(&world, &other).await.expect(400);
}

#[tokio::test]
async fn who_is_signed_out_everywhere_is_signed_out_of_clients_that_want_to_know() {
    let app = Fake::start().await;
    app.post("/backchannel", |_| json!({}));
    let entry = format!("web {}/backchannel", app.url());
    let world = World::with(|settings| settings.config.backchannel_logout = vec![entry]).await;
    let web = [("client_id", "web")];
    let tokens = signed_in(&world, &world.nobody(), &web).await.expect(200);
    signed_in(&world, &world.nobody(), &web).await.expect(200);
    let out = world.nobody().post("/dev/sign-out?user=us-1", &[]).await.expect(200);
    assert_eq!(out.body, json!({"signed_out": 2, "told": 2}));
    refreshed(&world, &tokens).await.expect(400);
    let sid = claims(&text(&tokens.body["id_token"]))["sid"].clone();
    let calls = app.calls_of("/backchannel");
    let told: Vec<_> = calls
        .iter()
        .map(|call| {
            let body = String::from_utf8(call.body.to_vec()).unwrap();
            claims(body.strip_prefix("logout_token=").unwrap())
        })
        .collect();
    let this = told.iter().find(|claims| claims["sid"] == sid).unwrap();
    assert_eq!(
        (&this["aud"], &this["sub"], &this["iss"]),
        (&json!("web"), &json!("us-1"), &json!(world.url()))
    );
    assert!(this["nonce"].is_null() && this["jti"].is_string());
    assert!(this["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
}

#[tokio::test]
async fn a_refresh_token_is_taken_back_with_all_of_its_sign_in() {
    let world = World::start().await;
    let web = [("client_id", "web")];
    let one = signed_in(&world, &world.nobody(), &web).await.expect(200);
    let newer = refreshed(&world, &one).await.expect(200);
    let other = signed_in(&world, &world.nobody(), &web).await.expect(200);
    let give_back = async |token: &str, client: &str| {
        let fields = [("token", token), ("token_type_hint", "refresh_token"), ("client_id", client)];
        world.nobody().post("/revoke", &fields).await
    };
    let token = text(&newer.body["refresh_token"]);
    // Nobody else's word ends it, and what is not known is no failure: both look alike.
    assert_eq!(give_back(&token, "another").await.expect(200).header("cache-control"), "no-store");
    give_back("unknown", "web").await.expect(200);
    let newer = refreshed(&world, &newer).await.expect(200);

    // The one before is enough: whoever holds any of the family holds nothing.
    give_back(&token, "web").await.expect(200);
    assert_eq!(refreshed(&world, &newer).await.expect(400).body["error"], "invalid_grant");
    refreshed(&world, &other).await.expect(200);

    let access = text(&newer.body["access_token"]);
    assert_eq!(give_back(&access, "web").await.expect(400).body["error"], "unsupported_token_type");
    assert_eq!(give_back("", "web").await.expect(400).body["error"], "invalid_request");
    let found = world.nobody().get("/.well-known/openid-configuration").await.expect(200);
    assert_eq!(found.body["revocation_endpoint"], format!("{}/revoke", world.url()));
}

#[tokio::test]
async fn a_client_with_a_secret_must_present_it_and_another_must_not() {
    const SECRET: &str = "a secret with & and : and %";
    let secret = |settings: &mut rest::Settings<identity::Config>| {
        settings.config.client_secrets.insert("web".to_owned(), Secret::new(SECRET));
    };
    let world = World::with(secret).await;
    let basic = |secret: &str| {
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let credentials = format!("Basic {}", STANDARD.encode(format!("web:{encoded}")));
        let headers = [(reqwest::header::AUTHORIZATION, credentials.parse().unwrap())];
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let client = client.default_headers(headers.into_iter().collect()).build().unwrap();
        Person { client, ..world.nobody() }
    };
    let nobody = world.nobody();
    for (client, fields) in [
        (&nobody, vec![("client_id", "web")]),
        (&nobody, vec![("client_id", "web"), ("client_secret", "wrong")]),
        (&basic("wrong"), vec![]),
    ] {
        let refused = signed_in(&world, client, &fields).await.expect(401);
        assert_eq!(refused.body["error"], "invalid_client", "{fields:?}");
    }
    let in_both = signed_in(&world, &basic(SECRET), &[("client_secret", SECRET)]).await.expect(400);
    assert_eq!(in_both.body["error"], "invalid_request");
    signed_in(&world, &basic(SECRET), &[]).await.expect(200);
    let tokens =
        signed_in(&world, &nobody, &[("client_id", "web"), ("client_secret", SECRET)]).await.expect(200);
    refreshed(&world, &tokens).await.expect(401);
    let token = text(&tokens.body["refresh_token"]);
    nobody.post("/revoke", &[("token", &token), ("client_id", "web")]).await.expect(401);
    basic(SECRET).post("/revoke", &[("token", &token)]).await.expect(200);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    assert_eq!(basic(SECRET).post("/token", &fields).await.expect(400).body["error"], "invalid_grant");

    let public = World::start().await;
    let refused =
        signed_in(&public, &public.nobody(), &[("client_id", "web"), ("client_secret", SECRET)]).await;
    refused.expect(401);
}

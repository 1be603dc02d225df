//! Signing in: what works, and all that somebody may have changed on the way.

use std::time::{SystemTime, UNIX_EPOCH};

use http::header;
use kit::{Place, Reply, Value, json};

use super::{
    browser::{SESSION, location},
    provider::Provider,
    world::World,
};

#[tokio::test]
async fn a_browser_signs_in_and_holds_no_token() {
    let world = World::start().await;
    let browser = world.browser();
    assert_eq!(browser.me().await, Value::Null);
    let back = world.provider.click(&browser.leave().await);
    let answer = browser.get(&back).await;
    assert_eq!(location(&answer), "/home");
    assert_eq!(browser.me().await, "us-1 on plan-1, notes: true");

    // Nothing that the browser has got, cookies included, is or bears a token.
    let session = browser.get("/auth/session").await;
    let seen =
        format!("{:?} {:?} {} {}", answer.headers, session.headers, session.text, browser.cookie_header());
    for token in ["access-token-", "refresh-token-", "eyJ"] {
        assert!(!seen.contains(token), "{seen}");
    }
    assert_eq!(session.headers[header::CACHE_CONTROL], "no-store");
    let session = session.json();
    assert_eq!(
        (&session["signedIn"], &session["subject"], &session["name"], &session["scope"]),
        (&json!(true), &json!("us-1"), &json!("Mika Sato"), &json!("openid notes"))
    );
    assert!(session["expiresAt"].as_str().unwrap().ends_with('Z'), "{session}");
    assert_eq!(browser.query("mutation { press }").await.json()["data"]["press"], true);
}

#[tokio::test]
async fn comes_back_to_paths_of_this_server_only() {
    let world = World::start().await;
    let browser = world.browser();
    for (given, path) in [("/a?b=c", "/a?b=c"), ("%2Fa%3Fb%3Dc%2F%2Fd", "/a?b=c//d"), ("", "")] {
        let query = if given.is_empty() { String::new() } else { format!("?returnTo={given}") };
        let back = world.provider.click(&location(&browser.get(&format!("/auth/login{query}")).await));
        assert_eq!(location(&browser.get(&back).await), if path.is_empty() { "/" } else { path });
    }
    for given in [
        "//evil.example",
        "%2F%2Fevil.example",
        "/%5Cevil.example",
        "/%09/evil.example",
        "/%2Fevil.example",
        "/%252Fevil.example",
        "https:evil.example",
        "https%3A%2F%2Fevil.example",
        "javascript:alert(1)",
        "evil",
        "/a%0D%0ASet-Cookie:%20a=b",
        "/a&returnTo=/b",
    ] {
        let answer = browser.get(&format!("/auth/login?returnTo={given}")).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, json!("BAD_USER_INPUT")), "{given}");
        assert!(answer.headers.get(header::LOCATION).is_none(), "{given}");
    }
}

#[tokio::test]
async fn a_session_that_was_planted_never_becomes_one_that_is_signed_in() {
    let world = World::start().await;
    // The attacker's own session, and one that nobody has begun.
    let attacker = world.signed_in().await;
    for planted in [attacker.session().unwrap(), "made-up".to_owned()] {
        let victim = world.browser();
        victim.cookies.lock().insert(SESSION.to_owned(), planted.clone());
        world.provider.is("us-2");
        victim.sign_in(&world.provider).await;
        assert_ne!(victim.session().unwrap(), planted);
        assert!(victim.me().await.as_str().unwrap().starts_with("us-2"));
        let thief = world.browser();
        thief.cookies.lock().insert(SESSION.to_owned(), planted);
        assert!(!thief.is_signed_in().await);
    }
}

#[tokio::test]
async fn every_login_gets_a_new_session_and_ends_the_one_before() {
    let world = World::start().await;
    let browser = world.signed_in().await;
    let before = browser.thief();
    browser.sign_in(&world.provider).await;
    assert_ne!(browser.session(), before.session());
    assert!(browser.is_signed_in().await && !before.is_signed_in().await);
}

#[tokio::test]
async fn a_callback_is_for_the_browser_that_left_and_counts_once() {
    let world = World::start().await;
    let browser = world.browser();
    let back = world.provider.click(&browser.leave().await);
    // Login CSRF: the attacker's code, in somebody else's browser, which has begun none or another one.
    let other = world.browser();
    for _ in 0..2 {
        let answer = other.get(&back).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, json!("SIGN_IN_FAILED")));
        assert_eq!(other.session(), None);
        other.leave().await;
    }
    assert_eq!(world.provider.fake().count("/token"), 0);

    // A state that is nobody's, with the right cookie; and none at all.
    let changed = back.replace("&iss=", "x&iss=");
    assert_ne!(changed, back);
    for wrong in [
        changed.as_str(),
        "/auth/callback?code=code-0",
        "/auth/callback",
        "/auth/callback?state=%F0%9F%98%80",
    ] {
        assert_eq!(browser.thief().get(wrong).await.code(), "SIGN_IN_FAILED", "{wrong}");
    }

    let replay = browser.thief();
    assert_eq!(location(&browser.get(&back).await), "/home");
    // With the cookie of the login, which the browser itself has forgotten.
    let answer = replay.get(&back).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (400, json!("SIGN_IN_FAILED")));
    assert_eq!((replay.session(), world.provider.fake().count("/token")), (None, 1));
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_code_that_was_used_elsewhere_signs_nobody_in() {
    let world = World::start().await;
    let (one, other) = (world.browser(), world.browser());
    let code = |url: &str| url.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let first = world.provider.click(&one.leave().await);
    let second = world.provider.click(&other.leave().await);
    // The other's own state, but with somebody else's code: PKCE and the provider refuse it.
    let injected = second.replace(&code(&second), &code(&first));
    let answer = other.get(&injected).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code(), other.session()),
        (400, json!("SIGN_IN_FAILED"), None)
    );
}

#[tokio::test]
async fn two_tabs_sign_in_at_once_and_given_up_logins_do_not_pile_up() {
    let world = World::start().await;
    let browser = world.browser();
    let first = world.provider.click(&browser.leave().await);
    let second = world.provider.click(&browser.leave().await);
    assert_eq!(location(&browser.get(&first).await), "/home");
    assert_eq!(location(&browser.get(&second).await), "/home");
    assert!(browser.is_signed_in().await && !browser.has_login());
    for _ in 0..30 {
        browser.leave().await;
    }
    assert!(browser.cookies.lock().len() <= 7, "{:?}", browser.cookies);
}

#[tokio::test]
async fn an_id_token_that_is_not_for_this_login_signs_nobody_in() {
    let world = World::start().await;
    for (wrong, claims) in [
        ("nonce", json!({"nonce": "another"})),
        ("no nonce", json!({"nonce": null})),
        ("issuer", json!({"iss": "https://evil.example"})),
        ("audience", json!({"aud": "another-app"})),
        ("audiences", json!({"aud": [super::provider::CLIENT, "another-app"]})),
        ("expired", json!({"exp": 1_000_000_000})),
        ("no subject", json!({"sub": null})),
        ("another access token's", json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"})),
    ] {
        *world.provider.state.twist.lock() = claims;
        let browser = world.browser();
        let answer = browser.try_sign_in(&world.provider).await;
        assert!(answer.status.is_client_error() || answer.status == 503, "{wrong}: {}", answer.text);
        assert!(answer.text.contains("You are not signed in"), "{wrong}: {}", answer.text);
        assert_eq!(browser.session(), None, "{wrong}");
    }
    *world.provider.state.twist.lock() = json!({});
    world.signed_in().await;
}

#[tokio::test]
async fn the_providers_clock_may_differ_as_much_as_of_access_tokens() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    // Far enough from the edge that a slow machine changes nothing.
    for (skew_s, ended, taken) in [(300, 100, true), (300, 500, false), (0, 5, false)] {
        let world = World::with(|settings| settings.auth.skew_s = skew_s).await;
        *world.provider.state.twist.lock() = json!({"exp": now() - ended});
        let browser = world.browser();
        let answer = browser.try_sign_in(&world.provider).await;
        assert_eq!(browser.session().is_some(), taken, "{skew_s}, {ended}: {}", answer.text);
    }
}

#[tokio::test]
async fn an_id_token_that_somebody_else_signed_signs_nobody_in() {
    let world = World::start().await;
    let stranger = Provider::start().await;
    let browser = world.browser();
    let location = browser.leave().await;
    let nonce = location.split("nonce=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let claims = json!({"iss": world.provider.url(), "aud": super::provider::CLIENT, "nonce": nonce});
    let forged = stranger.issuer.token_of("JWT", "us-1", claims);
    let unsigned = |header: &str| {
        use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
        let payload = forged.split('.').nth(1).unwrap();
        format!("{}.{payload}.", BASE64_URL_SAFE_NO_PAD.encode(header))
    };
    for id_token in
        [forged.clone(), unsigned(r#"{"alg":"none"}"#), unsigned(r#"{"alg":"HS256"}"#), "x".to_owned()]
    {
        let browser = world.browser();
        let back = world.provider.click(&browser.leave().await);
        let tokens = json!({"access_token": "a", "token_type": "Bearer", "id_token": id_token});
        world.provider.instead(Some(Reply::json(200, tokens)));
        let answer = browser.get(&back).await;
        assert!(!answer.status.is_success() && !answer.status.is_redirection(), "{}", answer.text);
        assert_eq!(browser.session(), None);
    }
    let none = json!({"access_token": "a", "token_type": "Bearer"});
    world.provider.instead(Some(Reply::json(200, none)));
    assert_eq!(browser.get(&world.provider.click(&location)).await.code(), "SIGN_IN_FAILED");
}

#[tokio::test]
async fn whoever_is_refused_by_the_provider_is_told_on_a_page() {
    let world = World::start().await;
    let browser = world.browser();
    let url = url::Url::parse(&browser.leave().await).unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let answer = browser.go(&format!("/auth/callback?error=%3Cscript%3E&state={state}")).await;
    assert_eq!(answer.status, 400);
    assert!(answer.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    assert!(answer.text.contains("SIGN_IN_FAILED") && !answer.text.contains("<script"), "{}", answer.text);
    assert!(!browser.has_login());
    // Another provider's answer (mix-up).
    let back = world.provider.click(&browser.leave().await);
    let (before, _) = back.split_once("&iss=").unwrap();
    assert_eq!(browser.get(&format!("{before}&iss=https://evil.example")).await.code(), "SIGN_IN_FAILED");
    assert_eq!(world.provider.fake().count("/token"), 0);
}

#[tokio::test]
async fn a_provider_in_trouble_is_told_of_and_nobody_waits_for_long() {
    let world = World::with(|settings| settings.auth.session.provider_timeout_ms = 50).await;
    let fake = world.provider.fake();
    for reply in
        [Reply::html(), Reply::json(500, json!({})), Reply::hang(), Reply::reset(), Reply::garbage("{}")]
    {
        fake.get("/.well-known/openid-configuration", move |_| reply.clone());
        let answer = world.browser().get("/auth/login").await;
        assert_eq!((answer.status.as_u16(), answer.code()), (503, json!("AUTHENTICATION_UNAVAILABLE")));
        assert!(answer.headers.contains_key(header::RETRY_AFTER));
        let page = world.browser().go("/auth/login").await;
        assert!(page.status == 503 && page.text.contains("AUTHENTICATION_UNAVAILABLE"), "{}", page.text);
    }
    world.provider.describe();
    for reply in [Reply::html(), Reply::json(500, json!({})), Reply::hang(), Reply::reset(), Reply::cut("{")]
    {
        world.provider.instead(Some(reply));
        let browser = world.browser();
        let answer = browser.get(&world.provider.click(&browser.leave().await)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (503, json!("AUTHENTICATION_UNAVAILABLE")));
        assert_eq!(browser.session(), None);
    }
    world.provider.instead(None);
    world.signed_in().await;
}

#[tokio::test]
async fn what_is_known_of_the_provider_is_kept_through_its_outage() {
    let world = World::with(|settings| settings.auth.keys_max_age_s = 0).await;
    let browser = world.signed_in().await;
    world.provider.fake().get("/.well-known/openid-configuration", |_| Reply::json(500, json!({})));
    world.provider.fake().get("/jwks.json", |_| Reply::html());
    let another = world.signed_in().await;
    assert!(browser.is_signed_in().await && another.is_signed_in().await);
}

#[tokio::test]
async fn a_host_that_a_request_makes_up_is_not_where_codes_are_sent() {
    let world = World::start().await;
    let browser = world.browser();
    let request = browser.request(http::Method::GET, "/auth/login").header(header::HOST, "evil.example");
    let answer = browser.send(request).await;
    assert_eq!(answer.code(), "SIGN_IN_FAILED");
    let fixed = World::with(|settings| {
        settings.auth.session.public_url = Some("https://app.example".parse().unwrap());
    })
    .await;
    let browser = fixed.browser();
    assert!(browser.leave().await.contains("redirect_uri=https%3A%2F%2Fapp.example%2Fauth%2Fcallback"));
}

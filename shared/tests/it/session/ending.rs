//! A session that ends, here or at the provider: its cookie is worth nothing, and what is open in it ends.

use http::{Method, header};
use kit::{EventStream, Running, Socket, json};
use url::Url;

use super::{
    browser::{Browser, MARK, SESSION},
    provider::CLIENT,
    world::World,
};
use crate::client::Answer;

/// A subscription under way on a socket that the browser has opened.
pub async fn listening(bff: &Running, browser: &Browser) -> Socket {
    let cookies = browser.cookie_header();
    let mut socket = bff.try_socket(&[("cookie", cookies.as_str())]).await.unwrap();
    socket.init(json!({})).await;
    socket.acknowledged().await;
    socket.start("1", "subscription { ticks }", json!({})).await;
    assert_eq!(socket.receive().await.unwrap()["payload"]["data"]["ticks"], 1);
    socket
}

/// The same, over server-sent events.
pub async fn streaming(browser: &Browser) -> EventStream {
    let request =
        browser.request(Method::POST, "/graphql/stream").json(&json!({"query": "subscription { ticks }"}));
    let mut stream = EventStream::open(request).await;
    assert_eq!(stream.answer().await.data("ticks"), 1);
    stream
}

/// What happens to a request with the cookie of a session that has ended: told so, and told to forget it.
pub fn is_over(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.code()), (401, json!("SESSION_EXPIRED")), "{}", answer.text);
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with(&format!("{SESSION}=; ")) && cookie.ends_with("Max-Age=0"), "{cookie}");
}

#[tokio::test]
async fn logout_ends_it_at_both_ends() {
    let world = World::start().await;
    let browser = world.signed_in().await;
    let thief = browser.thief();
    let mut socket = listening(&world.bff, &browser).await;
    let mut stream = streaming(&browser).await;

    let answer = browser.post("/auth/logout", &[MARK]).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["signedIn"]), (200, &json!(false)));
    assert_eq!(browser.session(), None);
    let next = answer.json()["endSessionUrl"].as_str().unwrap().to_owned();
    let next = Url::parse(&next).unwrap();
    assert_eq!(next.path(), "/bye");
    let parameter =
        |name: &str| next.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    assert_eq!(parameter("client_id").as_deref(), Some(CLIENT));
    assert!(parameter("post_logout_redirect_uri").unwrap().ends_with('/'));
    assert_eq!(parameter("id_token_hint").unwrap().split('.').count(), 3);

    assert_eq!(socket.closed().await, (4403, "Forbidden: SESSION_EXPIRED".to_owned()));
    assert_eq!(stream.next().await.unwrap().codes(), ["SESSION_EXPIRED"]);
    assert!(stream.next().await.is_none());

    // Anonymous in the browser; in a thief's hands, worth nothing.
    assert_eq!(browser.me().await, json!(null));
    is_over(&thief.query("{ me }").await);
    assert!(thief.session().is_none(), "a browser forgets it when it is told");
    // Again, and with nothing to end.
    let again = browser.post("/auth/logout", &[MARK]).await;
    assert_eq!((again.status.as_u16(), &again.json()["endSessionUrl"]), (200, &json!(null)));
}

#[tokio::test]
async fn logout_ends_it_here_when_the_provider_is_away() {
    let world = World::with(|settings| settings.auth.keys_max_age_s = 0).await;
    let browser = world.signed_in().await;
    let thief = browser.thief();
    world.provider.fake().get("/.well-known/openid-configuration", |_| kit::Reply::html());
    assert_eq!(browser.post("/auth/logout", &[MARK]).await.status, 200);
    is_over(&thief.query("{ me }").await);
}

#[tokio::test]
async fn cookies_that_were_tampered_with_or_are_foreign_are_worth_nothing() {
    let world = World::start().await;
    let other = World::start().await;
    let browser = world.signed_in().await;
    let good = browser.session().unwrap();
    let shorter = &good[..good.len() - 1];
    let changed = format!("{}{}", if good.starts_with('A') { 'B' } else { 'A' }, &good[1..]);
    for wrong in
        ["", "x", shorter, &changed, &format!("{good}A"), &other.signed_in().await.session().unwrap()]
    {
        let forged = world.browser();
        forged.cookies.lock().insert(SESSION.to_owned(), wrong.to_owned());
        is_over(&forged.query("{ me }").await);
    }
    assert!(browser.is_signed_in().await);
    // A cookie of another name is nobody's business here.
    let stranger = world.browser();
    stranger.cookies.lock().insert("session".to_owned(), good);
    assert_eq!(stranger.me().await, json!(null));
}

async fn told(world: &World, token: &str) -> Answer {
    let body =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", token).finish();
    let request = world.browser().request(Method::POST, "/auth/backchannel-logout").body(body);
    world.browser().send(request.header("content-type", "application/x-www-form-urlencoded")).await
}

#[tokio::test]
async fn the_provider_ends_a_session_by_its_name_or_all_of_somebodys() {
    let world = World::start().await;
    let (one, two) = (world.signed_in().await, world.signed_in().await);
    world.provider.is("us-2");
    let other = world.signed_in().await;
    let mut socket = listening(&world.bff, &one).await;

    // Nobody's.
    for claims in [json!({"sid": "sid-of-nobody"}), json!({"sub": "us-3"})] {
        assert_eq!(told(&world, &world.provider.logout_token(claims)).await.status, 200);
    }
    assert!(one.is_signed_in().await && two.is_signed_in().await && other.is_signed_in().await);

    let answer = told(&world, &world.provider.logout_token(json!({"sub": "us-1"}))).await;
    assert_eq!(
        (answer.status.as_u16(), answer.headers[header::CACHE_CONTROL].to_str().unwrap()),
        (200, "no-store")
    );
    assert_eq!(socket.closed().await.0, 4403);
    is_over(&one.query("{ me }").await);
    is_over(&two.query("{ me }").await);
    assert!(other.is_signed_in().await);

    let by_name = json!({"sid": "sid-of-us-2", "sub": null});
    assert_eq!(told(&world, &world.provider.logout_token(by_name)).await.status, 200);
    is_over(&other.query("{ me }").await);
}

#[tokio::test]
async fn a_logout_token_that_is_not_the_providers_ends_nothing() {
    let world = World::start().await;
    let browser = world.signed_in().await;
    let good = world.provider.logout_token(json!({"sub": "us-3"}));
    assert_eq!(told(&world, &good).await.status, 200);
    let (head, signature) = good.rsplit_once('.').unwrap();
    let changed = format!("{head}.{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]);
    let stranger = super::provider::Provider::start().await;
    let forged = |claims| stranger.logout_token(claims);
    let wrong = [
        ("replayed", good),
        ("changed", changed),
        ("somebody else's", forged(json!({"iss": kit::Place::url(&world.provider)}))),
        ("issuer", world.provider.logout_token(json!({"iss": "https://evil.example"}))),
        ("audience", world.provider.logout_token(json!({"aud": "another-app"}))),
        ("old", world.provider.logout_token(json!({"iat": 1_000_000_000}))),
        ("no time", world.provider.logout_token(json!({"iat": null}))),
        ("expired", world.provider.logout_token(json!({"exp": 1_000_000_000}))),
        ("no jti", world.provider.logout_token(json!({"jti": null}))),
        ("no event", world.provider.logout_token(json!({"events": null}))),
        ("another event", world.provider.logout_token(json!({"events": {"https://else.example": {}}}))),
        ("nonce", world.provider.logout_token(json!({"nonce": "n"}))),
        ("nobody", world.provider.logout_token(json!({"sub": null}))),
        ("no token", "x".to_owned()),
    ];
    for (what, token) in wrong {
        let answer = told(&world, &token).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]),
            (400, &json!("invalid_request")),
            "{what}"
        );
    }
    assert_eq!(world.browser().post("/auth/backchannel-logout", &[]).await.status, 400);
    assert!(browser.is_signed_in().await);
}

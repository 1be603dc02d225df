//! Replicas with one Redis: a session of one is a session of all, ends for all, and is nobody's to read.

use std::sync::atomic::Ordering::Relaxed;

use bff::config::{Secret, Settings};
use futures::future::join_all;
use kit::{Place, RedisServer, Running, json};

use super::{
    browser::{Browser, MARK},
    ending::{is_over, listening},
    provider::{Provider, SPENT},
    world::start,
};

const KEY: &str = "0123456789abcdefghijklmnopqrstuv-the-key";

struct Replicas {
    redis: RedisServer,
    provider: Provider,
    one: Running,
    other: Running,
}

impl Replicas {
    async fn start() -> Self {
        let (redis, provider) = (RedisServer::start().await, Provider::start().await);
        let at = redis.url();
        let shared = move |settings: &mut Settings| {
            settings.redis.url = Secret::new(at.clone());
            settings.redis.timeout_ms = 5_000;
            settings.auth.session.keys = vec![Secret::new(KEY)];
            // The port is not the browser's business: both are behind one name.
            settings.auth.session.public_url = Some("http://localhost".parse().unwrap());
        };
        let (one, other) = (start(&provider, shared.clone()).await, start(&provider, shared).await);
        Self { redis, provider, one, other }
    }

    /// Left for the provider from one, came back to the other.
    async fn signed_in(&self) -> Browser {
        let browser = Browser::at(self.one.url());
        let back = self.provider.click(&browser.leave().await);
        let path = back.strip_prefix("http://localhost").unwrap().to_owned();
        let there = browser.moved_to(self.other.url());
        let answer = there.get(&path).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        there.moved_to(self.one.url())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_one_is_a_session_of_all_and_ends_for_all() {
    let world = Replicas::start().await;
    let here = world.signed_in().await;
    let there = here.moved_to(world.other.url());
    assert_eq!((here.me().await, there.me().await), (json!("us-1 on plan-1, notes: true"), here.me().await));
    let mut socket = listening(&world.other, &there).await;
    assert_eq!(here.post("/auth/logout", &[MARK]).await.status, 200);
    is_over(&there.query("{ me }").await);
    // A replica notices what ended elsewhere.
    assert_eq!(socket.closed().await.0, 4403);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_where_it_ends_is_told_at_once() {
    let mut world = Replicas::start().await;
    let browser = world.signed_in().await;
    let mut socket = listening(&world.one, &browser).await;
    assert_eq!(browser.post("/auth/logout", &[MARK]).await.status, 200);
    // Whoever only looked from time to time would find nothing to look at.
    world.redis.stop().await;
    assert_eq!(socket.closed().await.0, 4403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_tells_one_and_all_know() {
    let world = Replicas::start().await;
    let here = world.signed_in().await;
    let there = here.moved_to(world.other.url());
    let token = world.provider.logout_token(json!({"sub": "us-1"}));
    let told = async |browser: &Browser| {
        let body = format!("logout_token={token}");
        browser.send(browser.request(http::Method::POST, "/auth/backchannel-logout").body(body)).await
    };
    assert_eq!(told(&there).await.status, 200);
    assert_eq!(told(&here).await.status, 400, "a token counts once, wherever it is sent");
    is_over(&here.query("{ me }").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_renew_once_together() {
    let world = Replicas::start().await;
    world.provider.state.first_lifetime.store(SPENT, Relaxed);
    let here = world.signed_in().await;
    let there = here.moved_to(world.other.url());
    let tabs = (0..20).map(|number| if number % 2 == 0 { here.me() } else { there.me() });
    let answers = join_all(tabs).await;
    assert!(answers.iter().all(|answer| answer == "us-1 on plan-2, notes: true"), "{answers:?}");
    assert_eq!(world.provider.refreshes(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_comes_back_once_to_all_of_them() {
    let world = Replicas::start().await;
    let browser = Browser::at(world.one.url());
    let back = world.provider.click(&browser.leave().await);
    let path = back.strip_prefix("http://localhost").unwrap().to_owned();
    let replay = browser.moved_to(world.other.url());
    assert_eq!(browser.get(&path).await.status, 303);
    assert_eq!(replay.get(&path).await.code(), "SIGN_IN_FAILED");
    assert_eq!(world.provider.fake().count("/token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_redis_reads_nothing_of_it() {
    let world = Replicas::start().await;
    let browser = world.signed_in().await;
    let dump = world.redis.dump().await;
    assert!(dump.contains("door:session:"), "{dump}");
    let cookie = browser.session().unwrap();
    for secret in ["access-token", "refresh-token", "eyJ", "us-1", "Mika", "plan-1", "notes", &cookie, KEY] {
        assert!(!dump.contains(secret), "{secret} in {dump}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_nobody_is_taken_for_somebody_and_nobody_hangs() {
    let mut world = Replicas::start().await;
    let browser = world.signed_in().await;
    world.redis.stop().await;
    let answer = browser.query("{ me }").await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, json!("AUTHENTICATION_UNAVAILABLE")));
    assert_eq!(browser.get("/auth/session").await.status, 503);
    assert_eq!(
        browser.post("/auth/logout", &[MARK]).await.status,
        503,
        "nobody is told to be signed out who is not"
    );
    let back = world.provider.click(&browser.leave().await);
    let path = back.strip_prefix("http://localhost").unwrap().to_owned();
    assert_eq!(browser.get(&path).await.status, 503);
    // Whoever has no session does not depend on it.
    assert_eq!(Browser::at(world.one.url()).me().await, json!(null));
}

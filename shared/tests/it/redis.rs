//! Redis, as the platform uses it: found late, lost, stalled, found again; and never waited for.

use bff::{
    config::{RedisSettings, Secret, TlsSettings},
    redis::{Redis, Unavailable, cmd},
};
use futures::FutureExt;
use kit::{Authority, Place, RedisServer};

/// Long enough that only a hang would take it: what fails at once must fail long before.
const LONG_MS: u64 = 60_000;

fn redis_at(url: &str, change: impl FnOnce(&mut RedisSettings)) -> Redis {
    let mut settings =
        RedisSettings { url: Secret::new(url), timeout_ms: LONG_MS, ..RedisSettings::default() };
    change(&mut settings);
    Redis::new(&settings, &TlsSettings::default(), "test").unwrap().unwrap()
}

/// With these authorities besides the system's.
fn secure_redis(server: &RedisServer, trusted: &Authority) -> Redis {
    let settings =
        RedisSettings { url: Secret::new(server.url()), timeout_ms: LONG_MS, ..RedisSettings::default() };
    let tls = TlsSettings { ca_file: Some(trusted.file().to_owned()) };
    Redis::new(&settings, &tls, "test").unwrap().unwrap()
}

async fn ping(redis: &Redis) -> Result<String, Unavailable> {
    redis.query(&cmd("PING")).await
}

/// Asks until there is an answer.
async fn until_answered(redis: &Redis) {
    tokio::time::timeout(kit::PATIENCE, async {
        while ping(redis).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[test]
fn without_a_url_there_is_none_and_a_wrong_one_is_told_without_its_password() {
    let tls = TlsSettings::default();
    assert!(Redis::new(&RedisSettings::default(), &tls, "test").unwrap().is_none());
    for url in ["http://:hunter2@host", "rediss://:hunter2@", "redis://:hunter2@host:99999"] {
        let settings = RedisSettings { url: Secret::new(url), ..RedisSettings::default() };
        let wrong = Redis::new(&settings, &tls, "test").unwrap_err();
        assert!(wrong.contains("redis.url") && !wrong.contains("hunter2"), "{wrong}");
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_speaks_tls_is_believed_by_its_certificate_alone() {
    let (known, unknown) = (Authority::new(), Authority::new());
    let server = RedisServer::secure(&known, "127.0.0.1").await;
    let redis = secure_redis(&server, &known);
    let _: () = redis.query(cmd("SET").arg(redis.key("greeting")).arg("hello")).await.unwrap();
    assert_eq!(redis.query::<String>(cmd("GET").arg(redis.key("greeting"))).await.unwrap(), "hello");

    // Of somebody whom nobody trusts, and of somebody else.
    let elsewhere = RedisServer::secure(&known, "elsewhere.example").await;
    for (redis, word) in
        [(secure_redis(&server, &unknown), "UnknownIssuer"), (secure_redis(&elsewhere, &known), "elsewhere")]
    {
        let why = ping(&redis).await.unwrap_err().to_string();
        assert!(why.contains("TLS") && why.contains(word), "{why}");
    }
    // It hears nothing that is not encrypted, and nobody falls back to that.
    let plain = redis_at(&server.url().replace("rediss:", "redis:"), |_| ());
    ping(&plain).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_speaks_tls_is_found_again() {
    let authority = Authority::new();
    let mut server = RedisServer::secure(&authority, "127.0.0.1").await;
    let redis = secure_redis(&server, &authority);
    ping(&redis).await.unwrap();
    server.stop().await;
    ping(&redis).await.unwrap_err();
    server.start_again().await;
    until_answered(&redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_of_a_service_share_what_they_keep() {
    let server = RedisServer::start().await;
    let (one, other) = (redis_at(&server.url(), |_| ()), redis_at(&server.url(), |_| ()));
    let _: () = one.query(cmd("SET").arg(one.key("greeting")).arg("hello")).await.unwrap();
    assert_eq!(other.query::<String>(cmd("GET").arg(other.key("greeting"))).await.unwrap(), "hello");
    assert_eq!(server.dump().await.trim(), "test:greeting = hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_told_of_at_once_and_found_again() {
    let mut server = RedisServer::start().await;
    let redis = redis_at(&server.url(), |settings| settings.retry_ms = 1);
    ping(&redis).await.unwrap();
    server.stop().await;
    // With a minute to wait, these would not come back before the test is given up.
    for _ in 0..20 {
        tokio::time::timeout(kit::PATIENCE, ping(&redis)).await.expect("told at once").unwrap_err();
    }
    server.start_again().await;
    until_answered(&redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_while_it_is_left_alone_waits_for_nothing() {
    // Nobody accepts there, and nobody refuses: the queue of a listener that never looks.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let redis = redis_at(&format!("redis://{}", listener.local_addr().unwrap()), |settings| {
        settings.connect_timeout_ms = 20;
        settings.retry_ms = LONG_MS;
    });
    ping(&redis).await.unwrap_err();
    let connections = || {
        listener.set_nonblocking(true).unwrap();
        std::iter::from_fn(|| listener.accept().ok()).count()
    };
    assert_eq!(connections(), 1);
    for _ in 0..100 {
        assert!(futures::FutureExt::now_or_never(ping(&redis)).expect("no wait").is_err());
    }
    assert_eq!(connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stalls_is_waited_for_a_bounded_time_and_then_not_at_all() {
    let server = RedisServer::start().await;
    let redis = redis_at(&server.url(), |settings| {
        settings.timeout_ms = 50;
        settings.retry_ms = LONG_MS;
    });
    until_answered(&redis).await;
    server.stall();
    for _ in 0..3 {
        assert_eq!(ping(&redis).await.unwrap_err().to_string(), "no answer within 50 ms");
    }
    // Three in a row: nobody waits any more.
    assert!(futures::FutureExt::now_or_never(ping(&redis)).expect("no wait").is_err());
    server.go_on();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_at_first_open_one_connection() {
    let server = RedisServer::start().await;
    let redis = redis_at(&server.url(), |_| ());
    let asked = (0..50).map(|_| {
        let redis = redis.clone();
        tokio::spawn(async move { ping(&redis).await })
    });
    for answer in futures::future::join_all(asked).await {
        answer.unwrap().unwrap();
    }
    let info: String = redis.query(cmd("INFO").arg("stats")).await.unwrap();
    let received = info.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
    // One was the kit's, to see whether the server is up.
    assert_eq!(received, Some("2"), "{info}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_while_connecting_spoils_it_for_nobody() {
    let server = RedisServer::start().await;
    let redis = redis_at(&server.url(), |_| ());
    // Gone after its first look, by when nothing is connected but by a miracle.
    drop(ping(&redis).now_or_never());
    ping(&redis).await.unwrap();
}

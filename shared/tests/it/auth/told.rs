//! What a caller is told of a token that is not accepted, over whatever it came, and what the log says of it.

use kit::{Issuer, Place, json};

use crate::{client::send, process::Service, subscriptions};

#[tokio::test]
async fn a_refused_operation_runs_nothing_and_says_expired_or_invalid() {
    let world = subscriptions::world::World::start().await;
    let expired = world.issuer.token_with("us-1", json!({"exp": 1_000_000_000}));
    let forged = Issuer::start().await.token_with("us-1", json!({"iss": world.issuer.url()}));
    for (token, code) in [(expired, "TOKEN_EXPIRED"), (forged, "TOKEN_INVALID")] {
        // Also where nobody would have had to sign in: it asked as somebody.
        let answer = world.bff.query("mutation { press }").bearer(&token).await;
        assert_eq!((answer.status, answer.codes()), (401, vec![code]));
        assert!(answer.header("www-authenticate").is_some_and(|told| told.starts_with("Bearer error=")));
        assert_eq!(answer.errors()[0]["extensions"]["retryable"], false);
        let got = world.bff.query("{ echo(text: \"a\") }").bearer(&token).by_get().await;
        assert_eq!((got.status, got.codes()), (401, vec![code]));

        let over_sse = world.bff.request(http::Method::POST, "/graphql/stream").bearer_auth(&token);
        let over_sse = over_sse.json(&json!({"query": "subscription { to(n: 1) }"}));
        let over_sse = kit::exchange(over_sse).await;
        assert_eq!((over_sse.status, over_sse.codes()), (401, vec![code]));

        let mut socket = world.bff.silent_socket().await;
        socket.init(json!({"authorization": format!("Bearer {token}")})).await;
        assert_eq!(socket.closed().await, (4403, format!("Forbidden: {code}")));
        let bearer = format!("Bearer {token}");
        let upgrade = world.bff.try_socket(&[("authorization", bearer.as_str())]).await;
        assert_eq!(upgrade.err(), Some(401));
    }
    assert_eq!(world.pressed(), 0);
    // Nobody in particular may.
    assert_eq!(world.bff.query("mutation { press }").await.data("press"), 1);
}

#[tokio::test]
async fn a_socket_whose_token_cannot_be_checked_now_may_come_again() {
    let world = subscriptions::world::World::start().await;
    world.issuer.fake().get("/jwks.json", |_| kit::Reply::problem(500, "out of order"));
    let mut socket = world.bff.silent_socket().await;
    socket.init(json!({"authorization": format!("Bearer {}", world.issuer.token("us-1"))})).await;
    let (code, reason) = socket.closed().await;
    assert_eq!((code, reason.starts_with("AUTHENTICATION_UNAVAILABLE")), (1013, true), "{reason}");
}

#[tokio::test]
async fn the_log_says_what_the_caller_is_not_told() {
    let issuer = Issuer::start().await;
    let provider = format!("auth.issuer={}", issuer.url());
    let mut service = Service::start(&["--profile", "development", "--set", &provider]);
    let listening = service.json();
    let url = format!("http://{}/things/a", listening["http.addr"].as_str().unwrap());
    let token = issuer.token_with("us-1", json!({"aud": "somebody-else"}));
    let answer = send(reqwest::Client::new().get(url).bearer_auth(&token)).await;
    assert!(!answer.text.contains("audience"), "{}", answer.text);
    let said = service.json();
    assert_eq!(
        (said["message"].as_str(), said["auth.reason"].as_str()),
        (Some("a credential is not accepted"), Some("the token is meant for another audience"))
    );
    let line = service.json();
    assert_eq!(line["trace_id"], said["trace_id"]);
    service.terminate();
    let (_, output, errors) = service.end();
    assert!(![said.to_string(), line.to_string(), output, errors].join("").contains(&token));
}

//! What a page of another site may have made a browser send is refused, and nothing of it runs.

use super::world::{JSON, MODERN, World};
use kit::Place;

const PRESS: &str = r#"{"query": "mutation { press }"}"#;
const ECHO: &str = "query={echo(text:\"x\")}";

#[tokio::test]
async fn a_body_that_a_form_can_send_is_refused() {
    let world = World::start().await;
    let kinds = [
        None,
        Some(""),
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("text/plain; application/json"),
        Some("application/jsonx"),
        Some("application/graphql"),
        Some("application/json; charset=utf-16"),
    ];
    for kind in kinds {
        let headers: Vec<_> =
            kind.map(|kind| ("content-type", kind)).into_iter().chain([("accept", MODERN)]).collect();
        let answer = world.post(PRESS, &headers).await;
        assert_eq!(answer.told(), (415, MODERN, "UNSUPPORTED_MEDIA_TYPE".into()), "{kind:?}");
        assert!(answer.text.contains("Content-Type: application/json"), "{}", answer.text);
    }
    assert_eq!(world.ran(), 0);
    for kind in [JSON, "Application/JSON;charset=\"UTF-8\""] {
        assert_eq!(world.post(PRESS, &[("content-type", kind)]).await.status, 200, "{kind}");
    }
    assert_eq!(world.ran(), 2);
}

#[tokio::test]
async fn a_get_without_a_mark_that_only_a_preflight_allows_is_refused() {
    let world = World::start().await;
    let unmarked: [&[(&str, &str)]; 4] = [
        &[],
        // What a browser sends to a stranger of its own accord.
        &[
            ("accept", "application/graphql-response+json, */*"),
            ("accept-language", "de"),
            ("cookie", "session=1"),
        ],
        &[("graphql-require-preflight", "")],
        &[("x-requested-by", "somebody")],
    ];
    for headers in unmarked {
        let answer = world.get(ECHO, headers).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (403, "CSRF_PREVENTED".into()), "{headers:?}");
        assert!(answer.text.contains("GraphQL-Require-Preflight: true"), "{}", answer.text);
    }
    // Browsers have been found to send odd types unasked: no mark makes up for them.
    let odd: [&[(&str, &str)]; 2] = [
        &[("content-type", "text/plain")],
        &[("content-type", "message/ad-auction-trusted-signals-request"), ("graphql-require-preflight", "1")],
    ];
    for headers in odd {
        assert_eq!(world.get(ECHO, headers).await.status, 415, "{headers:?}");
    }
    assert_eq!(world.ran(), 0);
    let marks = [
        ("GraphQL-Require-Preflight", "true"),
        ("Apollo-Require-Preflight", "true"),
        ("X-Apollo-Operation-Name", "Echo"),
        ("Content-Type", "application/json"),
    ];
    for mark in marks {
        assert_eq!(world.get(ECHO, &[mark]).await.json()["data"]["echo"], "x", "{mark:?}");
    }
    assert_eq!(world.ran(), marks.len());
}

#[tokio::test]
async fn a_page_of_an_unknown_origin_is_refused_whatever_else_it_sends() {
    let friend = "https://app.example";
    let world =
        World::with(|server| server.settings(|settings| settings.cors = vec![friend.to_owned()])).await;
    let headers = |origin| [("content-type", JSON), ("accept", MODERN), ("origin", origin)];
    for origin in
        ["https://evil.example", "null", "", "http://app.example", "https://app.example.evil.example"]
    {
        let posted = world.post(PRESS, &headers(origin)).await;
        assert_eq!(posted.told(), (403, MODERN, "ORIGIN_NOT_ALLOWED".into()), "{origin}");
        assert!(posted.text.contains("`cors`"), "{}", posted.text);
        let got = world.get(ECHO, &headers(origin)).await;
        assert_eq!(got.told(), (403, MODERN, "ORIGIN_NOT_ALLOWED".into()), "{origin}");
    }
    assert_eq!(world.ran(), 0);
    // Pages of this very host, as GraphiQL is, and those on the list.
    let own = world.bff.url();
    for origin in [own.as_str(), friend] {
        assert_eq!(world.post(PRESS, &headers(origin)).await.status, 200, "{origin}");
        assert_eq!(world.get(ECHO, &headers(origin)).await.status, 200, "{origin}");
    }
    assert_eq!(world.ran(), 4);
}

#[tokio::test]
async fn without_an_allow_list_only_pages_of_this_host_may_call() {
    let world = World::start().await;
    let headers = |origin| [("content-type", JSON), ("origin", origin)];
    assert_eq!(world.post(PRESS, &headers("https://app.example")).await.status, 403);
    assert_eq!(world.post(PRESS, &headers(&world.bff.url())).await.status, 200);
}

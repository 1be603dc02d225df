//! Rows are kept key by key, as long as their upstream allows, within a budget.

use super::world::{ItemById, LONG, World, items, named, request, upstreams};
use bff::fanout::by_hand;
use kit::{Call, Fake, Reply, json};
use std::time::Duration;

/// `/items` answers with these headers.
fn with(store: &Fake, headers: &'static [(&'static str, &'static str)]) {
    store.get("/items", move |call| said(items(call).into(), headers));
}

fn said(reply: Reply, headers: &'static [(&'static str, &'static str)]) -> Reply {
    headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
}

fn asked(store: &Fake) -> Vec<Vec<String>> {
    store.calls_of("/items").iter().map(|call| call.list("ids")).collect()
}

const A: &str = "{ item(id: \"a\") { name } }";

#[tokio::test]
async fn another_batch_asks_only_for_what_is_missing() {
    let world = World::start().await;
    with(&world.store, &[("cache-control", "max-age=600")]);
    world.bff.query("{ items(ids: [\"a\", \"b\"]) { name } }").await.ok();
    let answer = world.bff.query("{ items(ids: [\"c\", \"b\", \"a\"]) { id name } }").await;
    assert_eq!(answer.ok(), &json!({"items": [named("c"), named("b"), named("a")]}));
    world.bff.query("{ item(id: \"c\") { name } }").await.ok();
    assert_eq!(asked(&world.store), [vec!["a", "b"], vec!["c"]]);
}

#[tokio::test]
async fn that_there_is_nothing_is_kept_too() {
    let world = World::start().await;
    let cached = [("cache-control", "max-age=600")];
    world.store.get("/items", move |_| Reply::from(json!([])).header(cached[0].0, cached[0].1));
    world.store.get("/stock/{id}", move |_| Reply::problem(404, "none").header(cached[0].0, cached[0].1));
    for _ in 0..2 {
        let answer = world.bff.query("{ item(id: \"a\") { name } stock(id: \"a\") { copies } }").await;
        assert_eq!(answer.ok(), &json!({"item": null, "stock": null}));
    }
    assert_eq!(world.store.total(), 2);
}

#[tokio::test]
async fn an_upstream_says_what_may_be_kept() {
    for (headers, calls) in [
        (&[("cache-control", "max-age=600")] as &[(&str, &str)], 1),
        (&[("cache-control", "Public, Max-Age=600")], 1),
        (&[("cache-control", "max-age=0, s-maxage=600")], 1),
        (&[("expires", "Fri, 01 Jan 2199 00:00:00 GMT")], 1),
        (&[("cache-control", "max-age=600"), ("vary", "accept-encoding, accept-language")], 1),
        (&[("cache-control", "max-age=600"), ("age", "599999")], 2),
        (&[("cache-control", "max-age=600"), ("vary", "*")], 2),
        (&[("cache-control", "max-age=600"), ("vary", "traceparent")], 2),
        (&[("cache-control", "max-age=600, no-store")], 2),
        (&[("cache-control", "private, max-age=600")], 2),
        (&[("cache-control", "no-cache, max-age=600")], 2),
        (&[("cache-control", "max-age=600, s-maxage=0")], 2),
        (&[("cache-control", "public")], 2),
        (&[], 2),
    ] {
        let world = World::start().await;
        with(&world.store, headers);
        world.bff.query(A).await.ok();
        world.bff.query(A).await.ok();
        assert_eq!(world.store.total(), calls, "{headers:?}");
    }
}

#[tokio::test]
async fn what_is_refused_or_cannot_be_read_is_not_kept() {
    let cached = |reply: Reply| reply.header("cache-control", "max-age=600");
    for reply in [Reply::problem(500, "down"), Reply::problem(400, "what?"), Reply::garbage("[{\"id\":")] {
        let world = World::start().await;
        world.store.get("/latest", move |_| cached(reply.clone()));
        assert_eq!(world.bff.query("{ latest(first: 1) { id } }").await.errors().len(), 1);
        world.store.get("/latest", |_| json!([named("x")]));
        world.bff.query("{ latest(first: 1) { id } }").await.ok();
    }
}

/// Answers 304 to whoever has version 1, as long as there is no other.
fn versioned(call: &Call, body: kit::Value, headers: &'static [(&'static str, &'static str)]) -> Reply {
    let known = call.header("if-none-match") == Some("\"v1\"");
    let reply = if known { Reply::json(304, json!(null)) } else { body.into() };
    said(reply.header("etag", "\"v1\""), headers)
}

#[tokio::test]
async fn rows_of_a_single_url_are_confirmed_by_their_etag() {
    let world = World::start().await;
    let past = &[("cache-control", "max-age=0")];
    world.store.get("/latest", |call| versioned(call, json!([named("x")]), past));
    world.store.get("/stock/{id}", |call| versioned(call, json!({"id": "s", "copies": 2}), past));
    world.store.get("/items", |call| versioned(call, items(call), past));
    for _ in 0..3 {
        let answer = world
            .bff
            .query("{ latest(first: 1) { id } stock(id: \"s\") { copies } item(id: \"a\") { name } }")
            .await;
        assert_eq!(
            answer.ok(),
            &json!({"latest": [{"id": "x"}], "stock": {"copies": 2}, "item": {"name": "the a"}})
        );
    }
    for path in ["/latest", "/stock/{id}", "/items"] {
        let conditions: Vec<_> =
            world.store.calls_of(path).iter().map(|call| call.header("if-none-match").is_some()).collect();
        assert_eq!(conditions, [false, true, true], "{path}");
    }
}

#[tokio::test]
async fn what_is_confirmed_is_fresh_for_as_long_as_it_says_now() {
    let world = World::start().await;
    world.store.get("/latest", |call| {
        let fresh = call.header("if-none-match").is_some();
        let age = if fresh { "max-age=600" } else { "max-age=0" };
        versioned(call, json!([named("x")]), &[]).header("cache-control", age)
    });
    for _ in 0..4 {
        assert_eq!(
            world.bff.query("{ latest(first: 1) { id } }").await.ok(),
            &json!({"latest": [{"id": "x"}]})
        );
    }
    assert_eq!(world.store.total(), 2);
}

#[tokio::test]
async fn what_has_changed_takes_the_place_of_what_was_kept() {
    let world = World::start().await;
    world.store.get("/latest", |_| {
        Reply::from(json!([named("old")])).header("etag", "\"v1\"").header("cache-control", "max-age=0")
    });
    let document = "{ latest(first: 1) { id } }";
    world.bff.query(document).await.ok();
    world.store.get("/latest", |_| Reply::from(json!([named("new")])).header("etag", "\"v2\""));
    assert_eq!(world.bff.query(document).await.ok(), &json!({"latest": [{"id": "new"}]}));
    // An upstream that confirms what it was not asked about is asked once more, without a condition.
    world.store.get("/latest", |call| match call.header("if-none-match") {
        Some(_) => Reply::json(304, json!(null)).header("etag", "\"v9\""),
        None => json!([named("newest")]).into(),
    });
    assert_eq!(world.bff.query(document).await.ok(), &json!({"latest": [{"id": "newest"}]}));
}

#[tokio::test]
async fn a_batch_past_its_time_is_asked_again_without_a_condition() {
    for headers in [&[("cache-control", "max-age=0")], &[("cache-control", "max-age=0, stale-if-error=600")]]
    {
        let world = World::start().await;
        world.store.get("/items", |call| versioned(call, items(call), headers));
        for _ in 0..2 {
            world.bff.query("{ items(ids: [\"a\", \"b\"]) { name } }").await.ok();
        }
        // Nor is one key of it confirmed by the validator of the whole.
        world.bff.query(A).await.ok();
        assert_eq!(asked(&world.store), [vec!["a", "b"], vec!["a", "b"], vec!["a"]]);
        assert!(world.store.calls().iter().all(|call| call.header("if-none-match").is_none()));
    }
}

#[tokio::test]
async fn a_budget_of_bytes_bounds_what_is_kept() {
    let world = World::with(|settings| settings.cache.rows_bytes = 100_000).await;
    world.store.get("/latest", |call| {
        let name = "x".repeat(9_000);
        let id = call.param("first").unwrap();
        Reply::from(json!([{"id": id, "name": name}])).header("cache-control", "max-age=600")
    });
    let ask = async |n: usize| {
        world.bff.query(&format!("{{ latest(first: {n}) {{ id }} }}")).await.ok();
    };
    ask(0).await;
    ask(0).await;
    assert_eq!(world.store.total(), 1);
    for n in 0..30 {
        ask(n).await;
    }
    assert_eq!(world.store.total(), 30);
    ask(29).await;
    assert_eq!(world.store.total(), 30, "the latest are kept");
    ask(1).await;
    assert_eq!(world.store.total(), 31, "the first are not");
    let metrics = world.bff.admin("/metrics").await.text;
    let bytes = metrics.lines().find(|line| line.starts_with("upstream_rows_kept_bytes{")).unwrap();
    let bytes: u64 = bytes.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((20_000..=100_000).contains(&bytes), "{bytes}");
}

#[tokio::test]
async fn what_can_never_be_used_again_takes_no_room() {
    for headers in [&[] as &[(&str, &str)], &[("cache-control", "max-age=0")], &[("etag", "\"v1\"")]] {
        let world = World::start().await;
        with(&world.store, headers);
        // Two keys: a validator says nothing about one of them.
        world.bff.query("{ a: item(id: \"a\") { name } b: item(id: \"b\") { name } }").await.calls(1).ok();
        let metrics = world.bff.admin("/metrics").await.text;
        assert!(!metrics.contains("upstream_rows_kept_bytes{"), "{headers:?}");
    }
}

#[tokio::test]
async fn with_no_budget_nothing_is_kept() {
    let world = World::with(|settings| settings.cache.rows_bytes = 0).await;
    with(&world.store, &[("cache-control", "max-age=600")]);
    for _ in 0..2 {
        world.bff.query(A).await.ok();
    }
    assert_eq!(world.store.total(), 2);
}

#[tokio::test]
async fn keys_that_were_kept_are_counted() {
    let store = Fake::start().await;
    with(&store, &[("cache-control", "max-age=600")]);
    let upstreams = upstreams(&store, 4);
    for (id, hits, calls) in [("a", 0, 1), ("a", 1, 0), ("b", 0, 1)] {
        let request = request(&upstreams, LONG);
        by_hand::load(&request, ItemById(id.into())).await.unwrap();
        let stats = request.stats();
        assert_eq!((stats.asked(), stats.cache_hits(), stats.calls(), stats.keys()), (1, hits, calls, calls));
        assert_eq!(stats.waves(), calls, "rows that are there are not waited for");
    }

    let world = World::start().await;
    with(&world.store, &[("cache-control", "max-age=600")]);
    world.bff.query("{ items(ids: [\"a\", \"b\"]) { name } }").await.ok();
    world.bff.query("{ items(ids: [\"a\", \"b\", \"c\"]) { name } }").await.ok();
    let metrics = world.bff.admin("/metrics").await.text;
    for source in ["kept", "asked"] {
        let labels =
            format!("upstream_keys_total{{service=\"sharing\",upstream=\"store\",source=\"{source}\"}} ");
        let line = metrics.lines().find(|line| line.starts_with(&labels)).expect(&labels);
        // Other tests of the process count here as well.
        assert!(line.rsplit(' ').next().unwrap().parse::<u32>().unwrap() >= 2, "{line}");
    }
}

#[tokio::test]
async fn an_edge_may_take_what_was_kept_up_to_an_age() {
    let store = Fake::start().await;
    let upstreams = upstreams(&store, 4);
    let question = ItemById("a".into());
    let kept = |up_to| request(&upstreams, LONG).kept(&question, up_to);
    let hour = Duration::from_secs(3_600);
    assert!(kept(hour).is_none(), "never asked");
    let ask = async || by_hand::load(&request(&upstreams, LONG), question.clone()).await.map(drop).unwrap();
    with(&store, &[]);
    ask().await;
    assert!(kept(hour).is_none(), "nobody takes what nothing is said of");
    request(&upstreams, LONG).takes_stale::<ItemById>();
    for (headers, found) in [
        (&[("cache-control", "max-age=0")] as &'static [(&str, &str)], true),
        (&[], true),
        (&[("cache-control", "max-age=0"), ("age", "3601")], false),
        (&[("cache-control", "max-age=0, must-revalidate")], false),
    ] {
        with(&store, headers);
        ask().await;
        let found_now = kept(hour);
        assert_eq!(found_now.is_some(), found, "{headers:?}");
        if let Some((page, place, age)) = found_now {
            assert_eq!(page.answer(place).unwrap().next().unwrap().name, "the a");
            assert!(age < hour);
        }
    }
    assert!(kept(Duration::ZERO).is_none());
}

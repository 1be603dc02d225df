//! A request's own pages, where requests share nothing, keep to the same rules as those of several.

use super::world::World;
use kit::{Gate, Reply, json};
use std::future::IntoFuture;

async fn alone() -> World {
    World::with(|server| server.settings(|settings| settings.sharing.batches_in_flight = 0)).await
}

#[tokio::test]
async fn groups_do_not_mix() {
    let world = alone().await;
    let answer = world
        .bff
        .query("{ a: writer(id: \"w1\") { books(first: 1) { title } } b: writer(id: \"w1\") { books(first: 2) { title } } }")
        .await;
    assert_eq!(
        answer.ok(),
        &json!({"a": {"books": [{"title": "One"}]}, "b": {"books": [{"title": "One"}, {"title": "Two"}]}})
    );
    let calls = world.shop.calls_of("/books");
    let mut limits: Vec<_> = calls.iter().filter_map(|call| call.param("limit")).collect();
    limits.sort();
    assert_eq!(limits, ["1", "2"]);
}

#[tokio::test]
async fn pages_end_by_count_and_are_under_way_at_once() {
    let world = alone().await;
    let gate = Gate::closed();
    let held = gate.clone();
    world.shop.get("/books", move |call| {
        let items: Vec<_> = call.list("ids").iter().map(|id| json!({"id": id, "title": id})).collect();
        Reply::from(json!({"items": items})).after(&held)
    });
    let roots: String = (0..7).map(|n| format!("b{n}: book(id: \"x{n}\") {{ title }} ")).collect();
    let pages = async {
        world.shop.until_under_way("/books", 3).await;
        gate.open();
    };
    let (answer, ()) = tokio::join!(world.bff.query(&format!("{{ {roots} }}")).into_future(), pages);
    assert_eq!(answer.data("b6.title"), "x6");
    let sizes: Vec<_> = world.shop.calls().iter().map(|call| call.list("ids").len()).collect();
    assert_eq!(sizes, [3, 3, 1]);
}

#[tokio::test]
async fn pages_end_before_their_urls_grow_too_long() {
    let world = alone().await;
    let roots: String =
        (0..20).map(|n| format!("w{n}: writer(id: \"{n:02}-{}\") {{ name }} ", "x".repeat(20))).collect();
    world.bff.query(&format!("{{ {roots} }}")).await.ok();
    let urls = world.shop.urls();
    assert!(urls.len() > 1 && urls.iter().all(|url| url.len() <= 200), "{urls:?}");
    let asked: usize = world.shop.calls().iter().map(|call| call.list("ids").len()).sum();
    assert_eq!(asked, 20);
}

#[tokio::test]
async fn keys_of_an_upstream_without_batch_reads_are_asked_for_a_few_at_a_time() {
    let world = alone().await;
    let gate = Gate::closed();
    let held = gate.clone();
    world.stock.get("/stock/{id}", move |call| {
        Reply::from(json!({"id": call.segment("id"), "copies": 7})).after(&held)
    });
    let asking = world.bff.query("{ books(first: 4) { nodes { stock { copies } } } }").into_future();
    let two = async {
        world.stock.until_under_way("/stock/{id}", 2).await;
        let at_once = world.stock.total();
        gate.open();
        at_once
    };
    let (answer, at_once) = tokio::join!(asking, two);
    assert_eq!(at_once, 2);
    assert_eq!(answer.data("books.nodes.3.stock.copies"), 7);
    assert_eq!(world.stock.total(), 4);
}

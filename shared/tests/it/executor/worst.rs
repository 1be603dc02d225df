//! What an operation costs at worst: whatever luck joins is counted apart, and each event begins anew.

use super::world::World;
use kit::{Answer, json};

fn at_worst(answer: &Answer) -> (u64, u64) {
    let fanout = &answer.json["extensions"]["fanout"];
    (fanout["calls"].as_u64().unwrap(), fanout["callsAtWorst"].as_u64().unwrap())
}

#[tokio::test]
async fn edges_below_different_questions_meet_by_luck_only() {
    let world = World::start().await;
    let document = "{ writer(id: \"w1\") { mentor { name } } book(id: \"b4\") { writer { name } } }";
    // Mentor and writer are the same, and were asked for at the same time.
    assert_eq!(at_worst(&world.bff.query(document).await), (3, 4));
}

#[tokio::test]
async fn urls_that_are_full_are_pages() {
    let world = World::start().await;
    let roots: String =
        (0..20).map(|n| format!("w{n}: writer(id: \"{n:02}-{}\") {{ name }} ", "x".repeat(20))).collect();
    let (calls, at_worst) = at_worst(&world.bff.query(&format!("{{ {roots} }}")).await);
    assert!(calls > 1);
    assert_eq!(calls, at_worst);
}

#[tokio::test]
async fn each_event_pays_for_itself() {
    let world = World::start().await;
    let events = world.shop.events("/events");
    let document = "subscription { writerChanged(id: \"w1\") { writer { name } } }";
    let mut subscription = world.bff.subscribe(document, json!({}), None).await;
    world.shop.until_under_way("/events", 1).await;
    for version in 1..=2 {
        events.send(None, &json!({"version": version}));
        assert_eq!(at_worst(&subscription.event().await), (1, 1));
    }
}

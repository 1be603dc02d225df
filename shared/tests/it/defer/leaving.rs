//! A client that leaves between two parts.

use super::world::World;

#[tokio::test]
async fn whoever_leaves_ends_what_is_under_way() {
    let world = World::start().await;
    let _gate = world.hold_comments();
    let mut parts = world.ask(r#"{ post(id: "p1") { title ...@defer { comments { text } } } }"#).await;
    parts.next().await.unwrap();
    world.rest.until_under_way("/comments", 1).await;
    drop(parts);
    world.rest.until_abandoned("/comments", 1).await;
}

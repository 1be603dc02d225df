//! Subscriptions and answers in parts.

use super::world::World;
use kit::{Subscription, Value, json};

async fn subscribed(world: &World, version: &str, document: &str) -> Subscription {
    let mut socket = world.bff.silent_socket().await;
    socket.init(json!({"graphql-client-name": "ios", "graphql-client-version": version})).await;
    socket.subscribe(document, json!({})).await
}

#[tokio::test]
async fn a_socket_is_told_what_the_app_that_began_it_knows() {
    let world = World::start().await;
    for (version, infrared, terahertz) in
        [("2", "RED", "RED"), ("2.3", "INFRARED", "INFRARED"), ("3", "INFRARED", "TERAHERTZ")]
    {
        let mut colours = subscribed(&world, version, "subscription { colours }").await;
        assert_eq!(colours.event().await.ok(), &json!({"colours": infrared}), "{version}");
        assert_eq!(colours.event().await.ok(), &json!({"colours": terahertz}), "{version}");
        let mut query = subscribed(&world, version, "{ colour thing(id: \"t1\") { best } }").await;
        assert_eq!(query.event().await.ok(), &json!({"colour": terahertz, "thing": {"best": terahertz}}));
    }
}

#[tokio::test]
async fn one_event_is_told_to_each_app_as_it_knows_it() {
    let world = World::start().await;
    let source = world.shop.events("/changes");
    let document = "subscription { changed { thing { colour stock maker { name } } } }";
    let mut old = subscribed(&world, "2.2", document).await;
    let mut new = subscribed(&world, "3", document).await;
    world.listening(2).await;
    for _ in 0..2 {
        world.shop.clear();
        source.send(None, &json!({"id": "t1"}));
        let thing = old.event().await.ok()["changed"]["thing"].clone();
        assert_eq!(thing, json!({"colour": "RED", "stock": null, "maker": null}));
        let thing = new.event().await.ok()["changed"]["thing"].clone();
        assert_eq!(thing, json!({"colour": "TERAHERTZ", "stock": 7, "maker": {"name": "Ada"}}));
        assert_eq!(world.shop.count("/makers"), 1);
    }
}

#[tokio::test]
async fn parts_that_come_later_are_of_the_same_view() {
    let world = World::start().await;
    let document = "{ thing(id: \"t1\") { name ... @defer { colour stock newParts { colour } told } }
                      ... @defer { count colours } }";
    for (version, colour, stock, parts, count) in [
        ("2.2", "RED", json!(null), json!([]), -1),
        ("3", "TERAHERTZ", json!(7), json!([{"colour": "TERAHERTZ"}]), 3),
    ] {
        world.shop.clear();
        let parts_of = world.query(version, document).in_parts("multipart/mixed; incrementalSpec=v0.2");
        let text = json!(parts_of.await.rest().await);
        let data = |key: &str| {
            let told = text.as_array().unwrap().iter().flat_map(|part| part["incremental"].as_array());
            let told = told.flatten().map(|told| told["data"][key].clone());
            told.filter(|value| !value.is_null()).collect::<Vec<_>>()
        };
        let there = |value: Value| if value.is_null() { vec![] } else { vec![value] };
        assert_eq!(data("colour"), [json!(colour)], "{version}: {text}");
        assert_eq!((data("stock"), data("newParts")), (there(stock), there(parts)), "{version}: {text}");
        assert_eq!((data("count"), data("told")), (vec![json!(count)], vec![json!([colour])]), "{text}");
        assert_eq!(data("colours")[0][1], json!([colour]), "{text}");
    }
}

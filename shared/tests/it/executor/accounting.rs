//! What a response tells of its own fan-out, in development: who asked what of whom, and what it cost.

use super::world::World;
use kit::{Server, Value, json};

/// Of each edge: its name, question, wave, calls and keys.
fn edges(answer: &kit::Answer) -> Vec<Value> {
    let edges = answer.json["extensions"]["fanout"]["edges"].as_array().unwrap();
    edges
        .iter()
        .map(|edge| json!([edge["edge"], edge["question"], edge["wave"], edge["calls"], edge["keys"]]))
        .collect()
}

#[tokio::test]
async fn every_edge_says_what_it_asked_and_where() {
    let world = World::start().await;
    let query =
        "{ writers { alias: books { title } isProlific } theWriter(id: \"w1\") { home { mayor { name } } } }";
    let answer = world.bff.query(query).await.calls(4).waves(2);
    let fanout = &answer.json["extensions"]["fanout"];
    assert_eq!(
        edges(&answer),
        [
            json!(["writers", "AllWriters", 1, 1, 1]),
            json!(["theWriter", "WriterById", 1, 1, 1]),
            // Both ask the same of the same writers: one of them pays.
            json!(["writers.alias", "BooksOf", 2, 1, 3]),
            json!(["writers.isProlific", "BooksOf", 2, 0, 0]),
            json!(["theWriter.home.mayor", "WriterById", 2, 1, 1]),
        ]
    );
    assert_eq!((&fanout["keysAsked"], &fanout["keysSent"]), (&json!(9), &json!(6)));
    assert_eq!(fanout["edges"][0]["upstream"], "shop");
    assert!(fanout["timeMs"].as_f64().is_some_and(|ms| ms > 0.0));
    assert_eq!(world.shop.total(), 4);
}

#[tokio::test]
async fn an_edge_that_cannot_batch_pays_for_every_row() {
    let world = World::start().await;
    world.stock.get("/stock/{id}", |call| json!({"id": call.segment("id"), "copies": 1}));
    let answer = world.bff.query("{ writer(id: \"w1\") { books { stock { copies } } } }").await;
    assert_eq!(edges(&answer)[2], json!(["writer.books.stock", "StockOf", 3, 3, 3]));
    assert_eq!(answer.json["extensions"]["fanout"]["edges"][2]["callsAtWorst"], 3);
}

#[tokio::test]
async fn at_worst_edges_do_not_meet_unless_they_always_do() {
    let world = World::start().await;
    // Mentors are writers who are known when the books' writers are asked for: this time.
    let query = "{ writers { mentor { name } same: mentor { born } books { writer { name } } } }";
    let answer = world.bff.query(query).await.calls(3).waves(2);
    let fanout = &answer.json["extensions"]["fanout"];
    assert_eq!(fanout["callsAtWorst"], 4, "the two mentors are siblings, which always meet: {fanout}");
    let writer = &fanout["edges"][4];
    assert_eq!(
        (&writer["edge"], &writer["calls"], &writer["callsAtWorst"], &writer["asked"]),
        (&json!("writers.books.writer"), &json!(0), &json!(1), &json!(2))
    );
}

#[tokio::test]
async fn pages_are_calls_at_worst_as_well() {
    let world = World::start().await;
    let roots: String = (0..7).map(|n| format!("b{n}: book(id: \"x{n}\") {{ title }} ")).collect();
    let answer = world.bff.query(&format!("{{ {roots} }}")).await.calls(3).waves(1);
    assert_eq!(answer.json["extensions"]["fanout"]["callsAtWorst"], 3, "three keys a page");
}

#[tokio::test]
async fn what_is_asked_by_hand_and_what_is_written_counts_too() {
    let world = World::start().await;
    let answer = world.bff.query("{ title(id: \"b1\") }").await.calls(1).waves(1);
    assert_eq!(edges(&answer), [json!(["(by hand)", "BookById", 1, 1, 1])]);

    world.shop.put("/writers/w1", |_| json!({}));
    let rename = "mutation { rename(input: {id: \"w1\", name: \"New\"}) { writer { name } } }";
    let answer = world.bff.query(rename).await.calls(3).waves(3);
    assert_eq!(
        edges(&answer),
        [
            json!(["(by hand)", "WriterById", 1, 1, 1]),
            json!(["(write)", "write", 2, 1, 1]),
            json!(["rename.writer", "WriterById", 3, 1, 1]),
        ]
    );
}

#[tokio::test]
async fn each_event_of_a_subscription_is_an_account_of_its_own() {
    let world = World::start().await;
    let events = world.shop.events("/events");
    let document = "subscription { writerChanged(id: \"w1\") { writer { name } } }";
    let mut subscription = world.bff.subscribe(document, json!({}), None).await;
    world.shop.until_under_way("/events", 1).await;
    for version in 1..=2 {
        events.send(None, &json!({"version": version}));
        let event = subscription.event().await.calls(1);
        assert_eq!(edges(&event), [json!(["writerChanged.writer", "WriterById", 1, 1, 1])]);
    }
}

#[tokio::test]
async fn what_was_kept_from_earlier_requests_is_no_call_but_is_told_and_counts_at_worst() {
    let world = World::start().await;
    world.shop.get("/writers", |_| {
        kit::Reply::from(json!({"items": super::world::writers()})).header("cache-control", "max-age=600")
    });
    let query = "{ writer(id: \"w1\") { name } }";
    assert_eq!(world.bff.query(query).await.calls(1).json["extensions"]["fanout"]["cacheHits"], 0);
    let fanout = &world.bff.query(query).await.calls(0).json["extensions"]["fanout"];
    assert_eq!(
        (&fanout["cacheHits"], &fanout["keysAsked"], &fanout["keysSent"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(fanout["callsAtWorst"], 1);
}

#[tokio::test]
async fn in_production_nothing_of_this_is_told() {
    let world = World::with(Server::production).await;
    let answer = world.bff.query("{ writer(id: \"w1\") { name } }").await;
    assert_eq!(answer.json, json!({"data": {"writer": {"name": "Ada"}}}));
}

#[tokio::test]
#[should_panic(expected = "1 calls, not 7:\n  wave 1: writer asked WriterById of shop, 1 keys in 1 calls")]
async fn a_wrong_count_names_the_edges() {
    let world = World::start().await;
    let _ = world.bff.query("{ writer(id: \"w1\") { name } }").await.calls(7);
}

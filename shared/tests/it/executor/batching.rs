//! Questions meet in few calls: siblings, roots, aliases and depths of one tick, pages by count and by length.

use super::world::World;
use kit::{Gate, Reply, json};
use std::future::IntoFuture;

#[tokio::test]
async fn aliases_roots_and_fragments_of_one_tick_share_a_call() {
    let world = World::start().await;
    let answer = world
        .bff
        .query(
            "query { a: writer(id: \"w1\") { name } b: writer(id: \"w2\") { name } ...F again: writer(id: \"w1\") { born } }
             fragment F on Query { c: writer(id: \"w3\") { name } }",
        )
        .await;
    assert_eq!(
        answer.ok(),
        &json!({"a": {"name": "Ada"}, "b": {"name": "Bo"}, "c": {"name": "Cy"}, "again": {"born": 1815}})
    );
    assert_eq!(world.shop.count("/writers"), 1);
    assert_eq!(world.shop.calls()[0].list("ids"), ["w1", "w2", "w3"]);
}

#[tokio::test]
async fn a_level_is_asked_at_once_however_many_rows_it_has() {
    let world = World::start().await;
    let document = "{ writers { books { title writer { name } reviews { text } } mentor { name } } }";
    let answer = world.bff.query(document).await;
    assert_eq!(answer.data("writers.0.books.0.writer.name"), "Ada");
    let calls = world.shop.total();
    // Writers, their books, their mentors, the books' reviews; the books' writers are mentors or known by then.
    assert_eq!(calls, 4, "{:?}", world.shop.urls());

    let many: Vec<_> = (0..12).map(|n| json!({"id": format!("w{n}"), "name": "N", "phone": ""})).collect();
    world.shop.table("/writers", &[("ids", "id")], many.into());
    world.shop.clear();
    world.bff.query(document).await;
    assert_eq!(world.shop.total(), calls, "more rows, no more calls: {:?}", world.shop.urls());
}

#[tokio::test]
async fn batches_of_different_questions_are_under_way_at_once() {
    let world = World::start().await;
    let gate = Gate::closed();
    let (books, reviews) = (gate.clone(), gate.clone());
    world.shop.get("/books", move |_| Reply::from(json!({"items": []})).after(&books));
    world.shop.get("/reviews", move |_| Reply::from(json!({"items": []})).after(&reviews));
    let asking =
        world.bff.query("{ writer(id: \"w1\") { books { title } shelf { nodes { title } } tally } }");
    let both = async {
        world.shop.until_under_way("/books", 2).await;
        world.shop.until_under_way("/reviews", 1).await;
        gate.open();
    };
    let (answer, ()) = tokio::join!(asking.into_future(), both);
    assert_eq!(answer.data("writer.tally"), 0);
    // The join's books are those of the edge: one call answers both.
    assert_eq!(world.shop.count("/books"), 2, "{:?}", world.shop.urls());
}

#[tokio::test]
async fn pages_of_one_question_are_under_way_at_once_and_end_by_count() {
    let world = World::start().await;
    let gate = Gate::closed();
    let held = gate.clone();
    world.shop.get("/books", move |call| {
        let items: Vec<_> = call.list("ids").iter().map(|id| json!({"id": id, "title": id})).collect();
        Reply::from(json!({"items": items})).after(&held)
    });
    let roots: String = (0..7).map(|n| format!("b{n}: book(id: \"x{n}\") {{ title }} ")).collect();
    let document = format!("{{ {roots} }}");
    let pages = async {
        world.shop.until_under_way("/books", 3).await;
        gate.open();
    };
    let (answer, ()) = tokio::join!(world.bff.query(&document).into_future(), pages);
    assert_eq!(answer.data("b6.title"), "x6");
    let sizes: Vec<_> = world.shop.calls().iter().map(|call| call.list("ids").len()).collect();
    assert_eq!(sizes, [3, 3, 1]);
}

#[tokio::test]
async fn a_page_ends_before_its_url_grows_too_long() {
    let world = World::start().await;
    let roots: String =
        (0..20).map(|n| format!("w{n}: writer(id: \"{n:02}-é-{}\") {{ name }} ", "x".repeat(20))).collect();
    let answer = world.bff.query(&format!("{{ {roots} }}")).await;
    assert_eq!(answer.data("w19"), &json!(null));
    let urls = world.shop.urls();
    assert!(urls.len() > 1);
    assert!(urls.iter().all(|url| url.len() <= 200), "{urls:?}");
    let asked: usize = world.shop.calls().iter().map(|call| call.list("ids").len()).sum();
    assert_eq!(asked, 20);
}

#[tokio::test]
async fn a_missing_key_is_remembered() {
    let world = World::start().await;
    let document = "{ a: writer(id: \"none\") { name } b: title(id: \"gone\") c: book(id: \"gone\") { title }
                      search(term: \"x\") { ... on Book { writer { name } } } }";
    world
        .shop
        .get("/search", |_| json!([{"type": "book", "id": "b9", "title": "Nine", "writer_id": "none"}]));
    let answer = world.bff.query(document).await;
    assert_eq!(answer.ok(), &json!({"a": null, "b": null, "c": null, "search": [{"writer": null}]}));
    assert_eq!(world.shop.count("/writers"), 1, "asked once, though wanted again a level below");
    assert_eq!(world.shop.count("/books"), 1);
}

#[tokio::test]
async fn groups_do_not_mix() {
    let world = World::start().await;
    let answer = world
        .bff
        .query("{ a: writer(id: \"w1\") { books(first: 1) { title } } b: writer(id: \"w1\") { books(first: 2) { title } }
                  c: writer(id: \"w2\") { books(first: 2) { title } } }")
        .await;
    assert_eq!(
        answer.ok(),
        &json!({
            "a": {"books": [{"title": "One"}]},
            "b": {"books": [{"title": "One"}, {"title": "Two"}]},
            "c": {"books": [{"title": "Four"}]},
        })
    );
    let mut asked: Vec<_> = world
        .shop
        .calls_of("/books")
        .iter()
        .map(|call| (call.param("limit"), call.list("writer_ids")))
        .collect();
    asked.sort();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        asked,
        [(some("1"), vec!["w1".to_owned()]), (some("2"), vec!["w1".to_owned(), "w2".to_owned()])]
    );
}

#[tokio::test]
async fn rows_go_back_to_the_keys_that_asked_and_strangers_are_left_out() {
    let world = World::start().await;
    world.shop.get("/books", |_| {
        json!({"items": [
            {"id": "x", "title": "stranger", "writer_id": "w9"}, {"id": "b", "title": "of two", "writer_id": "w2"},
            {"id": "a", "title": "of one", "writer_id": "w1"}, {"id": "c", "title": "of two again", "writer_id": "w2"},
        ]})
    });
    let answer = world.bff.query("{ writers { books { title } } }").await;
    assert_eq!(
        answer.ok(),
        &json!({"writers": [
            {"books": [{"title": "of one"}]}, {"books": [{"title": "of two"}, {"title": "of two again"}]}, {"books": []},
        ]})
    );
}

#[tokio::test]
async fn an_upstream_without_batch_reads_is_asked_key_by_key_a_few_at_a_time() {
    let world = World::start().await;
    let gate = Gate::closed();
    let held = gate.clone();
    world.stock.get("/stock/{id}", move |call| match call.segment("id").as_str() {
        "b2" => Reply::problem(404, "never heard of it").after(&held),
        "b3" => Reply::problem(500, "down").after(&held),
        id => Reply::from(json!({"id": id, "copies": 7})).after(&held),
    });
    let asking = world.bff.query("{ books(first: 4) { nodes { id stock { copies } } } }").into_future();
    let two = async {
        world.stock.until_under_way("/stock/{id}", 2).await;
        let at_once = world.stock.total();
        gate.open();
        at_once
    };
    let (answer, at_once) = tokio::join!(asking, two);
    assert_eq!(at_once, 2);
    assert_eq!(world.stock.count("/stock/{id}"), 4);
    assert_eq!(answer.data("books.nodes.0.stock.copies"), 7);
    assert_eq!(answer.data("books.nodes.1.stock"), &json!(null));
    assert_eq!(answer.data("books.nodes.3.stock.copies"), 7);
    assert_eq!(answer.paths(), ["books.nodes.2.stock"], "only its own key fails");
}

#[tokio::test]
async fn a_hand_written_root_shares_batches_with_plans() {
    let world = World::start().await;
    let answer =
        world.bff.query("{ title(id: \"b1\") other: title(id: \"b4\") book(id: \"b2\") { title } titleOrNothing(id: \"b1\") { city } }").await;
    assert_eq!(
        answer.ok(),
        &json!({"title": "One", "other": "Four", "book": {"title": "Two"}, "titleOrNothing": {"city": "One"}})
    );
    let calls = world.shop.calls_of("/books");
    assert_eq!(calls.len(), 1, "{:?}", world.shop.urls());
    let mut ids = calls[0].list("ids");
    ids.sort();
    assert_eq!(ids, ["b1", "b2", "b4"]);
}

#[tokio::test]
async fn only_declared_fields_are_asked_for() {
    let world = World::start().await;
    world.bff.query("{ writer(id: \"w1\") { name shelf { nodes { title } } } }").await;
    let fields: Vec<_> =
        world.shop.calls().iter().map(|call| call.param("fields").unwrap_or_default()).collect();
    assert_eq!(fields, ["id,name,born,email,phone,home,mentor_id,prizes", "id,title,pages,writer_id,cursor"]);
}

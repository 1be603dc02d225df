//! What is selected is what is answered: fragments, aliases, merged duplicates, conditions, types, order.

use super::world::World;
use kit::{Server, Value, json};

#[tokio::test]
async fn duplicates_merge_in_the_order_of_their_first_occurrence() {
    let world = World::with(Server::production).await;
    let answer = world
        .bff
        .query(
            "query { writer(id: \"w1\") { home { city } ...A name ... on Writer { home { mayor { name } city } id } } ...B answer }
             fragment A on Writer { born home { mayor { id } } }
             fragment B on Query { writer(id: \"w1\") { born title: name } }",
        )
        .await;
    answer.ok();
    assert_eq!(
        answer.text,
        r#"{"data":{"writer":{"home":{"city":"London","mayor":{"id":"w3","name":"Cy"}},"born":1815,"name":"Ada","id":"w1","title":"Ada"},"answer":42}}"#
    );
    assert_eq!(world.shop.total(), 2, "{:?}", world.shop.urls());
}

#[tokio::test]
async fn roots_stand_in_the_documents_order_whoever_finishes_first() {
    let world = World::with(Server::production).await;
    let answer = world
        .bff
        .query("{ z: writer(id: \"w1\") { books { title } } a: answer __typename m: writer(id: \"none\") { name } }")
        .await;
    assert!(answer.text.starts_with(r#"{"data":{"z":{"books""#), "{answer}");
    assert!(answer.text.ends_with(r#""a":42,"__typename":"Query","m":null}}"#), "{answer}");
}

#[tokio::test]
async fn skip_and_include_follow_variables_and_their_defaults() {
    let world = World::start().await;
    let document = "query($yes: Boolean = true, $no: Boolean! = false, $given: Boolean!) {
        writer(id: \"w1\") {
            a: name @include(if: $yes) b: name @skip(if: $yes) c: name @include(if: $no) d: name @skip(if: $no)
            e: name @include(if: $given) f: name @skip(if: $no) @include(if: $given)
            ... @include(if: $no) { books { title } }
            ...F @skip(if: $given)
            home @include(if: $no) { city }
        }
        answer @include(if: $no) also: answer @skip(if: $no)
     }
     fragment F on Writer { g: name }";
    let answer = world.bff.query(document).variables(json!({"given": true})).await;
    assert_eq!(answer.ok(), &json!({"writer": {"a": "Ada", "d": "Ada", "e": "Ada", "f": "Ada"}, "also": 42}));
    assert_eq!(world.shop.count("/books"), 0, "what is not selected is not asked");
    let answer = world.bff.query(document).variables(json!({"given": false, "yes": false, "no": true})).await;
    assert_eq!(
        answer.data("writer"),
        &json!({"b": "Ada", "c": "Ada", "books": [{"title": "One"}, {"title": "Two"}, {"title": "Three"}],
                "g": "Ada", "home": {"city": "London"}})
    );
}

#[tokio::test]
async fn nothing_selected_at_the_root_is_an_empty_object() {
    let world = World::with(Server::production).await;
    let answer =
        world.bff.query("{ answer @skip(if: true) ... @include(if: false) { writers { name } } }").await;
    assert_eq!(answer.text, r#"{"data":{}}"#);
    let answer = world
        .bff
        .query("query($no: Boolean = false) { answer @include(if: $no) writers { id @include(if: $no) } }")
        .await;
    assert_eq!(answer.text, r#"{"data":{"writers":[{},{},{}]}}"#);
}

#[tokio::test]
async fn variables_reach_arguments_with_defaults_and_nulls() {
    let world = World::start().await;
    let document = "query($id: ID!, $first: Int = 2, $loud: Boolean) {
        writer(id: $id) { books(first: $first) { title } greeting(loud: $loud) plain: greeting } }";
    let answer = world.bff.query(document).variables(json!({"id": "w1"})).await;
    assert_eq!(
        answer.ok(),
        &json!({"writer": {"books": [{"title": "One"}, {"title": "Two"}], "greeting": "Hello Ada", "plain": "Hello Ada"}})
    );
    let answer = world.bff.query(document).variables(json!({"id": "w1", "first": 1, "loud": true})).await;
    assert_eq!(
        answer.ok(),
        &json!({"writer": {"books": [{"title": "One"}], "greeting": "Hello Ada!", "plain": "Hello Ada"}})
    );
    for wrong in [json!({}), json!({"id": null}), json!({"id": "w1", "first": "x"}), json!({"id": ["w1"]})] {
        let answer = world.bff.query(document).variables(wrong).await;
        assert_eq!(answer.codes(), ["BAD_USER_INPUT"], "{answer}");
        assert!(answer.json.get("data").is_none());
    }
    // A number is an ID too (§3.5.5).
    let answer = world.bff.query(document).variables(json!({"id": 4})).await;
    assert_eq!(answer.ok(), &json!({"writer": null}));
}

#[tokio::test]
async fn a_union_is_written_type_by_type() {
    let world = World::start().await;
    world.shop.get("/search", |call| {
        assert_eq!(call.param("term").as_deref(), Some("a&b c"));
        json!({"items": [
            {"type": "book", "id": "b1", "title": "One", "writer_id": "w1"},
            {"type": "writer", "id": "w9", "name": "Zed", "phone": ""},
            {"type": "book", "id": "b4", "title": "Four", "writer_id": "w2"},
        ]})
    });
    let answer = world
        .bff
        .query(
            "{ search(term: \"a&b c\") { __typename ... on Book { title writer { name } } ...W ... on Writer { kind: __typename } } }
             fragment W on Writer { name books { title } }",
        )
        .await;
    assert_eq!(
        answer.ok(),
        &json!({"search": [
            {"__typename": "Book", "title": "One", "writer": {"name": "Ada"}},
            {"__typename": "Writer", "name": "Zed", "books": [], "kind": "Writer"},
            {"__typename": "Book", "title": "Four", "writer": {"name": "Bo"}},
        ]})
    );
    assert_eq!(world.shop.total(), 3, "{:?}", world.shop.urls());
}

#[tokio::test]
async fn an_interface_answers_its_own_fields_and_its_members() {
    let world = World::start().await;
    world.shop.get("/nodes", |_| {
        json!([{"type": "writer", "id": "w1", "name": "Ada", "phone": ""}, {"type": "book", "id": "b1", "title": "One"}])
    });
    let answer = world
        .bff
        .query("{ nodes { id ... on Node { again: id } ... on Book { title } ... on Writer { name books { id } } __typename } }")
        .await;
    assert_eq!(
        answer.ok(),
        &json!({"nodes": [
            {"id": "w1", "again": "w1", "name": "Ada", "books": [{"id": "b1"}, {"id": "b2"}, {"id": "b3"}], "__typename": "Writer"},
            {"id": "b1", "again": "b1", "title": "One", "__typename": "Book"},
        ]})
    );
}

#[tokio::test]
async fn connections_page_forward_with_cursors() {
    let world = World::start().await;
    let document = "query($after: String) { writer(id: \"w1\") { shelf(first: 2, after: $after) {
        edges { cursor node { title } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";
    let first = world.bff.query(document).await;
    assert_eq!(
        first.data("writer.shelf"),
        &json!({
            "edges": [{"cursor": "c1", "node": {"title": "One"}}, {"cursor": "c2", "node": {"title": "Two"}}],
            "nodes": [{"id": "b1"}, {"id": "b2"}],
            "pageInfo": {"hasNextPage": true, "hasPreviousPage": false, "startCursor": "c1", "endCursor": "c2"},
        })
    );
    let rest = world.bff.query(document).variables(json!({"after": "c2"})).await;
    assert_eq!(
        rest.data("writer.shelf"),
        &json!({
            "edges": [{"cursor": "c3", "node": {"title": "Three"}}],
            "nodes": [{"id": "b3"}],
            "pageInfo": {"hasNextPage": false, "hasPreviousPage": true, "startCursor": "c3", "endCursor": "c3"},
        })
    );
    let none = world
        .bff
        .query("{ writer(id: \"w3\") { shelf { nodes { id } pageInfo { hasNextPage endCursor } } } }")
        .await;
    assert_eq!(
        none.data("writer.shelf"),
        &json!({"nodes": [], "pageInfo": {"hasNextPage": false, "endCursor": null}})
    );
    let root = world
        .bff
        .query("{ books(first: 3) { nodes { title writer { name } } pageInfo { hasNextPage } } }")
        .await;
    assert_eq!(root.data("books.pageInfo.hasNextPage"), true);
    assert_eq!(root.data("books.nodes.2.writer.name"), "Ada");
}

#[tokio::test]
async fn rows_inside_rows_have_edges_of_their_own() {
    let world = World::start().await;
    let answer = world
        .bff
        .query("{ writers { home { city mayor { name } } prizes { name year book { title writer { name } } } } }")
        .await;
    let book = |title: &str| json!({"title": title, "writer": {"name": "Ada"}});
    assert_eq!(
        answer.ok(),
        &json!({"writers": [
            {"home": {"city": "London", "mayor": {"name": "Cy"}},
             "prizes": [{"name": "P1", "year": 1840, "book": book("One")}, {"name": "P2", "year": 1841, "book": book("Two")}]},
            {"home": null, "prizes": []},
            {"home": {"city": "Rome", "mayor": null}, "prizes": null},
        ]})
    );
    assert_eq!(world.shop.count("/books"), 1);
}

#[tokio::test]
async fn edges_ask_on_and_leaves_are_told() {
    let world = World::start().await;
    let answer =
        world.bff.query("{ writers { mentor { name } mentorsBooks { title } isProlific tally } }").await;
    let titles: Value = json!([{"title": "One"}, {"title": "Two"}, {"title": "Three"}]);
    assert_eq!(
        answer.ok(),
        &json!({"writers": [
            {"mentor": {"name": "Bo"}, "mentorsBooks": [{"title": "Four"}], "isProlific": true, "tally": 30},
            {"mentor": null, "mentorsBooks": null, "isProlific": false, "tally": 12},
            {"mentor": {"name": "Ada"}, "mentorsBooks": titles, "isProlific": false, "tally": 1},
        ]})
    );
    assert_eq!(world.shop.count("/reviews"), 1);
    assert_eq!(world.shop.count("/books"), 1, "known by then: {:?}", world.shop.urls());
}

#[tokio::test]
async fn a_step_that_fails_fails_the_edge() {
    let world = World::start().await;
    world.shop.get("/reviews", |_| kit::Reply::problem(500, "down"));
    let answer = world.bff.query("{ writer(id: \"w1\") { name isProlific tally } }").await;
    assert_eq!(answer.data("writer"), &json!({"name": "Ada", "isProlific": true, "tally": null}));
    assert_eq!(answer.paths(), ["writer.tally"]);
}

#[tokio::test]
async fn computed_leaves_know_the_callers_language() {
    let world = World::start().await;
    let document = "{ writers { greeting } }";
    let german = world.bff.query(document).header("accept-language", "fr;q=0.1, de-CH").await;
    assert_eq!(german.data("writers.1.greeting"), "Hallo Bo");
    assert_eq!(world.bff.query(document).await.data("writers.1.greeting"), "Hello Bo");
}

#[tokio::test]
async fn what_upstreams_write_is_escaped() {
    let world = World::start().await;
    let name = "\"quoted\" \\ \u{0} \u{1f} line\nbreak \u{2028} é 🎵";
    world.shop.table("/writers", &[("ids", "id")], json!([{"id": "w1", "name": name, "phone": ""}]));
    let answer = world.bff.query("{ writer(id: \"w1\") { name } }").await;
    assert_eq!(answer.data("writer.name"), name);
}

#[tokio::test]
async fn introspection_and_typenames_stand_beside_plans() {
    let world = World::start().await;
    let answer = world
        .bff
        .query("{ __schema { queryType { name } } __type(name: \"Book\") { ...T } writer(id: \"w1\") { __typename } }
                fragment T on __Type { kind fields { name } }")
        .await;
    assert_eq!(answer.data("__schema.queryType.name"), "Query");
    assert_eq!(answer.data("__type.kind"), "OBJECT");
    assert_eq!(answer.data("writer.__typename"), "Writer");
}

#[tokio::test]
async fn the_order_of_keys_follows_what_is_selected_this_time() {
    let world = World::with(Server::production).await;
    let document = "query($v: Boolean!) { a: answer @include(if: $v) writer(id: \"w1\") { name @include(if: $v) born name id @skip(if: $v) id } a: answer }";
    let answer = world.bff.query(document).variables(json!({"v": true})).await;
    assert_eq!(answer.text, r#"{"data":{"a":42,"writer":{"name":"Ada","born":1815,"id":"w1"}}}"#);
    let answer = world.bff.query(document).variables(json!({"v": false})).await;
    assert_eq!(answer.text, r#"{"data":{"writer":{"born":1815,"name":"Ada","id":"w1"},"a":42}}"#);
}

#[tokio::test]
async fn a_variable_without_a_value_leaves_a_roots_argument_to_its_default() {
    let world = World::start().await;
    let answer = world
        .bff
        .query("query($first: Int, $after: String) { books(first: $first, after: $after) { nodes { id } } }")
        .await;
    assert_eq!(answer.ok(), &json!({"books": {"nodes": [{"id": "b1"}, {"id": "b2"}]}}));
    assert_eq!(world.shop.calls()[0].param("after"), None);
}

//! Documents: what is refused, how, and at what cost.

use super::world::World;
use kit::json;

async fn refused(document: &str) -> (String, String) {
    let world = World::start().await;
    let answer = world.bff.query(document).await;
    assert!(answer.json.get("data").is_none(), "{answer}");
    assert_eq!(world.shop.total(), 0);
    (answer.codes()[0].to_owned(), answer.messages().join("\n"))
}

#[tokio::test]
async fn what_does_not_parse_or_fit_is_refused_with_every_reason() {
    assert_eq!(refused("{ writer(").await.0, "GRAPHQL_PARSE_FAILED");
    let (code, messages) = refused("{ writer(id: \"w1\") { nam } bok other: answer(x: 1) }").await;
    assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
    assert!(["nam", "bok", "x"].iter().all(|name| messages.contains(name)), "{messages}");
    assert_eq!(refused("{ writers }").await.0, "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(refused("{ answer { x } }").await.0, "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(refused("query($a: Int) { answer }").await.0, "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(refused("{ a: answer a: writers { id } }").await.0, "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(refused("{ ...F } fragment F on Query { ...F }").await.0, "GRAPHQL_VALIDATION_FAILED");
}

#[tokio::test]
async fn an_operation_is_chosen_by_name() {
    let world = World::start().await;
    let document = "query A { answer } query B { b: answer }";
    assert_eq!(world.bff.query(document).operation("B").await.ok(), &json!({"b": 42}));
    assert_eq!(world.bff.query(document).await.codes(), ["BAD_USER_INPUT"]);
    assert_eq!(world.bff.query(document).operation("C").await.codes(), ["BAD_USER_INPUT"]);
}

#[tokio::test]
async fn introspection_is_closed_in_production() {
    let world = World::with(kit::Server::production).await;
    let answer = world.bff.query("{ __schema { queryType { name } } }").await;
    assert_eq!(answer.codes(), ["INTROSPECTION_DISABLED"]);
    assert_eq!(world.bff.query("{ __typename }").await.ok(), &json!({"__typename": "Query"}));
    assert_eq!(world.bff.get("/graphiql").await.status, 404);
}

#[tokio::test]
async fn the_same_text_answers_each_its_own_variables() {
    let world = World::start().await;
    let document = "query($id: ID!, $first: Int!) { writer(id: $id) { books(first: $first) { title } } }";
    for (id, first, books) in [("w1", 1, 1), ("w1", 2, 2), ("w2", 2, 1), ("w3", 2, 0)] {
        let answer = world.bff.query(document).variables(json!({"id": id, "first": first})).await;
        assert_eq!(answer.data("writer.books").as_array().map(Vec::len), Some(books), "{answer}");
    }
}

#[tokio::test]
async fn an_answer_is_written_no_further_than_its_limit() {
    let document = r#"{ writer(id: "w1") { id name greeting again: greeting } answer }"#;
    let world = World::start().await;
    assert_eq!(world.bff.query(document).await.data("writer.name"), "Ada");

    let world = World::with(|server| server.settings(|settings| settings.limits.answer_bytes = 20)).await;
    let answer = world.bff.query(document).await;
    assert_eq!(answer.data("writer"), &json!(null), "{answer}");
    assert!(!answer.data("answer").is_null(), "{answer}");
    assert_eq!(answer.codes(), ["DOCUMENT_TOO_COMPLEX"]);
    assert_eq!(answer.errors()[0]["path"], json!(["writer"]));
}

#[tokio::test]
async fn all_roots_together_are_no_longer_than_an_answer_may_be() {
    // Each takes 24 bytes.
    let document = r#"{ a: writer(id: "w1") { id name } b: writer(id: "w1") { id name } c: writer(id: "w1") { id name } }"#;
    for (limit, whole) in [(72, 3), (60, 2), (36, 1), (12, 0)] {
        let world =
            World::with(|server| server.settings(|settings| settings.limits.answer_bytes = limit)).await;
        let answer = world.bff.query(document).await;
        let full = ["a", "b", "c"]
            .into_iter()
            .filter(|root| *answer.data(root) == json!({"id": "w1", "name": "Ada"}));
        assert_eq!(full.count(), whole, "{limit}: {answer}");
        assert_eq!(answer.codes(), vec!["DOCUMENT_TOO_COMPLEX"; 3 - whole], "{limit}: {answer}");
    }
}

//! What validation says of `@defer`.

use super::world::{CURRENT, World};
use kit::Server;

#[tokio::test]
async fn documents_that_use_it_wrongly_are_refused() {
    let world = World::start().await;
    for (document, said) in [
        ("{ posts @defer { id } }", "defer"),
        ("query @defer { answer }", "defer"),
        ("{ ...@defer(if: 1) { answer } }", "Boolean"),
        ("{ ...@defer(later: true) { answer } }", "later"),
        ("query($l: String) { posts { ...@defer(label: $l) { id } } }", "must be a static String"),
        (
            "{ posts { ...@defer(label: \"A\") { id } ...F } } fragment F on Post { ...@defer(label: \"A\") { title } }",
            "not unique",
        ),
        (
            "mutation { ...@defer { retitle(id: \"p1\", title: \"x\") { title } } }",
            "root selections of mutation",
        ),
        (
            "mutation { ...F } fragment F on Mutation { ...@defer { retitle(id: \"p1\", title: \"x\") { title } } }",
            "root selections of mutation",
        ),
    ] {
        let answer = world.bff.query(document).in_parts(CURRENT).await.whole().await;
        assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{document}: {answer}");
        assert!(answer.messages()[0].contains(said), "{document}: {answer}");
    }
    assert_eq!(world.rest.total(), 0);
}

#[tokio::test]
async fn labels_may_be_null_and_conditions_may_be_off() {
    let world = World::start().await;
    let document = "query($off: Boolean = false) { posts { id ...@defer(label: null, if: false) { title } ...@defer(if: $off) { title } } }";
    let whole = world.bff.query(document).in_parts(CURRENT).await.whole().await;
    assert_eq!(whole.data("posts.0.title"), "One");
}

#[tokio::test]
async fn a_schema_that_does_not_have_it_does_not_know_it() {
    use async_graphql::{EmptyMutation, EmptySubscription};
    let bff = bff::Bff::new("parts", "").upstreams(&[super::world::REST]).schema(
        super::world::Query,
        EmptyMutation,
        EmptySubscription,
    );
    assert!(!bff.sdl().unwrap().contains("@defer"));
    let rest = kit::Fake::start().await;
    let bff = Server::of(bff).upstream("rest", &rest).start().await;
    let answer = bff.query("{ ...@defer { answer } }").in_parts(CURRENT).await.whole().await;
    assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
    let answer = bff.query("{ answer }").in_parts("multipart/mixed").await;
    assert_eq!(answer.status, 406);
}

/// Whatever form the answer is wanted in.
#[tokio::test]
async fn a_mutation_never_runs_by_get() {
    let world = World::start().await;
    let document = "mutation { retitle(id: \"p1\", title: \"x\") { title ...@defer { post { title } } } }";
    let answer = world.bff.query(document).by_get().header("accept", CURRENT).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{answer}");
    assert_eq!(world.rest.total(), 0);
}

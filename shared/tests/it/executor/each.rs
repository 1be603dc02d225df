//! A list of several questions that fail each in their own way.

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object};
use bff::{AskEach, Bff, Upstream, entity, question};
use kit::{Fake, Reply, Server, json};

const PEOPLE: Upstream = Upstream::named("people").retries(0);

/// Somebody.
#[entity]
pub struct Person {
    id: ID,
}

#[question(upstream = PEOPLE, get = "/people/{id}", row = Person, public)]
pub struct PersonById(#[key("id")] ID);

struct Query;

#[Object]
impl Query {
    async fn people_or_none(&self, ids: Vec<ID>) -> AskEach<PersonById> {
        AskEach::of(ids.into_iter().map(PersonById)).or([])
    }
}

/// Nothing stands in for what a caller may not see, wherever in the list that is.
#[tokio::test]
async fn one_that_nothing_stands_in_for_fails_the_list() {
    let people = Fake::start().await;
    people.get("/people/{id}", |call| match call.segment("id").as_str() {
        "down" => Reply::problem(500, "down"),
        "secret" => Reply::problem(403, "not for you"),
        id => json!({"id": id}).into(),
    });
    let schema = Bff::new("each", "").upstreams(&[PEOPLE]).schema(Query, EmptyMutation, EmptySubscription);
    let bff = Server::of(schema).upstream("people", &people).start().await;
    let ask = async |ids: [&str; 2]| {
        let query = bff.query("query ($ids: [ID!]!) { peopleOrNone(ids: $ids) { id } }");
        query.variables(json!({"ids": ids})).await
    };
    for ids in [["down", "secret"], ["secret", "down"]] {
        let answer = ask(ids).await;
        assert_eq!((answer.codes(), answer.data("peopleOrNone")), (vec!["FORBIDDEN"], &kit::Value::Null));
    }
    assert_eq!(ask(["down", "ok"]).await.ok(), &json!({"peopleOrNone": []}));
    assert_eq!(ask(["other", "ok"]).await.ok(), &json!({"peopleOrNone": [{"id": "other"}, {"id": "ok"}]}));
}

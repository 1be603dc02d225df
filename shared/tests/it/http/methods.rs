//! POST for everything, GET for queries, nothing else.

use super::world::{JSON, MODERN, World};
use crate::client::send;
use http::Method;
use kit::json;

const MARK: (&str, &str) = ("graphql-require-preflight", "true");

#[tokio::test]
async fn a_query_goes_by_get_with_all_its_parameters() {
    let world = World::start().await;
    let answer = world.bff.query("{ echo(text: \"ä&b=c+d\") }").by_get().await;
    assert_eq!(answer.ok(), &json!({"echo": "ä&b=c+d"}));
    let document = "query A { __typename } query B($text: String!) { echo(text: $text) }";
    let query = world.bff.query(document).operation("B").variables(json!({"text": "x"}));
    assert_eq!(query.by_get().await.ok(), &json!({"echo": "x"}));
    let empty = "query={__typename}&operationName=&variables=&extensions=&other=1";
    assert_eq!(world.get(empty, &[MARK]).await.json()["data"], json!({"__typename": "Query"}));
    let nulls = "query={__typename}&variables=null&extensions={\"some\":1}";
    assert_eq!(world.get(nulls, &[MARK]).await.status, 200);
}

#[tokio::test]
async fn a_get_is_told_what_is_wrong_with_it() {
    let world = World::start().await;
    for (query, said) in [
        ("", "`query`"),
        ("qeury={__typename}", "`query`"),
        ("query={__typename}&variables=5", "`variables`"),
        ("query={__typename}&variables={", "`variables`"),
        ("query={__typename}&extensions=[]", "`extensions`"),
        ("query={__typename}&query={other}", "`query` is given twice"),
        ("query=%ff", "UTF-8"),
    ] {
        let answer = world.get(query, &[MARK, ("accept", MODERN)]).await;
        assert_eq!(answer.told(), (400, MODERN, "BAD_REQUEST".into()), "{query}");
        assert!(answer.text.contains(said), "{query}: {}", answer.text);
    }
    let answer = world.get("query={", &[MARK]).await;
    assert_eq!(answer.told(), (200, JSON, "GRAPHQL_PARSE_FAILED".into()));
}

#[tokio::test]
async fn a_mutation_never_runs_by_get() {
    let world = World::start().await;
    for query in ["query=mutation{press}", "query=query+A{__typename}+mutation+B{press}&operationName=B"] {
        for media in [MODERN, JSON] {
            let answer = world.get(query, &[MARK, ("accept", media)]).await;
            assert_eq!(answer.told(), (405, media, "METHOD_NOT_ALLOWED".into()));
            assert_eq!(answer.header("allow"), "POST");
        }
    }
    assert_eq!(world.ran(), 0);
    world.bff.query("mutation { press }").await.ok();
    assert_eq!(world.ran(), 1);
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_there_are() {
    let world = World::start().await;
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        let request = world.bff.request(method.clone(), "/graphql").header("accept", JSON);
        let answer = send(request).await;
        assert_eq!(answer.told(), (405, JSON, "METHOD_NOT_ALLOWED".into()), "{method}");
        assert_eq!(answer.header("allow"), "GET, POST");
    }
}

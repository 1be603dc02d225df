//! What partners build on: a published, documented schema with nobody's data in it.

use super::world::{catalogue, partner};
use kit::{Issuer, Server, Value, json};

#[tokio::test]
async fn the_schema_is_published_in_production_too() {
    let catalogue = catalogue(1).await;
    let partner = Server::of(partner::bff()).upstream("catalog", &catalogue).production().start().await;
    let answer = partner.query("{ __schema { queryType { name } } }").await;
    assert_eq!(*answer.ok(), json!({"__schema": {"queryType": {"name": "Query"}}}));
}

#[test]
fn the_exported_schema_is_the_codes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/partner/schema.graphql");
    let exported = std::fs::read_to_string(path).unwrap();
    let bff = partner::bff();
    assert!(bff.sdl().unwrap() == exported, "schema/partner/schema.graphql is out of date: make schema");
}

#[tokio::test]
async fn everything_is_documented() {
    let catalogue = catalogue(1).await;
    let partner = partner(&catalogue).await;
    let answer = partner
        .query(
            "{ __schema { types { name description
                fields { name description args { name description } }
                inputFields { name description }
                enumValues { name description }
            } } }",
        )
        .await;
    let mut bare = Vec::new();
    let text = |value: &Value| value["description"].as_str().is_some_and(|text| !text.is_empty());
    for ty in answer.ok()["__schema"]["types"].as_array().unwrap() {
        let name = ty["name"].as_str().unwrap();
        // Built into GraphQL, and described there.
        if name.starts_with("__") || name == "ID" {
            continue;
        }
        if !text(ty) {
            bare.push(name.to_owned());
        }
        for member in
            ["fields", "inputFields", "enumValues"].iter().filter_map(|list| ty[*list].as_array()).flatten()
        {
            let path = format!("{name}.{}", member["name"].as_str().unwrap());
            for arg in member["args"].as_array().into_iter().flatten().filter(|arg| !text(arg)) {
                bare.push(format!("{path}({}:)", arg["name"].as_str().unwrap()));
            }
            if !text(member) {
                bare.push(path);
            }
        }
    }
    assert_eq!(bare, Vec::<String>::new());
}

#[tokio::test]
async fn a_connection_is_what_relay_takes_for_one() {
    let catalogue = catalogue(1).await;
    let partner = partner(&catalogue).await;
    let answer = partner
        .query(
            "{
                node: __type(name: \"Node\") { kind fields { name type { kind ofType { name } } } possibleTypes { name } }
                page: __type(name: \"PageInfo\") { fields { name type { kind } } }
                connection: __type(name: \"TrackConnection\") { fields { name } }
                edge: __type(name: \"TrackEdge\") { fields { name } }
            }",
        )
        .await;
    let names = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        answer.data("node.fields"),
        &json!([{"name": "id", "type": {"kind": "NON_NULL", "ofType": {"name": "ID"}}}])
    );
    let mut nodes = names(answer.data("node.possibleTypes"));
    nodes.sort();
    assert_eq!(nodes, ["Album", "Artist", "Chart", "Genre", "Track"]);
    assert_eq!(
        *answer.data("page.fields"),
        json!([
            {"name": "hasNextPage", "type": {"kind": "NON_NULL"}},
            {"name": "hasPreviousPage", "type": {"kind": "NON_NULL"}},
            {"name": "startCursor", "type": {"kind": "SCALAR"}},
            {"name": "endCursor", "type": {"kind": "SCALAR"}},
        ])
    );
    assert_eq!(names(answer.data("connection.fields")), ["edges", "nodes", "pageInfo"]);
    assert_eq!(names(answer.data("edge.fields")), ["cursor", "node"]);
}

#[tokio::test]
async fn who_asks_is_never_told_to_the_catalogue() {
    let (catalogue, issuer) = (catalogue(1).await, Issuer::start().await);
    let partner = Server::of(partner::bff()).upstream("catalog", &catalogue).issuer(&issuer).start().await;
    let query = "{ tracks(first: 1) { nodes { title artist { name } } } }";
    let (anonymous, signed_in) =
        (partner.query(query).await, partner.query(query).bearer(&issuer.token("us-1")).await);
    assert_eq!(anonymous.ok(), signed_in.ok());
    assert_eq!(catalogue.total(), 4);
    assert!(catalogue.calls().iter().all(|call| call.service().as_deref() == Some("partner")));
    // A credential that comes along is checked all the same.
    assert_eq!(partner.query(query).bearer("forged").await.status, 401);
}

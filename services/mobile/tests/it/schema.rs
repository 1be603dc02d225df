//! The schema as it is published, and the operations that are written against it.

use kit::{Server, Value, json};
use std::fs;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/mobile");

#[test]
fn the_published_schema_is_the_codes() {
    let bff = mobile::bff();
    let published = fs::read_to_string(format!("{SCHEMA}/schema.graphql")).unwrap();
    assert_eq!(bff.sdl().unwrap(), published, "run `make schema`, and look at what changes for clients");
}

#[tokio::test]
async fn everything_is_documented_for_those_who_write_the_app() {
    let mobile = Server::of(mobile::bff()).start().await;
    let answer = mobile
        .query(
            "{ __schema { types { name description kind
                fields { name description args { name description } }
                inputFields { name description } enumValues { name description } } } }",
        )
        .await;
    let mut bare = Vec::new();
    for ty in answer.data("__schema.types").as_array().unwrap() {
        let name = ty["name"].as_str().unwrap();
        // Roots speak for themselves, and so do the ids that they take.
        if name.starts_with("__")
            || ty["kind"] == "SCALAR"
            || name == "Query"
            || name == "Mutation"
            || name == "Subscription"
        {
            continue;
        }
        let mut check = |what: &Value, place: String| {
            if what["description"].as_str().unwrap_or_default().is_empty() {
                bare.push(place);
            }
        };
        check(ty, name.to_owned());
        for list in ["fields", "inputFields", "enumValues"] {
            for member in ty[list].as_array().into_iter().flatten() {
                let place = format!("{name}.{}", member["name"].as_str().unwrap());
                check(member, place.clone());
                for arg in member["args"].as_array().into_iter().flatten() {
                    check(arg, format!("{place}({})", arg["name"].as_str().unwrap()));
                }
            }
        }
    }
    assert_eq!(bare, Vec::<String>::new());
}

#[tokio::test]
async fn every_registered_operation_is_valid() {
    let mobile = Server::of(mobile::bff()).start().await;
    let mut names: Vec<_> =
        fs::read_dir(format!("{SCHEMA}/operations")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 5, "{names:?}");
    for path in names {
        let document = fs::read_to_string(&path).unwrap();
        // Nothing is run: the variables are missing, or nobody is signed in, or nobody is there to ask.
        let answer = mobile.query(&document).variables(json!({})).await;
        assert!(
            !answer.codes().iter().any(|code| code.starts_with("GRAPHQL_")),
            "{}: {answer}",
            path.display()
        );
    }
}

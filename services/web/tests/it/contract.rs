//! What clients hold on to: the schema as it is committed, its prose, their operations, the example.

use crate::world::World;
use kit::{Value, json};
use std::{fs, path::PathBuf};

fn committed() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schema/web")
}

#[test]
fn the_committed_schema_is_the_codes() {
    let committed = fs::read_to_string(committed().join("schema.graphql")).unwrap();
    assert!(
        committed == web::bff().sdl().unwrap(),
        "schema/web/schema.graphql is out of date: `make schema` writes it"
    );
}

#[tokio::test]
async fn everything_in_the_schema_is_explained() {
    let world = World::start().await;
    let answer = world
        .web
        .query(
            "{ __schema { types { name description enumValues { name description } inputFields { name description }
                fields { name description args { name description } } } } }",
        )
        .await;
    let missing = |of: &str, things: &Value| -> Vec<String> {
        let things = things.as_array().map(Vec::as_slice).unwrap_or_default().iter();
        let silent = things.filter(|thing| thing["description"].as_str().is_none_or(str::is_empty));
        silent.map(|thing| format!("{of}{}", thing["name"].as_str().unwrap())).collect()
    };
    let types = &answer.ok()["__schema"]["types"];
    let builtin = |ty: &&Value| {
        let name = ty["name"].as_str().unwrap();
        name.starts_with("__") || ["String", "Int", "Float", "Boolean", "ID", "Subscription"].contains(&name)
    };
    let mut silent = Vec::new();
    for ty in types.as_array().unwrap().iter().filter(|ty| !builtin(ty)) {
        let name = ty["name"].as_str().unwrap();
        silent.extend(missing("", &json!([ty])));
        silent.extend(missing(&format!("{name}."), &ty["enumValues"]));
        silent.extend(missing(&format!("{name}."), &ty["inputFields"]));
        silent.extend(missing(&format!("{name}."), &ty["fields"]));
        for field in ty["fields"].as_array().into_iter().flatten() {
            silent.extend(missing(&format!("{name}.{}.", field["name"].as_str().unwrap()), &field["args"]));
        }
    }
    assert_eq!(silent, Vec::<String>::new());
}

#[tokio::test]
async fn every_registered_operation_is_answered() {
    let world = World::start().await;
    world.catalog.get("/search", |_| json!({"items": [], "next": null, "total": 0, "facets": {"types": [], "genres": [], "decades": []}}));
    world
        .library
        .patch("/playlists/{id}/entries/{entry}", |_| crate::world::playlist("pl-1", "us-1", true, 8));
    world.activity.post("/comments", |_| crate::world::comment("co-1", "us-1", 1_000));
    let variables = json!({
        "path": "/albums/al-1", "query": "x", "id": "tr-1", "artist": "ar-1", "playlist": "pl-1", "first": 5,
        "edit": {"idempotencyKey": "k", "playlistId": "pl-1", "version": 7, "entryId": "en-1", "position": 1},
        "comment": {"idempotencyKey": "k", "trackId": "tr-1", "body": "So good", "atMs": 1_000},
    });
    let mut operations: Vec<_> =
        fs::read_dir(committed().join("operations")).unwrap().map(|file| file.unwrap().path()).collect();
    operations.sort();
    assert!(operations.len() >= 5);
    for file in operations {
        let text = fs::read_to_string(&file).unwrap();
        if text.contains("\nsubscription ") || text.starts_with("subscription ") {
            let events = world.activity.events("/events");
            let mut page = world.web.subscribe(&text, variables.clone(), None).await;
            world.activity.until_under_way("/events", 1).await;
            events.send(None, &json!({"track_id": "tr-1"}));
            page.event().await.ok();
        } else {
            let token = world.token("us-1");
            let answer = world.web.query(&text).variables(variables.clone()).bearer(&token).await;
            assert!(answer.errors().is_empty(), "{}: {answer}", file.display());
            let data = answer.ok().as_object().unwrap();
            assert!(data.values().all(|root| !root.is_null()), "{}: {answer}", file.display());
        }
    }
}

#[tokio::test]
async fn the_example_has_an_answer_for_nobody_too() {
    let world = World::start().await;
    let answer = world.web.query(include_str!("../../example.graphql")).await;
    assert_eq!(answer.ok()["page"]["thing"]["title"], "Track 1");
    assert_eq!(answer.data("viewer"), &json!(null));
}

//! What is told, part by part: the tables of both forms are what graphql-js 17 tells of the same documents.

use super::world::{CURRENT, FORMER, World};
use kit::{Value, json};

/// The first part, and all others as one: how many there are is a matter of time.
pub fn first_and_rest(parts: Vec<Value>) -> Value {
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap();
    let mut rest = json!({});
    for part in parts {
        assert_ne!(rest["hasNext"], false, "nothing comes behind the last");
        for (key, told) in part.as_object().unwrap() {
            match (rest.get_mut(key).and_then(Value::as_array_mut), told) {
                (Some(known), Value::Array(told)) => known.extend(told.iter().cloned()),
                _ => rest[key] = told.clone(),
            }
        }
    }
    json!([first, rest])
}

/// Documents, the current form's parts and the former's; what comes behind the first as one.
pub fn cases() -> Vec<(&'static str, Value, Value)> {
    vec![
        (
            // Two fragments in one place: what both select is delivered once.
            r#"{ user(id: "u1") { id ...@defer(label: "A") { name } ...@defer(label: "B") { bio name } } }"#,
            json!([
                {"data": {"user": {"id": "u1"}},
                 "pending": [{"id": "0", "path": ["user"], "label": "A"}, {"id": "1", "path": ["user"], "label": "B"}],
                 "hasNext": true},
                {"incremental": [{"id": "0", "data": {"name": "Ada"}}, {"id": "1", "data": {"bio": "Counts"}}],
                 "completed": [{"id": "0"}, {"id": "1"}], "hasNext": false},
            ]),
            json!([
                {"data": {"user": {"id": "u1"}}, "hasNext": true},
                {"incremental": [{"data": {"name": "Ada"}, "path": ["user"], "label": "A"},
                                 {"data": {"bio": "Counts", "name": "Ada"}, "path": ["user"], "label": "B"}],
                 "hasNext": false},
            ]),
        ),
        (
            // Below a field that is there already.
            r#"{ user(id: "u1") { id home { city } ...@defer(label: "A") { home { country } } } }"#,
            json!([
                {"data": {"user": {"id": "u1", "home": {"city": "London"}}},
                 "pending": [{"id": "0", "path": ["user"], "label": "A"}], "hasNext": true},
                {"incremental": [{"id": "0", "subPath": ["home"], "data": {"country": "UK"}}],
                 "completed": [{"id": "0"}], "hasNext": false},
            ]),
            json!([
                {"data": {"user": {"id": "u1", "home": {"city": "London"}}}, "hasNext": true},
                {"incremental": [{"data": {"home": {"country": "UK"}}, "path": ["user"], "label": "A"}], "hasNext": false},
            ]),
        ),
        (
            // In a list: one promise an item.
            "{ posts { id ...@defer { title } } }",
            json!([
                {"data": {"posts": [{"id": "p1"}, {"id": "p2"}, {"id": "p3"}]},
                 "pending": [{"id": "0", "path": ["posts", 0]}, {"id": "1", "path": ["posts", 1]},
                             {"id": "2", "path": ["posts", 2]}],
                 "hasNext": true},
                {"incremental": [{"id": "0", "data": {"title": "One"}}, {"id": "1", "data": {"title": "Two"}},
                                 {"id": "2", "data": {"title": "Three"}}],
                 "completed": [{"id": "0"}, {"id": "1"}, {"id": "2"}], "hasNext": false},
            ]),
            json!([
                {"data": {"posts": [{"id": "p1"}, {"id": "p2"}, {"id": "p3"}]}, "hasNext": true},
                {"incremental": [{"data": {"title": "One"}, "path": ["posts", 0]},
                                 {"data": {"title": "Two"}, "path": ["posts", 1]},
                                 {"data": {"title": "Three"}, "path": ["posts", 2]}],
                 "hasNext": false},
            ]),
        ),
        (
            // All of it, and within that some more.
            r#"{ ...@defer { answer user(id: "u1") { id ...@defer { name } } } }"#,
            json!([
                {"data": {}, "pending": [{"id": "0", "path": []}], "hasNext": true},
                {"pending": [{"id": "1", "path": ["user"]}],
                 "incremental": [{"id": "0", "data": {"answer": 42, "user": {"id": "u1"}}},
                                 {"id": "1", "data": {"name": "Ada"}}],
                 "completed": [{"id": "0"}, {"id": "1"}], "hasNext": false},
            ]),
            json!([
                {"data": {}, "hasNext": true},
                {"incremental": [{"data": {"answer": 42, "user": {"id": "u1"}}, "path": []},
                                 {"data": {"name": "Ada"}, "path": ["user"]}], "hasNext": false},
            ]),
        ),
        (
            // One within another, in the same place.
            r#"{ user(id: "u1") { id ...@defer(label: "A") { bio ...@defer(label: "C") { name } } } }"#,
            json!([
                {"data": {"user": {"id": "u1"}}, "pending": [{"id": "0", "path": ["user"], "label": "A"}],
                 "hasNext": true},
                {"pending": [{"id": "1", "path": ["user"], "label": "C"}],
                 "incremental": [{"id": "0", "data": {"bio": "Counts"}}, {"id": "1", "data": {"name": "Ada"}}],
                 "completed": [{"id": "0"}, {"id": "1"}], "hasNext": false},
            ]),
            json!([
                {"data": {"user": {"id": "u1"}}, "hasNext": true},
                {"incremental": [{"data": {"bio": "Counts"}, "path": ["user"], "label": "A"},
                                 {"data": {"name": "Ada"}, "path": ["user"], "label": "C"}], "hasNext": false},
            ]),
        ),
        (
            // What two select below a field that both select.
            r#"{ user(id: "u1") { id ...@defer(label: "A") { home { __typename city } }
                                     ...@defer(label: "B") { home { __typename country } } } }"#,
            json!([
                {"data": {"user": {"id": "u1"}},
                 "pending": [{"id": "0", "path": ["user"], "label": "A"}, {"id": "1", "path": ["user"], "label": "B"}],
                 "hasNext": true},
                {"incremental": [{"id": "0", "data": {"home": {"__typename": "Home"}}},
                                 {"id": "0", "subPath": ["home"], "data": {"city": "London"}},
                                 {"id": "1", "subPath": ["home"], "data": {"country": "UK"}}],
                 "completed": [{"id": "0"}, {"id": "1"}], "hasNext": false},
            ]),
            json!([
                {"data": {"user": {"id": "u1"}}, "hasNext": true},
                {"incremental": [
                    {"data": {"home": {"__typename": "Home", "city": "London"}}, "path": ["user"], "label": "A"},
                    {"data": {"home": {"__typename": "Home", "country": "UK"}}, "path": ["user"], "label": "B"}],
                 "hasNext": false},
            ]),
        ),
        (
            // Under an alias, in a union, and only where the type is that.
            "{ found: search { __typename ... on User @defer(label: \"U\") { name } ... on Post { title } } }",
            json!([
                {"data": {"found": [{"__typename": "Post", "title": "One"}, {"__typename": "User"}]},
                 "pending": [{"id": "0", "path": ["found", 1], "label": "U"}], "hasNext": true},
                {"incremental": [{"id": "0", "data": {"name": "Bo"}}], "completed": [{"id": "0"}], "hasNext": false},
            ]),
            json!([
                {"data": {"found": [{"__typename": "Post", "title": "One"}, {"__typename": "User"}]}, "hasNext": true},
                {"incremental": [{"data": {"name": "Bo"}, "path": ["found", 1], "label": "U"}], "hasNext": false},
            ]),
        ),
    ]
}

#[tokio::test]
async fn each_part_is_what_the_current_form_says() {
    let world = World::start().await;
    for (document, current, _) in cases() {
        let parts = world.all(CURRENT, document, json!({})).await;
        assert_eq!(first_and_rest(parts), current, "{document}");
    }
}

#[tokio::test]
async fn each_part_is_what_the_former_form_says() {
    let world = World::start().await;
    for (document, _, former) in cases() {
        let parts = world.all(FORMER, document, json!({})).await;
        assert_eq!(first_and_rest(parts), former, "{document}");
    }
}

#[tokio::test]
async fn what_is_there_already_is_not_put_off() {
    let world = World::start().await;
    // In the current form there is nothing left of it; in the former a fragment is delivered whatever it selects.
    let document = r#"{ user(id: "u1") { id ...@defer { id } } }"#;
    let parts = world.ask(document).await;
    assert_eq!(parts.media(), "application/json; charset=utf-8");
    assert_eq!(parts.whole().await.ok(), &json!({"user": {"id": "u1"}}));
    let parts = world.all(FORMER, document, json!({})).await;
    assert_eq!(parts[1]["incremental"], json!([{"data": {"id": "u1"}, "path": ["user"]}]));
}

#[tokio::test]
async fn variables_decide_what_is_put_off() {
    let world = World::start().await;
    let document = "query($defer: Boolean = true, $skip: Boolean!) {
        user(id: \"u1\") { id ...@defer(if: $defer) { name bio @skip(if: $skip) } ...@skip(if: $skip) @defer { home { city } } }
    }";
    let told = |parts: &[Value]| parts[1..].iter().map(|part| part["incremental"].clone()).collect::<Value>();
    let parts = world.all(CURRENT, document, json!({"skip": true})).await;
    assert_eq!(told(&parts), json!([[{"id": "0", "data": {"name": "Ada"}}]]));
    let parts = world.all(CURRENT, document, json!({"skip": false, "defer": false})).await;
    assert_eq!(parts[0]["data"], json!({"user": {"id": "u1", "name": "Ada", "bio": "Counts"}}));
    assert_eq!(told(&parts), json!([[{"id": "0", "data": {"home": {"city": "London"}}}]]));
    let whole = world.bff.query(document).variables(json!({"skip": true, "defer": false}));
    let whole = whole.in_parts(CURRENT).await.whole().await;
    assert_eq!(whole.ok(), &json!({"user": {"id": "u1", "name": "Ada"}}));
}

#[tokio::test]
async fn whoever_takes_no_parts_gets_all_in_one() {
    let world = World::start().await;
    let document = "{ posts { id ...@defer { title } } }";
    for accept in ["application/json", "*/*", "application/graphql-response+json", "multipart/mixed;q=0, */*"]
    {
        let whole = world.bff.query(document).in_parts(accept).await.whole().await;
        assert_eq!(whole.data("posts.2.title"), "Three", "{accept}");
    }
}

#[tokio::test]
async fn whoever_takes_parts_alone_gets_a_whole_answer_as_the_only_one() {
    let world = World::start().await;
    let parts = world.bff.query("{ answer }").in_parts("multipart/mixed").await;
    assert_eq!(parts.media(), "multipart/mixed; boundary=\"-\"; incrementalSpec=v0.2");
    let parts: Vec<_> = parts.rest().await.into_iter().map(super::world::bare).collect();
    assert_eq!(parts, [json!({"data": {"answer": 42}, "hasNext": false})]);
}

#[tokio::test]
async fn parts_are_labelled_and_nobody_keeps_them() {
    let world = World::start().await;
    let document = "{ posts { id ...@defer { title } } }";
    for (accept, media) in [
        (CURRENT, "multipart/mixed; boundary=\"-\"; incrementalSpec=v0.2"),
        (FORMER, "multipart/mixed; boundary=\"-\"; deferSpec=20220824"),
    ] {
        for query in [world.bff.query(document), world.bff.query(document).by_get()] {
            let parts = query.in_parts(accept).await;
            assert_eq!((parts.status, parts.media()), (200, media));
            assert_eq!(parts.headers["cache-control"], "no-store");
        }
    }
}

#[tokio::test]
async fn the_schema_says_so() {
    let world = World::start().await;
    let asked = "{ __schema { directives { name locations args { name defaultValue type { kind name ofType { name } } } } } }";
    let answer = world.bff.query(asked).await;
    let directives = answer.data("__schema.directives").as_array().unwrap();
    let defer = directives.iter().find(|directive| directive["name"] == "defer").unwrap();
    assert_eq!(
        *defer,
        json!({"name": "defer", "locations": ["FRAGMENT_SPREAD", "INLINE_FRAGMENT"], "args": [
            {"name": "if", "defaultValue": "true", "type": {"kind": "NON_NULL", "name": null, "ofType": {"name": "Boolean"}}},
            {"name": "label", "defaultValue": null, "type": {"kind": "SCALAR", "name": "String", "ofType": null}},
        ]})
    );
    let sdl = super::world::bff().sdl().unwrap().to_owned();
    assert!(sdl.contains(
        "directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT"
    ));
}

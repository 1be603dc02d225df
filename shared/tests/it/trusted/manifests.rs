//! What tools write of the documents that clients send, and what is said of files that are wrong.

use super::world::{ECHO, PRESS, World, said, sha256};
use bff::config::Trust;
use kit::json;

#[tokio::test]
async fn every_tools_manifest_is_read() {
    let apollo = json!({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
        {"id": "by-apollo", "name": "Echo", "type": "query", "body": "query A { echo(text: \"apollo\") }"},
    ]});
    let relay = json!({"by-relay": "query R { echo(text: \"relay\") }"});
    let codegen = "query C { echo(text: \"codegen\") }";
    let codegen =
        json!({sha256(codegen): codegen, "sha256:prefixed": "query P { echo(text: \"prefixed\") }"});
    let file = "# Asks.\nquery F { echo(text: \"file\") }\n";
    let files = [
        ("persisted-query-manifest.json", apollo.to_string()),
        ("relay.json", relay.to_string()),
        ("persisted-documents.json", codegen.to_string()),
        ("file.graphql", file.to_owned()),
        // Nobody's business.
        ("README.md", "Documents.".to_owned()),
        (".hidden.json", "[".to_owned()),
    ];
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let world = World::start(Trust::Enforce, &files).await;
    for (id, text) in [
        ("by-apollo".to_owned(), "apollo"),
        (sha256("query A { echo(text: \"apollo\") }"), "apollo"),
        ("by-relay".to_owned(), "relay"),
        (sha256("query C { echo(text: \"codegen\") }"), "codegen"),
        ("prefixed".to_owned(), "prefixed"),
        (sha256(file), "file"),
        (sha256(file.trim()), "file"),
    ] {
        assert_eq!(world.post(json!({"documentId": id})).await.json(), said(text), "{id}");
    }
}

const WRONG: [(&str, &str, &[&str]); 8] = [
    ("a.json", "{\n  \"x\": ", &["a.json, line 2, column 7: it is not JSON"]),
    ("a.json", "[]", &["a.json: it is neither Apollo's manifest nor a map"]),
    ("a.json", "{\"x\": 1}", &["a.json, id x: what it names is not a document's text"]),
    (
        "a.json",
        "{\"format\": \"other\", \"version\": 1, \"operations\": []}",
        &["a.json: its format is `other`"],
    ),
    (
        "a.json",
        "{\"format\": \"apollo-persisted-query-manifest\", \"version\": 1}",
        &["missing field `operations`"],
    ),
    ("a.graphql", "query A {\n  echo(txt: 1)\n}", &["a.graphql, line 2, column 8: ", "txt"]),
    ("a.graphql", "query A {", &["a.graphql, line 1, column"]),
    ("a.json", "{\"x\": \"query A { nothing }\"}", &["a.json, id x, line 1, column 11: ", "nothing"]),
];

#[tokio::test]
async fn enforced_a_wrong_file_is_no_start_and_the_reason_is_told() {
    for (name, text, told) in WRONG {
        let files = [("echo.graphql", ECHO), (name, text)];
        let Err(error) = World::try_with(Trust::Enforce, &files, |_| {}).await else {
            panic!("it starts with {text}")
        };
        for told in told.iter().chain(&["`documents.folder`"]) {
            assert!(error.contains(told), "{told} is not in: {error}");
        }
    }
}

#[tokio::test]
async fn who_only_logs_starts_without_what_is_wrong() {
    for (name, text, _) in WRONG {
        let world = World::start(Trust::Log, &[("echo.graphql", ECHO), (name, text)]).await;
        assert_eq!(world.post(json!({"documentId": sha256(ECHO)})).await.json(), said("hello"));
    }
}

#[tokio::test]
async fn one_id_has_one_document() {
    let relay = |text| json!({"one": text}).to_string();
    let (echo, press) = (relay(ECHO), relay(PRESS));
    let world =
        World::start(Trust::Enforce, &[("a.json", &echo), ("b.json", &echo), ("c.graphql", ECHO)]).await;
    assert_eq!(world.post(json!({"documentId": "one"})).await.json(), said("hello"));
    let files = [("a.json", echo.as_str()), ("b.json", &press)];
    let Err(error) = World::try_with(Trust::Enforce, &files, |_| {}).await else { panic!("it starts") };
    assert!(error.contains("b.json, id one: ") && error.contains("a.json has the id one"), "{error}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_no_start_where_it_is_needed() {
    let away = |settings: &mut bff::config::Settings| settings.documents.folder = Some("not/here".into());
    let Err(error) = World::try_with(Trust::Enforce, &[], away).await else { panic!("it starts") };
    let there = std::path::absolute("not/here").unwrap();
    assert!(error.contains(there.to_str().unwrap()), "{error}");
    let world = World::with(Trust::Log, &[], away).await;
    assert_eq!(world.post(json!({"query": ECHO})).await.json(), said("hello"));
}

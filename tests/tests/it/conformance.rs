//! Published suites that judge each real BFF over HTTP (tests/conformance); its upstreams need not be there.

mod browser;
mod clients;
mod cop;
mod listening;
mod parts;

use kit::{Fake, Place, Process, Reply, json};
use std::{path::Path, process::Command};

/// The audits that ask for introspection.
const INTROSPECTING: [&str; 4] = ["2EA1", "28B9", "D6D5", "6A70"];
/// The audits that ask for anything, and want an answer: where only registered documents run, they get none.
const ASKING: [&str; 17] = [
    "22EB", "34A2", "13EE", "8161", "B8B3", "94B0", "0220", "94B1", "0221", "94B2", "0222", "2EA1", "28B9",
    "D6D5", "6A70", "428F", "1B7A",
];

/// Every audit is ok but those that are refused on purpose, and these are not.
async fn audited(bff: &Process, refused: &'static [&str]) {
    let url = format!("{}/graphql", bff.url());
    println!("{}", node([&["audit.mjs", &url], refused].concat()).await);
}

/// What one of the suites prints, given that it is content.
async fn node(arguments: Vec<&str>) -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    assert!(
        directory.join("node_modules/graphql-http").is_dir(),
        "the suites are not installed: npm ci --prefix tests/conformance (make conformance does it)"
    );
    let mut node = Command::new("node");
    node.args(arguments).current_dir(directory);
    let output =
        tokio::task::spawn_blocking(move || node.output()).await.expect("no panic").expect("node starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[tokio::test]
async fn mobile_passes_every_audit_of_graphql_over_http() {
    audited(&Process::of("mobile").start().await, &[]).await;
}

#[tokio::test]
async fn web_passes_every_audit_of_graphql_over_http() {
    audited(&Process::of("web").start().await, &[]).await;
}

#[tokio::test]
async fn partner_passes_every_audit_of_graphql_over_http() {
    audited(&Process::of("partner").start().await, &[]).await;
}

/// With trusted documents off, where they are on.
#[tokio::test]
async fn in_production_only_introspection_is_refused_and_not_by_partner() {
    for (name, refused) in [("mobile", &INTROSPECTING[..]), ("web", &INTROSPECTING), ("partner", &[])] {
        let bff = Process::of(name).set("profile", "production").set("documents.trusted", "off");
        // Unused, but without it partner does not start.
        let bff = if name == "partner" { bff.set("auth.keys.secret", "between us") } else { bff };
        audited(&bff.start().await, refused).await;
    }
}

#[tokio::test]
async fn as_it_is_deployed_mobile_refuses_what_no_app_has_registered() {
    audited(&Process::of("mobile").set("profile", "production").start().await, &ASKING).await;
}

#[tokio::test]
async fn apollo_client_stores_its_documents_with_web_and_asks_by_get() {
    let web = Process::of("web").set("profile", "production").start().await;
    println!("{}", node(vec!["apollo.mjs", "automatic", &format!("{}/graphql", web.url())]).await);
}

#[tokio::test]
async fn apollo_client_asks_mobile_by_the_ids_of_its_build_and_for_nothing_else() {
    let text = node(vec!["apollo.mjs", "text"]).await;
    let manifest = json!({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
        {"id": "by-the-build", "name": "Title", "type": "query", "body": text.trim()},
    ]});
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join("persisted-query-manifest.json"), manifest.to_string()).unwrap();
    let catalog = Fake::start().await;
    catalog.get("/albums", |_| {
        let album = json!({
            "id": "al-1", "title": "Homogenic", "artist_id": "ar-1", "artist_name": "Björk", "kind": "album",
            "track_count": 10, "released_on": "1997-09-22", "duration_ms": 2_615_000,
        });
        Reply::json(200, json!({"items": [album]})).header("cache-control", "public, max-age=60")
    });
    let mobile = Process::of("mobile").set("profile", "production").upstream("catalog", &catalog);
    let mobile = mobile.set("documents.folder", folder.path().to_str().unwrap()).start().await;
    let url = format!("{}/graphql", mobile.url());
    println!("{}", node(vec!["apollo.mjs", "registered", &url, "by-the-build"]).await);
}

#[tokio::test]
async fn in_development_mobile_runs_anything_and_tells_of_it() {
    let mobile = Process::of("mobile").start().await;
    let asked = mobile.query("{ __typename }").header("graphql-client-name", "ios");
    asked.header("graphql-client-version", "4.2.0").await.ok();
    let told = |line: &kit::Value| line["message"] == "a document that is not registered runs";
    let line = mobile.until_logged("the document", told).await;
    assert_eq!((&line["client.name"], &line["client.version"]), (&json!("ios"), &json!("4.2.0")));
    // SHA-256 of `{ __typename }`.
    let hash = "7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b";
    assert_eq!(line["graphql.document.sha256"], hash);
}

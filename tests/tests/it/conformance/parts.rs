//! Apollo Client reads an answer in parts, in both forms that it speaks.

use crate::journeys::house::House;
use kit::Place;
use std::{path::Path, process::Command};

#[tokio::test]
async fn apollo_client_shows_a_page_before_its_comments() {
    let house = House::start().await;
    let web = house.bff("web").await;
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut node = Command::new("node");
    node.arg("parts.mjs")
        .arg(format!("{}/graphql", web.url()))
        .arg(tests.join("../schema/web/operations/TrackPage.graphql"))
        .args([r#"{"path": "/tracks/tr-1"}"#, "page.thing.comments"])
        .current_dir(tests.join("conformance"));
    let output = tokio::task::spawn_blocking(move || node.output()).await.unwrap().expect("node starts");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}

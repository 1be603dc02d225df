//! Published suites that judge each real BFF over HTTP (tests/conformance); its upstreams need not be there.

use kit::{Place, Process};
use std::{path::Path, process::Command};

/// The audits that ask for introspection.
const INTROSPECTING: [&str; 4] = ["2EA1", "28B9", "D6D5", "6A70"];

/// Every audit is ok but those that are refused on purpose, and these are not.
async fn audited(bff: &Process, refused: &'static [&str]) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    assert!(
        directory.join("node_modules/graphql-http").is_dir(),
        "the suites are not installed: npm ci --prefix tests/conformance (make conformance does it)"
    );
    let url = format!("{}/graphql", bff.url());
    let audit =
        move || Command::new("node").arg("audit.mjs").arg(url).args(refused).current_dir(directory).output();
    let output = tokio::task::spawn_blocking(audit).await.expect("no panic").expect("node starts");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
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

#[tokio::test]
async fn in_production_only_introspection_is_refused_and_not_by_partner() {
    for (name, refused) in [("mobile", &INTROSPECTING[..]), ("web", &INTROSPECTING), ("partner", &[])] {
        audited(&Process::of(name).set("profile", "production").start().await, refused).await;
    }
}

//! A real browser (Debian's Chromium) signs in to web, works in GraphiQL and signs out (tests/browser): at the development
//! provider, and at a certified one.

use crate::journeys::house::House;
use kit::{Place, workspace};
use std::{path::PathBuf, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::Command,
};

fn driver(arguments: &[&str]) -> Command {
    let directory = workspace().join("tests/browser");
    assert!(
        directory.join("node_modules/playwright-core").is_dir(),
        "the browser's driver is not installed: npm ci --prefix tests/browser (make conformance does it)"
    );
    let mut node = Command::new("node");
    node.args(arguments).arg(pictures()).current_dir(directory).kill_on_drop(true);
    node.stdin(Stdio::piped()).stdout(Stdio::piped());
    node
}

/// What the browser showed is kept here, to be looked at.
fn pictures() -> PathBuf {
    let folder = workspace().join("target/browser");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[tokio::test]
async fn a_browser_signs_in_at_the_development_provider() {
    let house = House::start().await;
    // Nothing but what it is started with in development: the browser asks for it on the loopback.
    let web = house.front("web").set("auth.session.public_url", "");
    let web = web.set("auth.session.after_logout", "/graphiql").start().await;
    let done = driver(&["sign-in.mjs", "development", &web.url()]).status().await.unwrap();
    assert!(done.success());
}

#[tokio::test]
async fn a_browser_signs_in_at_a_certified_provider() {
    let house = House::start().await;
    let mut provider = driver(&["sign-in.mjs", "oidc-provider"]).spawn().unwrap();
    let mut lines = BufReader::new(provider.stdout.take().unwrap());
    let mut issuer = String::new();
    lines.read_line(&mut issuer).await.unwrap();
    let web = house.front("web").set("auth.issuer", issuer.trim()).set("auth.session.public_url", "");
    let web = web.set("auth.session.client_secret", "a secret with & and % in it");
    let web = web.set("auth.session.after_logout", "/graphiql").start().await;
    let mut stdin = provider.stdin.take().unwrap();
    stdin.write_all(format!("{}\n", web.url()).as_bytes()).await.unwrap();
    let mut said = String::new();
    lines.read_to_string(&mut said).await.unwrap();
    println!("{said}");
    assert!(provider.wait().await.unwrap().success(), "{}", web.lines().join("\n"));
}

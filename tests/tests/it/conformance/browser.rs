//! A real browser (Debian's Chromium, tests/browser) signs in to web, works in GraphiQL and signs out: at the development
//! provider, and at a certified one; and it asks as each persona that a GraphiQL offers.

use crate::journeys::house::{House, mutate};
use kit::{Place, Process, Value, json, workspace};
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

/// Runs it to its end, which must be a good one.
async fn finished(mut driver: Command) {
    let output = driver.output().await.unwrap();
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    println!("{said}");
    assert!(output.status.success(), "{said}");
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
    finished(driver(&["sign-in.mjs", "development", &web.url()])).await;
    // Signing out has given the refresh token back, which the provider took.
    let taken_back = |line: &Value| line["message"] == "request" && line["http.route"] == "/revoke";
    let line = house.service("identity").until_logged("that a token was given back", taken_back).await;
    assert_eq!(line["http.status"], 200, "{line}");
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

/// A BFF with the personas of its `dev.toml`, whose credentials come from this house.
async fn with_personas(house: &House, bff: &str) -> Process {
    let text = std::fs::read_to_string(workspace().join(format!("services/{bff}/dev.toml"))).unwrap();
    let identity = "http://127.0.0.1:7102";
    assert!(text.contains(identity), "{text}");
    let file = house.folder().join(format!("{bff}.toml"));
    std::fs::write(&file, text.replace(identity, &house.service("identity").url())).unwrap();
    let spawn = house.front(bff).args(["--config", &file.display().to_string()]);
    spawn.set("auth.session.public_url", "").start().await
}

#[tokio::test]
async fn a_browser_asks_as_each_persona() {
    let house = House::start().await;
    let [mobile, web, partner] = [
        with_personas(&house, "mobile").await,
        with_personas(&house, "web").await,
        with_personas(&house, "partner").await,
    ];
    // What a phone shows tells nobody's name: each keeps something that says whose it is.
    for user in ["us-1", "us-2", "us-7"] {
        let input = json!({"idempotencyKey": "whose", "title": format!("Whose: {user}")});
        let token = house.token(user).await;
        mutate(&mobile, &token, "createPlaylist", "CreatePlaylistInput", input, "playlist { id }").await.ok();
    }
    let phone = "{ libraryScreen { playlists(first: 1) { nodes { title } } } }";
    let keeps = |user: &str| {
        let nodes = json!([{"title": format!("Whose: {user}")}]);
        json!({"data": {"libraryScreen": {"playlists": {"nodes": nodes}}}, "codes": []})
    };
    let plan = |plan: &str| json!({"data": {"rateLimit": {"plan": plan}}, "codes": []});
    let rate = "{ rateLimit { plan } }";
    let viewer = "{ viewer { id } }";
    let asked = json!([
        {"name": "mobile", "url": mobile.url(), "asked": [
            {"label": "Nobody in particular", "document": phone,
             "answer": {"data": {"libraryScreen": null}, "codes": ["UNAUTHENTICATED"]}},
            {"label": "Jonas, a listener (free)", "document": phone, "answer": keeps("us-2")},
            {"label": "Mika, a premium listener", "document": phone, "answer": keeps("us-1")},
            {"label": "A new listener, who has nothing yet", "document": phone, "answer": keeps("us-7")},
            // And back: nothing of whom one was goes along.
            {"label": "Nobody in particular", "document": phone,
             "answer": {"data": {"libraryScreen": null}, "codes": ["UNAUTHENTICATED"]}},
        ]},
        {"name": "web", "url": web.url(), "asked": [
            {"label": "Nobody in particular", "document": viewer, "answer": {"data": {"viewer": null}, "codes": []}},
            {"label": "Mika, a premium listener (by token)", "document": viewer,
             "answer": {"data": {"viewer": {"id": "us-1"}}, "codes": []}},
        ]},
        {"name": "partner", "url": partner.url(), "asked": [
            {"label": "Nobody in particular", "document": rate, "answer": plan("anonymous")},
            {"label": "A partner on the plan basic", "document": rate, "answer": plan("basic")},
            {"label": "A partner on the plan pro", "document": rate, "answer": plan("pro")},
        ]},
    ]);
    finished(driver(&["personas.mjs", &asked.to_string()])).await;
}

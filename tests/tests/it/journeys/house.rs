//! The four REST services of one test, each a process over a database of its own, and BFFs in front of them.

use super::world::{self, SERVICES, SMALL, Size};
use kit::{Answer, Front, Place, Process, Spawn, Value, json};
use std::{collections::BTreeMap, path::Path, time::Duration};
use tempfile::TempDir;
use url::Url;

pub struct House {
    /// Publishes the key that all BFFs of this test share.
    keys: Front,
    folder: TempDir,
    running: BTreeMap<&'static str, Process>,
    /// Where each service is, or was before it was killed.
    urls: BTreeMap<&'static str, String>,
}

impl House {
    /// All four services over a small world.
    pub async fn start() -> Self {
        Self::of(SMALL).await
    }

    pub async fn of(size: Size) -> Self {
        let folder = tempfile::tempdir().unwrap();
        world::copy(size, folder.path());
        let keys = Front::start().await;
        let mut house = Self { keys, folder, running: BTreeMap::new(), urls: BTreeMap::new() };
        for service in SERVICES {
            house.open(service, "127.0.0.1:0").await;
        }
        house
    }

    async fn open(&mut self, service: &'static str, listen: &str) {
        let database = world::database(service, self.folder.path());
        let spawn = Process::of(service).set("database", &database).set("listen", listen);
        let bffs = ["mobile", "web", "partner"];
        let spawn = bffs.into_iter().fold(spawn, |spawn, bff| spawn.trusts(bff, &self.keys));
        let process = spawn.start().await;
        self.urls.insert(service, process.url());
        self.running.insert(service, process);
    }

    /// SIGKILL.
    pub async fn kill(&mut self, service: &str) {
        self.running.remove(service).unwrap().kill().await;
    }

    /// Starts a killed service again, at the same address.
    pub async fn restart(&mut self, service: &'static str) {
        let listen = self.urls[service].trim_start_matches("http://").to_owned();
        self.open(service, &listen).await;
    }

    /// Where the databases are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A running service.
    pub fn service(&self, service: &str) -> &Process {
        &self.running[service]
    }

    /// A BFF in front of this house, yet to be started.
    pub fn front(&self, bff: &str) -> Spawn {
        // The partners' BFF is told of the catalogue only: it declares no more.
        let upstreams: &[&str] = if bff == "partner" { &["catalog"] } else { &SERVICES };
        // Nothing is kept from one request to the next: what is asked, and what a dead service takes along, is to be seen.
        let alone = Process::of(bff).set("cache.rows_bytes", "0").issuer(&self.urls["identity"]);
        let alone = if bff == "partner" {
            alone.set("auth.keys.url", &format!("{}/keys", self.urls["identity"]))
        } else {
            alone
        };
        upstreams.iter().fold(alone, |spawn, name| spawn.upstream(name, &self.urls[name]))
    }

    pub async fn bff(&self, bff: &str) -> Process {
        self.front(bff).start().await
    }

    /// A token that the provider signed for this user.
    pub async fn token(&self, user: &str) -> String {
        let answer = self.service("identity").get(&format!("/dev/token?user={user}")).await;
        answer.json["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }

    /// The cookie of this user's session at web: who has clicked on their name at the provider's page, as a browser does.
    pub async fn session(&self, web: &Process, user: &str) -> String {
        let cookie = |answer: &Answer, name: &str| -> String {
            let all = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
            let given =
                all.map(|cookie| cookie.split(';').next().unwrap()).find(|cookie| cookie.starts_with(name));
            given.unwrap_or_else(|| panic!("no cookie {name}: {answer}")).to_owned()
        };
        let location = |answer: &Answer| -> Url {
            let location = answer.headers.get("location").unwrap_or_else(|| panic!("no redirect: {answer}"));
            Url::parse(location.to_str().unwrap()).unwrap()
        };
        let left = web.get("/auth/login?returnTo=/").await;
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(location(&left).query_pairs()).append_pair("user", user);
        let click = self.service("identity").request(http::Method::POST, "/authorize").body(form.finish());
        let clicked = kit::exchange(click.header("content-type", "application/x-www-form-urlencoded")).await;
        let back = location(&clicked);
        let callback =
            web.request(http::Method::GET, &format!("{}?{}", back.path(), back.query().unwrap_or_default()));
        let arrived = kit::exchange(callback.header("cookie", cookie(&left, "__Host-web-login-"))).await;
        cookie(&arrived, "__Host-web-session=")
    }

    /// Waits until somebody has begun to listen to a service's events.
    pub async fn listened_to(&self, service: &str) {
        let wanted = |line: &Value| line["message"] == "request" && line["http.route"] == "/events";
        self.service(service).until_logged("that somebody listens", wanted).await;
    }

    /// Every address in it, as an error message might tell it.
    pub fn addresses(&self) -> Vec<String> {
        let ports = self.urls.values().map(|url| url.rsplit(':').next().unwrap().to_owned());
        ports.chain(["127.0.0.1".to_owned(), "localhost".to_owned()]).collect()
    }
}

/// `traceparent` of a trace that a client begins, and the trace's id.
pub fn trace() -> (String, String) {
    let id = format!("{:032x}", rand::random::<u128>() | 1);
    (format!("00-{id}-00f067aa0ba902b7-01"), id)
}

/// The line that a server logs at a request's end.
pub async fn line(server: &Process, trace: &str) -> Value {
    let wanted = |line: &Value| line["message"] == "request" && line["trace_id"] == trace;
    server.until_logged(&format!("the request of trace {trace}"), wanted).await
}

/// A mutation of one root with one `input`.
pub async fn mutate(
    bff: &Process,
    token: &str,
    root: &str,
    kind: &str,
    input: Value,
    selection: &str,
) -> Answer {
    let document = format!("mutation($input: {kind}!) {{ {root}(input: $input) {{ {selection} }} }}");
    bff.query(&document).variables(json!({"input": input})).bearer(token).await
}

/// A service that is back is asked again within ten seconds: this must hold by then.
pub async fn soon(what: &str, holds: impl AsyncFn() -> bool) {
    let come = tokio::time::timeout(Duration::from_secs(10), async { while !holds().await {} });
    assert!(come.await.is_ok(), "ten seconds, and still not: {what}");
}

/// An operation that a client has registered.
pub fn operation(bff: &str, name: &str) -> String {
    read(&format!("schema/{bff}/operations/{name}.graphql"))
}

/// What a BFF's GraphiQL opens on.
pub fn example(bff: &str) -> String {
    read(&format!("services/{bff}/example.graphql"))
}

fn read(path: &str) -> String {
    let path = kit::workspace().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

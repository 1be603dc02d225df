//! A BFF with a folder of registered documents, which counts how often anything of it ran.

use crate::client::{Answer, send};
use async_graphql::{Object, Subscription};
use bff::{
    Bff,
    config::{Settings, Trust},
};
use futures::{Stream, stream};
use http::Method;
use kit::{Place, Running, Server, Value, json};
use sha2::{Digest, Sha256};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use tempfile::TempDir;

pub const ECHO: &str = "query Echo($text: String = \"hello\") { echo(text: $text) }";
pub const PRESS: &str = "mutation Press { press }";
pub const COUNT: &str = "subscription Count { count }";
pub const MARK: (&str, &str) = ("graphql-require-preflight", "true");

#[derive(Clone, Default)]
struct Ran(Arc<AtomicUsize>);

struct Query(Ran);

#[Object]
impl Query {
    async fn echo(&self, text: String) -> String {
        self.0.0.fetch_add(1, Relaxed);
        text
    }
}

struct Mutation(Ran);

#[Object]
impl Mutation {
    async fn press(&self) -> bool {
        self.0.0.fetch_add(1, Relaxed);
        true
    }
}

struct Counts;

#[Subscription]
impl Counts {
    async fn count(&self) -> impl Stream<Item = i32> {
        stream::iter([1, 2])
    }
}

pub struct World {
    pub bff: Running,
    pub folder: TempDir,
    service: String,
    ran: Ran,
}

impl World {
    /// With these files in its folder.
    pub async fn start(trust: Trust, files: &[(&str, &str)]) -> Self {
        Self::with(trust, files, |_| {}).await
    }

    pub async fn with(trust: Trust, files: &[(&str, &str)], change: impl FnOnce(&mut Settings)) -> Self {
        match Self::try_with(trust, files, change).await {
            Ok(world) => world,
            Err(error) => panic!("{error}"),
        }
    }

    /// Or why it does not start.
    pub async fn try_with(
        trust: Trust,
        files: &[(&str, &str)],
        change: impl FnOnce(&mut Settings),
    ) -> Result<Self, String> {
        // Metrics are the process's: each world has a name of its own.
        static WORLDS: AtomicUsize = AtomicUsize::new(0);
        let service = format!("trusted-{}", WORLDS.fetch_add(1, Relaxed));
        let folder = TempDir::new().unwrap();
        files.iter().for_each(|(name, text)| write(folder.path(), name, text));
        let ran = Ran::default();
        let bff = Bff::new("door", "").schema(Query(ran.clone()), Mutation(ran.clone()), Counts);
        let server = Server::of(bff).production().settings(|settings| {
            settings.service = service.clone();
            settings.documents.trusted = trust;
            settings.documents.folder = Some(folder.path().to_owned());
            settings.documents.reload_ms = 10;
            change(settings);
        });
        let bff = server.try_start().await?;
        Ok(Self { bff, folder, service, ran })
    }

    /// How often a field has run.
    pub fn ran(&self) -> usize {
        self.ran.0.load(Relaxed)
    }

    pub fn write(&self, name: &str, text: &str) {
        write(self.folder.path(), name, text);
    }

    pub async fn post(&self, body: Value) -> Answer {
        self.post_to("/graphql", body).await
    }

    pub async fn post_to(&self, path: &str, body: Value) -> Answer {
        send(self.bff.request(Method::POST, path).json(&body)).await
    }

    /// A GET of a path with these parameters.
    pub async fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        let mut url = url::Url::parse(&format!("{}{path}", self.bff.url())).unwrap();
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        send(reqwest::Client::new().get(url).header(MARK.0, MARK.1)).await
    }

    /// How many requests found their document like this.
    pub async fn documents(&self, how: &str) -> usize {
        self.metric("graphql_documents_total", &format!("how=\"{how}\"")).await
    }

    /// How many changes of the folder were taken, or not.
    pub async fn reloads(&self, taken: bool) -> usize {
        self.metric("graphql_document_reloads_total", &format!("taken=\"{taken}\"")).await
    }

    async fn metric(&self, name: &str, label: &str) -> usize {
        let text = self.bff.admin("/metrics").await.text;
        let start = format!("{name}{{service=\"{}\",{label}}} ", self.service);
        text.lines().find_map(|line| line.strip_prefix(&start)?.parse().ok()).unwrap_or(0)
    }
}

/// At once: whoever looks meanwhile sees nothing, or all of it.
fn write(folder: &Path, name: &str, text: &str) {
    let draft = folder.join(format!(".{name}"));
    std::fs::write(&draft, text).unwrap();
    std::fs::rename(draft, folder.join(name)).unwrap();
}

pub fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What Apollo's clients send beside or in place of a text.
pub fn hashed(hash: &str) -> Value {
    json!({"persistedQuery": {"version": 1, "sha256Hash": hash}})
}

pub fn said(text: &str) -> Value {
    json!({"data": {"echo": text}})
}

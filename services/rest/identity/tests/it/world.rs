//! A running service, and people who talk to it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use identity::Config;
use kit::{Front, Place as _};
use reqwest::Method;
use reqwest::header::HeaderMap;
use rest::{Running, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;

pub struct World {
    pub front: Front,
    running: Option<Running>,
    folder: TempDir,
}

/// Three users, one of them private, and a partner.
const PEOPLE: &str = r#"{"type":"user","id":"us-1","display_name":"Mika Sato","email":"us-1@example.com","country":"JP","locale":"ja-JP","bio":"Trains","plan":"premium","avatar_seed":7,"joined_at":"2026-01-01T00:00:00Z"}
{"type":"user","id":"us-2","display_name":"Jonas <Weber>","email":"us-2@example.com","country":"DE","locale":"de-DE","plan":"free","joined_at":"2026-01-02T00:00:00Z"}
{"type":"user","id":"us-3","display_name":"Sam Quiet","email":"us-3@example.com","country":"US","locale":"en-US","bio":"Secret","plan":"free","public":false,"joined_at":"2026-01-03T00:00:00Z"}
{"type":"partner","id":"demo-partner","name":"Demo","scope":"catalog:read charts:read","client_secret":"demo-partner-secret","created_at":"2026-01-01T00:00:00Z"}
"#;

impl World {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Settings<Config>)) -> Self {
        let (front, folder) = (Front::start().await, tempfile::tempdir().unwrap());
        let mut world = Self { front, running: None, folder };
        let output = world.import(PEOPLE);
        assert!(output.status.success(), "{output:?}");
        world.up(change).await;
        world
    }

    async fn up(&mut self, change: impl FnOnce(&mut Settings<Config>)) {
        let mut settings = Settings::for_test(self.folder.path());
        settings.common.auth.trusted.insert(Front::NAME.to_owned(), self.front.url().parse().unwrap());
        change(&mut settings);
        self.running = Some(identity::service().start(settings).await.unwrap());
    }

    pub async fn restart(&mut self) {
        if let Some(running) = self.running.take() {
            running.shutdown().await;
        }
        self.up(|_| {}).await;
    }

    pub fn url(&self) -> String {
        self.running.as_ref().unwrap().url()
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }

    /// Imports lines through the binary, as an operator does.
    pub fn import(&self, lines: &str) -> Output {
        let file = self.folder.path().join("lines.jsonl");
        std::fs::write(&file, lines).unwrap();
        command(&self.database()).arg("import").arg(file).output().unwrap()
    }

    /// A user, as whoever asks for them vouches.
    pub fn user(&self, id: &str) -> Person {
        self.holder(Some(self.front.token("identity", id, json!({}))))
    }

    /// What the provider gives a user who signs in the short way.
    pub async fn access_token(&self, id: &str) -> String {
        let reply = self.nobody().get(&format!("/dev/token?user={id}")).await.expect(200);
        text(&reply.body["access_token"])
    }

    pub fn nobody(&self) -> Person {
        self.holder(None)
    }

    pub fn holder(&self, token: Option<String>) -> Person {
        Person { url: self.url(), token, client: client() }
    }
}

/// Redirects are answers here, not something to follow.
fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// The real binary on a database.
pub fn command(database: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_identity"));
    command.arg("--set").arg(format!("database={}", database.display()));
    command
}

#[derive(Clone)]
pub struct Person {
    pub url: String,
    pub token: Option<String>,
    pub client: reqwest::Client,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The rows of a collection.
    pub fn items(&self) -> &[Value] {
        self.body["items"].as_array().unwrap_or_else(|| panic!("no items in {self:?}"))
    }

    /// The fields that a problem names.
    pub fn faults(&self) -> Vec<String> {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        self.body["errors"].as_array().into_iter().flatten().map(|error| text(&error["field"])).collect()
    }

    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Person {
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method: Method = method.parse().unwrap();
        let request = self.client.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        reply(self.request("GET", path)).await.unwrap()
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        reply(request).await.unwrap()
    }

    /// Posts a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body = encoded(fields);
        let request =
            self.request("POST", path).header("content-type", "application/x-www-form-urlencoded").body(body);
        reply(request).await.unwrap()
    }
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

pub async fn reply(request: reqwest::RequestBuilder) -> reqwest::Result<Reply> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await?;
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Ok(Reply { status, headers, body })
}

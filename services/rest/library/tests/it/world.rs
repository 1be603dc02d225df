//! A running service, and people who talk to it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reqwest::Method;
use reqwest::header::HeaderMap;
use rest::{Running, Settings};
use serde_json::Value;
use tempfile::TempDir;

use crate::provider::Provider;

pub struct World {
    pub provider: Provider,
    running: Option<Running>,
    folder: TempDir,
}

impl World {
    pub async fn start() -> Self {
        let mut world =
            Self { provider: Provider::start().await, running: None, folder: tempfile::tempdir().unwrap() };
        world.up().await;
        world
    }

    async fn up(&mut self) {
        let mut settings = Settings::for_test(self.folder.path());
        settings.common.auth.issuer = Some(self.provider.issuer.parse().unwrap());
        self.running = Some(library::service().start(settings).await.unwrap());
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

    /// Somebody with a token that fits this service.
    pub fn user(&self, id: &str) -> Person {
        self.holder(Some(self.provider.token(id, "openid library")))
    }

    pub fn nobody(&self) -> Person {
        self.holder(None)
    }

    pub fn holder(&self, token: Option<String>) -> Person {
        Person { url: self.url(), token, client: reqwest::Client::new() }
    }
}

/// The real binary on a database.
pub fn command(database: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_library"));
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

    /// One field of every row, as text.
    pub fn column(&self, field: &str) -> Vec<String> {
        self.items().iter().map(|row| text(&row[field])).collect()
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
        self.try_send(method, path, headers, body).await.unwrap()
    }

    pub async fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> reqwest::Result<Reply> {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        reply(request).await
    }
}

pub async fn reply(request: reqwest::RequestBuilder) -> reqwest::Result<Reply> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await?;
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Ok(Reply { status, headers, body })
}

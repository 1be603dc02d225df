//! The service under test, and how to call it.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, patch, post};
use reqwest::{Method, RequestBuilder};
use rest::{
    BoxError, Context, Db, Early, Import, LastEventId, LineError, Outcome, Path, Problem, Query, Service,
    Settings, Write, check_if_match, stream_events,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::SqliteConnection;
use tempfile::TempDir;
use utoipa::OpenApi;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("tests/migrations");

#[derive(OpenApi)]
struct Document;

#[derive(Debug, Serialize, Deserialize)]
pub struct Note {
    pub owner: String,
    pub text: String,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Tag {
    name: String,
}

async fn create(State(db): State<Db>, write: Write<Note>) -> Result<Response, Early> {
    // Tokens are the shared crate's business; here a caller says who it is.
    let caller = write.headers.get("x-caller").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let mut tx = write.begin(&db, &caller).await?;
    if write.input.text.is_empty() {
        return Err(Problem::invalid("text", "must not be empty").into());
    }
    let id = sqlx::query("INSERT INTO notes (owner, text) VALUES (?, ?)")
        .bind(&write.input.owner)
        .bind(&write.input.text)
        .execute(&mut *tx)
        .await?
        .last_insert_rowid();
    tx.publish(&write.input.owner, "note", &json!({ "id": id })).await?;
    tx.commit(Outcome::created(format!("/notes/{id}"), &json!({ "id": id }))?.version(1)).await
}

async fn rename(State(db): State<Db>, Path(id): Path<i64>, write: Write<Note>) -> Result<Response, Early> {
    let mut tx = write.begin(&db, "").await?;
    let version: Option<i64> = sqlx::query_scalar("SELECT version FROM notes WHERE id = ?")
        .bind(id)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(version) = version else { return Err(Problem::not_found(format!("no note `{id}`")).into()) };
    check_if_match(&write.headers, version)?;
    sqlx::query("UPDATE notes SET text = ?, version = version + 1 WHERE id = ?")
        .bind(&write.input.text)
        .bind(id)
        .execute(&mut *tx)
        .await?;
    tx.commit(Outcome::no_content().version(version + 1)).await
}

async fn count(State(db): State<Db>) -> Result<Response, Problem> {
    let notes: i64 = sqlx::query_scalar("SELECT count(*) FROM notes").fetch_one(db.reads()).await?;
    rest::json(http::StatusCode::OK, &json!({ "notes": notes }))
}

/// A handler whose query is wrong: what its caller must never see.
async fn broken(State(db): State<Db>) -> Result<Response, Problem> {
    sqlx::query("SELECT secret FROM nowhere").execute(db.reads()).await?;
    unreachable!("the table does not exist")
}

#[derive(Deserialize)]
struct Watch {
    owners: rest::Ids,
}

async fn watch(
    State(db): State<Db>,
    Query(watch): Query<Watch>,
    last: LastEventId,
) -> Result<Response, Problem> {
    stream_events(&db, watch.owners.to_vec(), last).await
}

#[derive(Default)]
pub struct Lines;

impl Import for Lines {
    type Line = Note;
    const FORMAT: &'static str = "{\"owner\": …, \"text\": …}";

    async fn line(&mut self, tx: &mut SqliteConnection, line: Note) -> Result<(), LineError> {
        if line.text == "bad" {
            return Err("text: is bad".into());
        }
        sqlx::query("INSERT INTO notes (owner, text) VALUES (?, ?)")
            .bind(line.owner)
            .bind(line.text)
            .execute(tx)
            .await?;
        Ok(())
    }

    async fn settle(tx: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE notes SET version = version + 100").execute(tx).await?;
        Ok(())
    }
}

pub fn service() -> Service {
    Service::new(
        "notes",
        "listen = '127.0.0.1:0'",
        &MIGRATIONS,
        Document::openapi,
        |context: Context| async move {
            let routes = Router::new()
                .route("/notes", post(create).get(count))
                .route("/notes/{id}", patch(rename))
                .route("/broken", get(broken))
                .route("/events", get(watch))
                .with_state(context.db);
            Ok::<_, BoxError>(rest::cached(routes, rest::Caching::Private))
        },
    )
    .import::<Lines>()
}

pub struct Notes {
    pub running: rest::Running,
    pub folder: TempDir,
    client: reqwest::Client,
}

impl Notes {
    pub async fn start() -> Self {
        Self::over(tempfile::tempdir().unwrap()).await
    }

    pub async fn over(folder: TempDir) -> Self {
        let running = service().start(Settings::for_test(folder.path())).await.unwrap();
        Self { running, folder, client: reqwest::Client::new() }
    }

    pub fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.running.url()))
    }

    pub fn post(&self, key: Option<&str>, text: &str) -> RequestBuilder {
        let request = self.call(Method::POST, "/notes").json(&json!({ "owner": "ann", "text": text }));
        match key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        }
    }

    pub async fn count(&self) -> i64 {
        let body: serde_json::Value =
            self.call(Method::GET, "/notes").send().await.unwrap().json().await.unwrap();
        body["notes"].as_i64().unwrap()
    }
}

//! Writes that may be repeated: the answer is kept with the effect, in one transaction, under `Idempotency-Key`.

use std::ops::{Deref, DerefMut};

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use sqlx::{Sqlite, SqliteConnection, Transaction};

use crate::Problem;
use crate::caching::version_etag;
use crate::db::{Db, now_ms};
use crate::events::{self, Hint};
use crate::extract::{body_bytes, from_json, require_json};

const KEY: &str = "idempotency-key";

/// Answers are kept this long; a phone that was offline for longer than this should ask anew.
const KEPT_MS: i64 = 7 * 24 * 3_600_000;

/// Extractor of one write: its JSON body (`()` for none), its `Idempotency-Key` and what identifies it as the same write.
#[derive(Debug)]
pub struct Write<T> {
    pub input: T,
    pub headers: HeaderMap,
    key: Option<String>,
    fingerprint: Vec<u8>,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Write<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let headers = parts.headers.clone();
        let mut hash = Sha256::new();
        hash.update(parts.method.as_str());
        hash.update([0]);
        hash.update(parts.uri.path_and_query().map_or("", |uri| uri.as_str()));
        hash.update([0]);
        let bytes = body_bytes(Request::from_parts(parts, body), state).await?;
        hash.update(&bytes);
        let input = if bytes.is_empty() {
            // Only `()` and options accept this; everything else gets "send a body".
            serde_json::from_slice(b"null")
                .map_err(|_| Problem::malformed("this request needs a JSON body"))?
        } else {
            require_json(&headers)?;
            from_json(&bytes)?
        };
        let key = idempotency_key(&headers)?;
        Ok(Self { input, headers, key, fingerprint: hash.finalize().to_vec() })
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    // The draft standard writes it as a quoted string; most callers do not.
    let key = value.to_str().unwrap_or_default().trim().trim_matches('"');
    if (1..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(Some(key.to_owned()))
    } else {
        Err(Problem::parameter("Idempotency-Key", "must be 1 to 128 visible ASCII characters"))
    }
}

impl<T> Write<T> {
    /// Opens the transaction, or ends early with the kept answer if `caller` has made this very write before. The same
    /// key on a different write is 422.
    pub async fn begin(&self, db: &Db, caller: &str) -> Result<WriteTx, Early> {
        let mut tx = db.begin().await?;
        let Some(key) = &self.key else {
            return Ok(WriteTx { tx, db: db.clone(), keep: None, hints: Vec::new() });
        };
        let kept = sqlx::query_as::<_, Kept>(
            "SELECT fingerprint, status, etag, location, body FROM _idempotency WHERE caller = ? AND key = ?",
        )
        .bind(caller)
        .bind(key)
        .fetch_optional(&mut *tx)
        .await?;
        match kept {
            Some(kept) if kept.fingerprint == self.fingerprint => Err(Early::Replay(kept.replay())),
            Some(_) => Err(Early::Problem(Problem::invalid(
                "Idempotency-Key",
                "this key was used for a different request; use a new key for a new request",
            ))),
            None => {
                let keep = Keep {
                    caller: caller.to_owned(),
                    key: key.clone(),
                    fingerprint: self.fingerprint.clone(),
                };
                Ok(WriteTx { tx, db: db.clone(), keep: Some(keep), hints: Vec::new() })
            }
        }
    }
}

/// A transaction that ends with an answer. Dropped without [`WriteTx::commit`], nothing of it happened.
#[derive(Debug)]
pub struct WriteTx {
    tx: Transaction<'static, Sqlite>,
    db: Db,
    keep: Option<Keep>,
    hints: Vec<Hint>,
}

#[derive(Debug)]
struct Keep {
    caller: String,
    key: String,
    fingerprint: Vec<u8>,
}

impl Deref for WriteTx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.tx
    }
}

impl DerefMut for WriteTx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.tx
    }
}

impl WriteTx {
    /// Adds an event that happens with this transaction, or not at all.
    pub async fn publish(&mut self, topic: &str, kind: &str, data: &impl Serialize) -> Result<(), Problem> {
        let hint = events::append(&mut self.tx, topic, kind, data).await?;
        self.hints.push(hint);
        Ok(())
    }

    /// Makes it so, keeps the answer for replays, and tells subscribers.
    pub async fn commit(mut self, outcome: Outcome) -> Result<Response, Early> {
        if let Some(keep) = &self.keep {
            let now = now_ms();
            sqlx::query("DELETE FROM _idempotency WHERE created_at < ?")
                .bind(now - KEPT_MS)
                .execute(&mut *self.tx)
                .await?;
            sqlx::query(
                "INSERT INTO _idempotency (caller, key, fingerprint, status, etag, location, body, created_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&keep.caller)
            .bind(&keep.key)
            .bind(&keep.fingerprint)
            .bind(i64::from(outcome.status.as_u16()))
            .bind(&outcome.etag)
            .bind(&outcome.location)
            .bind(&outcome.body)
            .bind(now)
            .execute(&mut *self.tx)
            .await?;
        }
        self.tx.commit().await?;
        for hint in self.hints {
            // No subscribers is no fault.
            let _ = self.db.hints().send(hint);
        }
        Ok(outcome.into_response())
    }
}

/// What a write answers.
#[derive(Clone, Debug)]
pub struct Outcome {
    status: StatusCode,
    etag: Option<String>,
    location: Option<String>,
    body: Vec<u8>,
}

impl Outcome {
    fn json(status: StatusCode, value: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { status, etag: None, location: None, body: serde_json::to_vec(value)? })
    }

    /// 200 with a body.
    pub fn ok(value: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, value)
    }

    /// 201 with a body and where the new thing is.
    pub fn created(location: impl Into<String>, value: &impl Serialize) -> Result<Self, Problem> {
        let mut outcome = Self::json(StatusCode::CREATED, value)?;
        outcome.location = Some(location.into());
        Ok(outcome)
    }

    /// 204.
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, etag: None, location: None, body: Vec::new() }
    }

    /// Names the version that the thing has now (`ETag`), for the next `If-Match`.
    pub fn version(mut self, version: i64) -> Self {
        self.etag = version_etag(version).to_str().ok().map(str::to_owned);
        self
    }
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        let mut response = if self.body.is_empty() {
            self.status.into_response()
        } else {
            let json = HeaderValue::from_static("application/json");
            (self.status, [(header::CONTENT_TYPE, json)], self.body).into_response()
        };
        for (name, value) in [(header::ETAG, self.etag), (header::LOCATION, self.location)] {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

#[derive(sqlx::FromRow)]
struct Kept {
    fingerprint: Vec<u8>,
    status: i64,
    etag: Option<String>,
    location: Option<String>,
    body: Vec<u8>,
}

impl Kept {
    fn replay(self) -> Response {
        let status = u16::try_from(self.status)
            .ok()
            .and_then(|code| StatusCode::from_u16(code).ok())
            .unwrap_or_default();
        let outcome = Outcome { status, etag: self.etag, location: self.location, body: self.body };
        let mut response = outcome.into_response();
        response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
        response
    }
}

/// Why a write ended without doing anything: refused, or done before. Handlers of writes return
/// `Result<Response, Early>` and use `?` throughout.
#[derive(Debug)]
pub enum Early {
    Problem(Problem),
    Replay(Response),
}

impl From<Problem> for Early {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<sqlx::Error> for Early {
    fn from(error: sqlx::Error) -> Self {
        Self::Problem(error.into())
    }
}

impl IntoResponse for Early {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Replay(response) => response,
        }
    }
}

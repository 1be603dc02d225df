//! Keys are issued, listed, rotated and revoked.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bff::auth::key::{self, ApiKey};
use http::{HeaderValue, StatusCode, header};
use rest::{Json, Path, Problem, Time, now_ms};
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;
use utoipa::ToSchema;

use super::Administrator;
use crate::Identity;
use crate::provider::narrowed;

/// How long a key may live, and two may be good at once.
const LONGEST_S: i64 = 5 * 366 * 86_400;
/// How long an old key stays good if nobody says: long enough to roll a new one out everywhere.
const OVERLAP_S: i64 = 86_400;
/// Keys of one partner that are neither revoked nor expired.
const MOST: i64 = 50;

/// A key as it may be shown again and again.
#[derive(Debug, Serialize, sqlx::FromRow, ToSchema)]
pub struct Key {
    /// What the key begins with.
    #[schema(example = "bk_7gq20x4m")]
    id: String,
    partner_id: String,
    /// What it is for, in its owner's words.
    name: String,
    /// Separated by spaces.
    scope: String,
    created_at: Time,
    /// Null: it does not expire.
    expires_at: Option<Time>,
    /// Null: it is not revoked.
    revoked_at: Option<Time>,
}

const OF_PARTNER: &str =
    "SELECT id, partner_id, name, scope, created_at, expires_at, revoked_at FROM partner_keys
     WHERE partner_id = ? ORDER BY created_at DESC, id";
const BY_ID: &str =
    "SELECT id, partner_id, name, scope, created_at, expires_at, revoked_at FROM partner_keys WHERE id = ?";

/// A key that was issued just now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Issued {
    #[serde(flatten)]
    shown: Key,
    /// The whole of it. It is told here and never again: of what is kept, it cannot be made.
    key: String,
}

/// What key is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// What it is for: 1 to 80 characters.
    name: String,
    /// Separated by spaces; everything that the partner may have if left out.
    scope: Option<String>,
    /// Seconds that it is good for; if left out it does not expire.
    expires_in_s: Option<i64>,
}

/// How a key is replaced.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rotation {
    /// Seconds that the old key stays good; a day if left out.
    overlap_s: Option<i64>,
    /// Seconds that the new key is good for; if left out it does not expire.
    expires_in_s: Option<i64>,
}

/// A partner's keys, the newest first: all of them, revoked and expired ones too.
#[utoipa::path(get, path = "/partners/{partner}/keys", params(("partner" = String, Path)),
    responses((status = 200, body = Vec<Key>)))]
pub async fn list(
    _: Administrator,
    State(identity): State<Identity>,
    Path(partner): Path<String>,
) -> Result<Response, Problem> {
    let mut reader = identity.db.reads().acquire().await?;
    allowed(&mut reader, &partner).await?;
    let keys = sqlx::query_as::<_, Key>(OF_PARTNER).bind(&partner).fetch_all(&mut *reader).await?;
    rest::json(StatusCode::OK, &serde_json::json!({ "items": keys }))
}

/// A new key for a partner.
#[utoipa::path(post, path = "/partners/{partner}/keys", params(("partner" = String, Path)), request_body = Wanted,
    responses((status = 201, body = Issued)))]
pub async fn issue(
    _: Administrator,
    State(identity): State<Identity>,
    Path(partner): Path<String>,
    Json(wanted): Json<Wanted>,
) -> Result<Response, Problem> {
    let name = wanted.name.trim();
    if !(1..=80).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(Problem::invalid("name", "must be 1 to 80 characters on one line"));
    }
    let expires_at = later("expires_in_s", wanted.expires_in_s)?;
    let mut tx = identity.db.begin().await?;
    let allowed = allowed(&mut tx, &partner).await?;
    let scope = narrowed(wanted.scope.as_deref(), &allowed).map_err(|scope| {
        Problem::invalid("scope", format!("`{scope}` is not for this partner; it has: {allowed}"))
    })?;
    let issued = insert(&mut tx, &partner, name, &scope, expires_at).await?;
    tx.commit().await?;
    told(StatusCode::CREATED, &issued)
}

/// A new key in the place of an old one, which stays good for a while.
#[utoipa::path(post, path = "/keys/{id}/rotate", params(("id" = String, Path)), request_body = Rotation,
    responses((status = 201, body = Issued)))]
pub async fn rotate(
    _: Administrator,
    State(identity): State<Identity>,
    Path(id): Path<String>,
    Json(rotation): Json<Rotation>,
) -> Result<Response, Problem> {
    let old_expires = later("overlap_s", Some(rotation.overlap_s.unwrap_or(OVERLAP_S)))?;
    let expires_at = later("expires_in_s", rotation.expires_in_s)?;
    let mut tx = identity.db.begin().await?;
    let old = key(&mut tx, &id).await?;
    let now = now_ms();
    if old.revoked_at.is_some() || old.expires_at.is_some_and(|expires| expires.as_ms() <= now) {
        return Err(Problem::conflict(format!(
            "`{id}` is not good any more, so that nothing is left to hand over: issue a new key"
        )));
    }
    let issued = insert(&mut tx, &old.partner_id, &old.name, &old.scope, expires_at).await?;
    // An earlier end stays: a rotation makes no key live longer.
    sqlx::query("UPDATE partner_keys SET expires_at = min(coalesce(expires_at, ?1), ?1) WHERE id = ?2")
        .bind(old_expires)
        .bind(&id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    told(StatusCode::CREATED, &issued)
}

/// Takes a key back. Backends notice within seconds.
#[utoipa::path(delete, path = "/keys/{id}", params(("id" = String, Path)), responses((status = 204)))]
pub async fn revoke(
    _: Administrator,
    State(identity): State<Identity>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let mut tx = identity.db.begin().await?;
    key(&mut tx, &id).await?;
    sqlx::query("UPDATE partner_keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?")
        .bind(now_ms())
        .bind(&id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What a partner's credentials may be used for.
async fn allowed(connection: &mut SqliteConnection, partner: &str) -> Result<String, Problem> {
    sqlx::query_scalar("SELECT scope FROM partners WHERE id = ?")
        .bind(partner)
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| Problem::not_found(format!("there is no partner `{partner}`")))
}

async fn key(connection: &mut SqliteConnection, id: &str) -> Result<Key, Problem> {
    sqlx::query_as::<_, Key>(BY_ID)
        .bind(id)
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| Problem::not_found(format!("there is no key `{id}`")))
}

async fn insert(
    tx: &mut SqliteConnection,
    partner: &str,
    name: &str,
    scope: &str,
    expires_at: Option<i64>,
) -> Result<Issued, Problem> {
    let now = now_ms();
    let good = sqlx::query_scalar::<_, i64>(
        "SELECT count(*) FROM partner_keys
         WHERE partner_id = ? AND revoked_at IS NULL AND coalesce(expires_at, ?2 + 1) > ?2",
    )
    .bind(partner)
    .bind(now)
    .fetch_one(&mut *tx)
    .await?;
    if good >= MOST {
        return Err(Problem::conflict(format!(
            "`{partner}` has {good} keys that are good, as many as may be: revoke those that nobody uses"
        )));
    }
    let text = key::generate();
    let key = ApiKey::read(&text).ok_or_else(|| Problem::internal("a new key has not the shape of one"))?;
    sqlx::query(
        "INSERT INTO partner_keys (id, partner_id, name, scope, digest, created_at, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(key.id())
    .bind(partner)
    .bind(name)
    .bind(scope)
    .bind(key.digest().as_slice())
    .bind(now)
    .bind(expires_at)
    .execute(&mut *tx)
    .await?;
    let shown = self::key(tx, key.id()).await?;
    Ok(Issued { shown, key: text })
}

/// So many seconds from now, as milliseconds since 1970.
fn later(field: &str, seconds: Option<i64>) -> Result<Option<i64>, Problem> {
    match seconds {
        None => Ok(None),
        Some(seconds) if (0..=LONGEST_S).contains(&seconds) => Ok(Some(now_ms() + seconds * 1_000)),
        Some(seconds) => Err(Problem::invalid(
            field,
            format!("must be between 0 and {LONGEST_S} (five years), and is {seconds}"),
        )),
    }
}

/// Nobody on the way keeps what is told once.
fn told(status: StatusCode, issued: &Issued) -> Result<Response, Problem> {
    let mut response = rest::json(status, issued)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

//! Playlists: read by id or by owner, created, renamed, deleted.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use rest::{
    Collection, Cursor, Db, Early, FieldError, Fields, Ids, Limit, Outcome, Path, Problem, Query, Time,
    Write, WriteTx, check_if_match, json, rows, rows_by_key, version_etag,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::SqliteConnection;
use utoipa::{IntoParams, ToSchema};

use crate::caller::{Owner, Reader};
use crate::entries;

/// More than anybody sorts by hand; a bound for the rest.
const MOST_PER_OWNER: i64 = 1_000;

pub fn routes() -> Router<Db> {
    Router::new()
        .route("/playlists", get(list).post(create))
        .route("/playlists/{id}", get(one).patch(change).delete(delete))
}

#[derive(Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct Playlist {
    #[schema(example = "pl-1")]
    pub id: String,
    pub owner_id: String,
    pub title: String,
    pub description: String,
    /// Readable by everybody.
    pub public: bool,
    /// Grows with every change of the playlist or its entries; also the `ETag`.
    pub version: i64,
    pub track_count: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Comma-separated, at most 200. Either this or `owner_ids`.
    #[param(value_type = Option<String>, example = "pl-1,pl-2")]
    ids: Option<Ids>,
    /// Comma-separated, at most 200: the playlists of these users, latest changed first.
    #[param(value_type = Option<String>, example = "us-1")]
    owner_ids: Option<Ids>,
    /// How many per owner, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit<20, 100>,
    /// The `cursor` of an owner's last row, for that owner's next page.
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    fields: Fields<Playlist>,
}

/// Playlists by id, or of owners. What the caller may not read is absent.
#[utoipa::path(get, path = "/playlists", params(Which), responses((status = 200, body = Collection<Playlist>)))]
pub async fn list(
    State(db): State<Db>,
    reader: Reader,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    match (&which.ids, &which.owner_ids) {
        (Some(ids), None) => {
            let found = sqlx::query_as::<_, Playlist>(
                "SELECT * FROM playlists WHERE id IN (SELECT value FROM json_each(?)) AND (public OR owner_id = ?)",
            )
            .bind(ids.to_json())
            .bind(reader.id())
            .fetch_all(db.reads())
            .await?;
            rows(&found, &which.fields)
        }
        (None, Some(owners)) => of_owners(&db, &reader, owners, &which).await,
        _ => Err(Problem::parameter("ids", "send either `ids` or `owner_ids`")),
    }
}

const BY_OWNER: &str = "playlists by owner";

async fn of_owners(db: &Db, reader: &Reader, owners: &Ids, which: &Which) -> Result<Response, Problem> {
    let after: Option<(Time, String)> = which.after.as_ref().map(|after| after.keys(BY_OWNER)).transpose()?;
    let (updated_at, id) = after.unzip();
    let found = sqlx::query_as::<_, Playlist>(
        "SELECT playlists.* FROM json_each(?1) AS owner JOIN playlists ON playlists.rowid IN (
             SELECT rowid FROM playlists AS p
             WHERE p.owner_id = owner.value AND (p.public OR p.owner_id = ?2)
                 AND (?3 IS NULL OR (p.updated_at, p.id) < (?3, ?4))
             ORDER BY p.updated_at DESC, p.id DESC LIMIT ?5)
         ORDER BY owner.key, playlists.updated_at DESC, playlists.id DESC",
    )
    .bind(owners.to_json())
    .bind(reader.id())
    .bind(updated_at)
    .bind(id)
    .bind(which.limit.get())
    .fetch_all(db.reads())
    .await?;
    rows_by_key(&found, |row| Cursor::new(BY_OWNER, (&row.updated_at, &row.id)), &which.fields)
}

/// One playlist, with its version as `ETag` for the next `If-Match`.
#[utoipa::path(get, path = "/playlists/{id}", params(("id" = String, Path)), responses((status = 200, body = Playlist)))]
pub async fn one(State(db): State<Db>, reader: Reader, Path(id): Path<String>) -> Result<Response, Problem> {
    let playlist = readable(db.reads().acquire().await?.as_mut(), &reader, &id).await?;
    let mut response = json(StatusCode::OK, &playlist)?.into_response();
    response.headers_mut().insert(header::ETAG, version_etag(playlist.version));
    Ok(response)
}

/// A new playlist.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct New {
    /// 1 to 200 characters.
    title: String,
    /// At most 1,000 characters.
    #[serde(default)]
    description: String,
    #[serde(default)]
    public: bool,
    /// What is in it from the start, at most 100 tracks.
    #[serde(default)]
    track_ids: Vec<String>,
}

/// Creates a playlist of the caller's.
#[utoipa::path(post, path = "/playlists", request_body = New, responses((status = 201, body = Playlist)),
    params(("Idempotency-Key" = Option<String>, Header)))]
pub async fn create(State(db): State<Db>, Owner(owner): Owner, write: Write<New>) -> Result<Response, Early> {
    let new = &write.input;
    let (title, description) = (new.title.trim(), new.description.trim());
    let mut errors = wording(Some(title), Some(description));
    errors.extend(entries::faults(&new.track_ids, 0));
    refuse(errors)?;
    let mut tx = write.begin(&db, &owner).await?;
    let owned = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM playlists WHERE owner_id = ?")
        .bind(&owner)
        .fetch_one(&mut *tx)
        .await?;
    if owned >= MOST_PER_OWNER {
        return Err(Problem::conflict(format!(
            "you have {owned} playlists, which is the most; delete one first"
        ))
        .into());
    }
    let id = sqlx::query_scalar::<_, String>(
        "INSERT INTO playlists (id, owner_id, title, description, public, version, track_count, created_at, updated_at)
         VALUES ('pl-' || lower(hex(randomblob(10))), ?1, ?2, ?3, ?4, 1, ?5, ?6, ?6) RETURNING id",
    )
    .bind(&owner)
    .bind(title)
    .bind(description)
    .bind(new.public)
    .bind(new.track_ids.len() as i64)
    .bind(Time::now())
    .fetch_one(&mut *tx)
    .await?;
    entries::insert(&mut tx, &id, 0, &new.track_ids, &owner).await?;
    let playlist = readable(&mut tx, &Owner(owner).into(), &id).await?;
    let outcome = Outcome::created(format!("/playlists/{id}"), &playlist)?.version(playlist.version);
    tx.commit(outcome).await
}

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    title: Option<String>,
    description: Option<String>,
    public: Option<bool>,
}

/// Renames a playlist, describes it, opens or closes it. Needs `If-Match` with the version being changed.
#[utoipa::path(patch, path = "/playlists/{id}", request_body = Change, responses((status = 200, body = Playlist)),
    params(("id" = String, Path), ("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header)))]
pub async fn change(
    State(db): State<Db>,
    Owner(owner): Owner,
    Path(id): Path<String>,
    write: Write<Change>,
) -> Result<Response, Early> {
    let title = write.input.title.as_deref().map(str::trim);
    let description = write.input.description.as_deref().map(str::trim);
    refuse(wording(title, description))?;
    let mut tx = write.begin(&db, &owner).await?;
    let playlist = owned(&mut tx, &owner, &id).await?;
    check_if_match(&write.headers, playlist.version)?;
    sqlx::query(
        "UPDATE playlists SET title = coalesce(?, title), description = coalesce(?, description),
             public = coalesce(?, public) WHERE id = ?",
    )
    .bind(title)
    .bind(description)
    .bind(write.input.public)
    .bind(&id)
    .execute(&mut *tx)
    .await?;
    changed(tx, &id).await
}

/// Deletes a playlist with its entries. `If-Match` is honoured when sent.
#[utoipa::path(delete, path = "/playlists/{id}", responses((status = 204)),
    params(("id" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)))]
pub async fn delete(
    State(db): State<Db>,
    Owner(owner): Owner,
    Path(id): Path<String>,
    write: Write<()>,
) -> Result<Response, Early> {
    let mut tx = write.begin(&db, &owner).await?;
    let playlist = owned(&mut tx, &owner, &id).await?;
    check_if_sent(&write.headers, &playlist)?;
    sqlx::query("DELETE FROM playlists WHERE id = ?").bind(&id).execute(&mut *tx).await?;
    publish(&mut tx, &id, playlist.version + 1).await?;
    tx.commit(Outcome::no_content()).await
}

/// A playlist that `reader` may read; 404 for what is not there or not theirs to know of.
pub async fn readable(
    connection: &mut SqliteConnection,
    reader: &Reader,
    id: &str,
) -> Result<Playlist, Problem> {
    sqlx::query_as::<_, Playlist>("SELECT * FROM playlists WHERE id = ? AND (public OR owner_id = ?)")
        .bind(id)
        .bind(reader.id())
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| Problem::not_found(format!("no playlist `{id}`, or not one that you may read")))
}

/// A playlist that `owner` may write; 403 for what they may only read.
pub async fn owned(connection: &mut SqliteConnection, owner: &str, id: &str) -> Result<Playlist, Problem> {
    let playlist = readable(connection, &Owner(owner.to_owned()).into(), id).await?;
    if playlist.owner_id == owner {
        Ok(playlist)
    } else {
        Err(Problem::forbidden(format!("playlist `{id}` belongs to somebody else; you may only read it")))
    }
}

/// For writes that make sense whatever happened before, unless the caller says otherwise.
pub fn check_if_sent(headers: &HeaderMap, playlist: &Playlist) -> Result<(), Problem> {
    if headers.contains_key(header::IF_MATCH) { check_if_match(headers, playlist.version) } else { Ok(()) }
}

/// Ends every write to a playlist or its entries: counts, makes the new version, tells subscribers, answers.
pub async fn changed(mut tx: WriteTx, id: &str) -> Result<Response, Early> {
    let playlist = sqlx::query_as::<_, Playlist>(
        "UPDATE playlists SET version = version + 1, updated_at = ?1,
             track_count = (SELECT count(*) FROM entries WHERE playlist_id = ?2)
         WHERE id = ?2 RETURNING *",
    )
    .bind(Time::now())
    .bind(id)
    .fetch_one(&mut *tx)
    .await?;
    publish(&mut tx, id, playlist.version).await?;
    let outcome = Outcome::ok(&playlist)?.version(playlist.version);
    tx.commit(outcome).await
}

/// Ids only: a subscriber reads the rows as itself.
async fn publish(tx: &mut WriteTx, id: &str, version: i64) -> Result<(), Problem> {
    tx.publish(id, "playlist", &json!({ "playlist_id": id, "version": version })).await
}

pub fn refuse(errors: Vec<FieldError>) -> Result<(), Problem> {
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(errors)) }
}

fn wording(title: Option<&str>, description: Option<&str>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if title.is_some_and(|title| {
        !(1..=200).contains(&title.chars().count()) || title.chars().any(char::is_control)
    }) {
        errors.push(FieldError::new("title", "must be 1 to 200 characters on one line"));
    }
    if description.is_some_and(|text| text.chars().count() > 1_000) {
        errors.push(FieldError::new("description", "must be at most 1,000 characters"));
    }
    errors
}

//! The entries of playlists: in order, appended, moved, removed.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, patch, post};
use rest::{
    Collection, Cursor, Db, Early, FieldError, Fields, Ids, Limit, Path, Problem, Query, Time, Write,
    WriteTx, check_if_match, is_id, rows_by_key,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::caller::{Owner, Reader};
use crate::playlists::{Playlist, changed, check_if_sent, owned, refuse};

/// The longest playlist. Moving an entry renumbers the others, so this bounds what one write costs.
const MOST_ENTRIES: i64 = 10_000;
/// The most tracks of one append.
const MOST_AT_ONCE: usize = 100;

pub fn routes() -> Router<Db> {
    Router::new()
        .route("/playlist-entries", get(list))
        .route("/playlists/{id}/entries", post(append))
        .route("/playlists/{id}/entries/{entry_id}", patch(shift).delete(remove))
}

#[derive(Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct Entry {
    #[schema(example = "pl-1")]
    playlist_id: String,
    /// From 0, without gaps.
    position: i64,
    /// The same track may stand in a playlist twice; this tells the two apart.
    entry_id: String,
    track_id: String,
    added_at: Time,
    added_by: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Of {
    /// Comma-separated, at most 200.
    #[param(value_type = String, example = "pl-1")]
    playlist_ids: Ids,
    /// How many per playlist, 1 to 500.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit<50, 500>,
    /// The `cursor` of a playlist's last row, for that playlist's next page.
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    fields: Fields<Entry>,
}

const IN_ORDER: &str = "entries in order";

/// Entries of playlists, in order. Those of a playlist that the caller may not read are absent.
#[utoipa::path(get, path = "/playlist-entries", params(Of), responses((status = 200, body = Collection<Entry>)))]
pub async fn list(State(db): State<Db>, reader: Reader, Query(of): Query<Of>) -> Result<Response, Problem> {
    let after: Option<(i64,)> = of.after.as_ref().map(|after| after.keys(IN_ORDER)).transpose()?;
    let found = sqlx::query_as::<_, Entry>(
        "SELECT entries.* FROM json_each(?1) AS asked
         JOIN playlists ON playlists.id = asked.value AND (playlists.public OR playlists.owner_id = ?2)
         JOIN entries ON entries.rowid IN (
             SELECT e.rowid FROM entries AS e WHERE e.playlist_id = playlists.id AND e.position > ?3
             ORDER BY e.position LIMIT ?4)
         ORDER BY asked.key, entries.position",
    )
    .bind(of.playlist_ids.to_json())
    .bind(reader.id())
    .bind(after.map_or(-1, |(position,)| position))
    .bind(of.limit.get())
    .fetch_all(db.reads())
    .await?;
    rows_by_key(&found, |row| Cursor::new(IN_ORDER, (row.position,)), &of.fields)
}

/// Tracks to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Append {
    /// 1 to 100 tracks.
    track_ids: Vec<String>,
}

/// Adds tracks at the end. `If-Match` is honoured when sent.
#[utoipa::path(post, path = "/playlists/{id}/entries", request_body = Append, responses((status = 200, body = Playlist)),
    params(("id" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)))]
pub async fn append(
    State(db): State<Db>,
    Owner(owner): Owner,
    Path(id): Path<String>,
    write: Write<Append>,
) -> Result<Response, Early> {
    refuse(faults(&write.input.track_ids, 1))?;
    let mut tx = write.begin(&db, &owner).await?;
    let playlist = owned(&mut tx, &owner, &id).await?;
    check_if_sent(&write.headers, &playlist)?;
    let adding = write.input.track_ids.len() as i64;
    if playlist.track_count + adding > MOST_ENTRIES {
        return Err(Problem::conflict(format!(
            "playlist `{id}` has {} entries and may have {MOST_ENTRIES}; {adding} more do not fit",
            playlist.track_count
        ))
        .into());
    }
    insert(&mut tx, &id, playlist.track_count, &write.input.track_ids, &owner).await?;
    changed(tx, &id).await
}

/// Where an entry is to stand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// From 0; the others make room. Past the end means at the end.
    position: u32,
}

/// Moves an entry. Needs `If-Match` with the version that the caller saw: positions mean nothing otherwise.
#[utoipa::path(patch, path = "/playlists/{id}/entries/{entry_id}", request_body = Shift,
    responses((status = 200, body = Playlist)),
    params(("id" = String, Path), ("entry_id" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header)))]
pub async fn shift(
    State(db): State<Db>,
    Owner(owner): Owner,
    Path((id, entry_id)): Path<(String, String)>,
    write: Write<Shift>,
) -> Result<Response, Early> {
    let mut tx = write.begin(&db, &owner).await?;
    let playlist = owned(&mut tx, &owner, &id).await?;
    check_if_match(&write.headers, playlist.version)?;
    let from = position(&mut tx, &id, &entry_id).await?;
    let to = i64::from(write.input.position).min(playlist.track_count - 1);
    sqlx::query(
        "UPDATE entries SET position = CASE
             WHEN entry_id = ?1 THEN ?3
             WHEN ?2 < ?3 THEN position - 1
             ELSE position + 1 END
         WHERE playlist_id = ?4 AND position BETWEEN min(?2, ?3) AND max(?2, ?3)",
    )
    .bind(&entry_id)
    .bind(from)
    .bind(to)
    .bind(&id)
    .execute(&mut *tx)
    .await?;
    changed(tx, &id).await
}

/// Takes an entry out. `If-Match` is honoured when sent.
#[utoipa::path(delete, path = "/playlists/{id}/entries/{entry_id}", responses((status = 200, body = Playlist)),
    params(("id" = String, Path), ("entry_id" = String, Path), ("If-Match" = Option<String>, Header),
        ("Idempotency-Key" = Option<String>, Header)))]
pub async fn remove(
    State(db): State<Db>,
    Owner(owner): Owner,
    Path((id, entry_id)): Path<(String, String)>,
    write: Write<()>,
) -> Result<Response, Early> {
    let mut tx = write.begin(&db, &owner).await?;
    let playlist = owned(&mut tx, &owner, &id).await?;
    check_if_sent(&write.headers, &playlist)?;
    let gap = position(&mut tx, &id, &entry_id).await?;
    sqlx::query("DELETE FROM entries WHERE entry_id = ?").bind(&entry_id).execute(&mut *tx).await?;
    sqlx::query("UPDATE entries SET position = position - 1 WHERE playlist_id = ? AND position > ?")
        .bind(&id)
        .bind(gap)
        .execute(&mut *tx)
        .await?;
    changed(tx, &id).await
}

async fn position(tx: &mut WriteTx, playlist_id: &str, entry_id: &str) -> Result<i64, Problem> {
    sqlx::query_scalar::<_, i64>("SELECT position FROM entries WHERE playlist_id = ? AND entry_id = ?")
        .bind(playlist_id)
        .bind(entry_id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or_else(|| Problem::not_found(format!("playlist `{playlist_id}` has no entry `{entry_id}`")))
}

/// Puts tracks at `position` and after it, where there is nothing yet.
pub async fn insert(
    tx: &mut WriteTx,
    playlist_id: &str,
    position: i64,
    track_ids: &[String],
    added_by: &str,
) -> Result<(), sqlx::Error> {
    let now = Time::now();
    for (track_id, position) in track_ids.iter().zip(position..) {
        sqlx::query(
            "INSERT INTO entries (entry_id, playlist_id, position, track_id, added_at, added_by)
             VALUES ('en-' || lower(hex(randomblob(10))), ?, ?, ?, ?, ?)",
        )
        .bind(playlist_id)
        .bind(position)
        .bind(track_id)
        .bind(now)
        .bind(added_by)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// What is wrong with a list of at least `fewest` tracks to add.
pub fn faults(track_ids: &[String], fewest: usize) -> Vec<FieldError> {
    if !(fewest..=MOST_AT_ONCE).contains(&track_ids.len()) {
        return vec![FieldError::new("track_ids", format!("must list {fewest} to {MOST_AT_ONCE} tracks"))];
    }
    track_ids
        .iter()
        .enumerate()
        .filter(|(_, id)| !is_id(id))
        .map(|(index, _)| {
            FieldError::new(format!("track_ids[{index}]"), "is not an id (1 to 64 of A-Z a-z 0-9 _ -)")
        })
        .collect()
}

//! Playlists, likes and follows from JSON Lines.

use rest::{Import, LineError, Time, is_id};
use serde::Deserialize;
use sqlx::SqliteConnection;

#[derive(Default)]
pub struct Lines;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    Playlist(Playlist),
    Like { user_id: String, track_id: String, liked_at: Time },
    Follow { user_id: String, artist_id: String, followed_at: Time },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playlist {
    id: String,
    owner_id: String,
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    public: bool,
    created_at: Time,
    updated_at: Time,
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    entry_id: String,
    track_id: String,
    added_at: Time,
}

impl Import for Lines {
    type Line = Line;

    const FORMAT: &'static str = r#"Each line is one of:
  {"type":"playlist", "id":"pl-1", "owner_id":"us-1", "title":"…", "description":"", "public":false,
   "created_at":"2026-10-01T00:00:00Z", "updated_at":"2026-10-01T00:00:00Z",
   "entries":[{"entry_id":"en-1", "track_id":"tr-1", "added_at":"2026-10-01T00:00:00Z"}]}
  {"type":"like", "user_id":"us-1", "track_id":"tr-1", "liked_at":"2026-10-01T00:00:00Z"}
  {"type":"follow", "user_id":"us-1", "artist_id":"ar-1", "followed_at":"2026-10-01T00:00:00Z"}
description, public and entries may be left out. A playlist with a known id is replaced, entries and all."#;

    async fn line(&mut self, tx: &mut SqliteConnection, line: Line) -> Result<(), LineError> {
        match line {
            Line::Playlist(playlist) => store(tx, playlist).await,
            Line::Like { user_id, track_id, liked_at } => {
                ids([("user_id", &user_id), ("track_id", &track_id)])?;
                sqlx::query("INSERT OR REPLACE INTO likes (user_id, track_id, liked_at) VALUES (?, ?, ?)")
                    .bind(user_id)
                    .bind(track_id)
                    .bind(liked_at)
                    .execute(tx)
                    .await?;
                Ok(())
            }
            Line::Follow { user_id, artist_id, followed_at } => {
                ids([("user_id", &user_id), ("artist_id", &artist_id)])?;
                sqlx::query(
                    "INSERT OR REPLACE INTO follows (user_id, artist_id, followed_at) VALUES (?, ?, ?)",
                )
                .bind(user_id)
                .bind(artist_id)
                .bind(followed_at)
                .execute(tx)
                .await?;
                Ok(())
            }
        }
    }
}

async fn store(tx: &mut SqliteConnection, playlist: Playlist) -> Result<(), LineError> {
    ids([("id", &playlist.id), ("owner_id", &playlist.owner_id)])?;
    sqlx::query(
        "INSERT INTO playlists (id, owner_id, title, description, public, version, track_count, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET owner_id = excluded.owner_id, title = excluded.title,
             description = excluded.description, public = excluded.public, track_count = excluded.track_count,
             created_at = excluded.created_at, updated_at = excluded.updated_at, version = version + 1",
    )
    .bind(&playlist.id)
    .bind(&playlist.owner_id)
    .bind(&playlist.title)
    .bind(&playlist.description)
    .bind(playlist.public)
    .bind(playlist.entries.len() as i64)
    .bind(playlist.created_at)
    .bind(playlist.updated_at)
    .execute(&mut *tx)
    .await?;
    sqlx::query("DELETE FROM entries WHERE playlist_id = ?").bind(&playlist.id).execute(&mut *tx).await?;
    for (entry, position) in playlist.entries.iter().zip(0_i64..) {
        ids([("entries.entry_id", &entry.entry_id), ("entries.track_id", &entry.track_id)])?;
        sqlx::query(
            "INSERT INTO entries (entry_id, playlist_id, position, track_id, added_at, added_by)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(&entry.entry_id)
        .bind(&playlist.id)
        .bind(position)
        .bind(&entry.track_id)
        .bind(entry.added_at)
        .bind(&playlist.owner_id)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

fn ids(fields: [(&str, &String); 2]) -> Result<(), LineError> {
    match fields.into_iter().find(|(_, id)| !is_id(id)) {
        Some((field, id)) => Err(format!("{field}: `{id}` is not 1 to 64 of A-Z a-z 0-9 _ -").into()),
        None => Ok(()),
    }
}

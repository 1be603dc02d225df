//! Totals, plays and comments from JSON Lines.

use rest::{Import, LineError, Time, is_id};
use serde::Deserialize;
use sqlx::SqliteConnection;

use crate::plays::{self, Play};

#[derive(Default)]
pub struct Lines;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    PlayTotal { track_id: String, plays: u32 },
    Play { user_id: String, report_id: String, track_id: String, played_at: Time, ms_played: u32 },
    Comment { id: String, track_id: String, user_id: String, body: String, at_ms: u32, created_at: Time },
}

impl Import for Lines {
    type Line = Line;

    const FORMAT: &'static str = r#"Each line is one of:
  {"type":"play_total", "track_id":"tr-1", "plays":1200}
  {"type":"play", "user_id":"us-1", "report_id":"…", "track_id":"tr-1", "played_at":"2026-10-01T00:00:00Z",
   "ms_played":180000}
  {"type":"comment", "id":"co-1", "track_id":"tr-1", "user_id":"us-1", "body":"…", "at_ms":61000,
   "created_at":"2026-10-01T00:00:00Z"}
A total is what was played before plays were kept one by one; the plays are counted on top of it. A play whose user_id
and report_id are known changes nothing; a total or a comment with a known id replaces it."#;

    async fn line(&mut self, tx: &mut SqliteConnection, line: Line) -> Result<(), LineError> {
        match line {
            Line::PlayTotal { track_id, plays } => {
                known_ids(&[("track_id", &track_id)])?;
                sqlx::query(
                    "INSERT INTO play_counts (track_id, earlier) VALUES (?, ?)
                     ON CONFLICT (track_id) DO UPDATE SET earlier = excluded.earlier",
                )
                .bind(track_id)
                .bind(plays)
                .execute(tx)
                .await?;
            }
            Line::Play { user_id, report_id, track_id, played_at, ms_played } => {
                known_ids(&[("user_id", &user_id), ("track_id", &track_id)])?;
                if !plays::is_report_id(&report_id) {
                    return Err("report_id: must be 1 to 128 visible ASCII characters".into());
                }
                if played_at.as_ms() < 0 {
                    return Err("played_at: must be after 1970".into());
                }
                // Only the play itself: what is counted from plays is counted once, at the end.
                let play = Play {
                    user_id: &user_id,
                    report_id: &report_id,
                    track_id: &track_id,
                    played_at,
                    ms_played: i64::from(ms_played),
                };
                plays::keep(tx, &play).await?;
            }
            Line::Comment { id, track_id, user_id, body, at_ms, created_at } => {
                known_ids(&[("id", &id), ("track_id", &track_id), ("user_id", &user_id)])?;
                sqlx::query(
                    "INSERT INTO comments (id, track_id, user_id, body, at_ms, created_at, updated_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
                     ON CONFLICT (id) DO UPDATE SET track_id = excluded.track_id, user_id = excluded.user_id,
                         body = excluded.body, at_ms = excluded.at_ms, created_at = excluded.created_at,
                         updated_at = excluded.updated_at",
                )
                .bind(id)
                .bind(track_id)
                .bind(user_id)
                .bind(body)
                .bind(at_ms)
                .bind(created_at)
                .execute(tx)
                .await?;
            }
        }
        Ok(())
    }

    async fn settle(tx: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        plays::recount(tx).await
    }
}

fn known_ids(fields: &[(&str, &str)]) -> Result<(), LineError> {
    match fields.iter().find(|(_, id)| !is_id(id)) {
        Some((field, id)) => Err(format!("{field}: `{id}` is not 1 to 64 of A-Z a-z 0-9 _ -").into()),
        None => Ok(()),
    }
}

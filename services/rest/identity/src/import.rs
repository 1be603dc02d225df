//! Users and partners from JSON Lines.

use rest::{Import, LineError, Time, is_id};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;

#[derive(Default)]
pub struct Lines;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    User {
        id: String,
        display_name: String,
        email: String,
        country: String,
        locale: String,
        #[serde(default)]
        bio: String,
        #[serde(default = "yes")]
        public: bool,
        plan: Plan,
        #[serde(default)]
        avatar_seed: i64,
        joined_at: Time,
    },
    Partner {
        id: String,
        name: String,
        scope: String,
        client_secret: String,
        /// Which quota applies.
        #[serde(default = "basic")]
        plan: String,
        created_at: Time,
    },
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    Free,
    Premium,
    Family,
}

fn yes() -> bool {
    true
}

fn basic() -> String {
    "basic".to_owned()
}

impl Import for Lines {
    type Line = Line;

    const FORMAT: &'static str = r#"Each line is one of:
  {"type":"user", "id":"us-1", "display_name":"…", "email":"…", "country":"JP", "locale":"ja-JP",
   "plan":"free"|"premium"|"family", "joined_at":"2026-10-01T00:00:00Z", "bio":"", "public":true, "avatar_seed":0}
  {"type":"partner", "id":"demo-partner", "name":"…", "scope":"catalog:read", "client_secret":"…",
   "plan":"basic", "created_at":"2026-10-01T00:00:00Z"}
bio, public and avatar_seed may be left out, and so may a partner's plan. Of a secret only its hash is kept. A line with a known id replaces it."#;

    async fn line(&mut self, tx: &mut SqliteConnection, line: Line) -> Result<(), LineError> {
        match line {
            Line::User {
                id,
                display_name,
                email,
                country,
                locale,
                bio,
                public,
                plan,
                avatar_seed,
                joined_at,
            } => {
                known_id(&id)?;
                sqlx::query(
                    "INSERT INTO users (id, display_name, email, country, locale, bio, public, plan, avatar_seed, joined_at)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                     ON CONFLICT (id) DO UPDATE SET
                         display_name = excluded.display_name, email = excluded.email, country = excluded.country,
                         locale = excluded.locale, bio = excluded.bio, public = excluded.public, plan = excluded.plan,
                         avatar_seed = excluded.avatar_seed, joined_at = excluded.joined_at, version = version + 1",
                )
                .bind(id)
                .bind(display_name)
                .bind(email)
                .bind(country)
                .bind(locale)
                .bind(bio)
                .bind(public)
                .bind(match plan {
                    Plan::Free => "free",
                    Plan::Premium => "premium",
                    Plan::Family => "family",
                })
                .bind(avatar_seed)
                .bind(joined_at)
                .execute(tx)
                .await?;
            }
            Line::Partner { id, name, scope, client_secret, plan, created_at } => {
                known_id(&id)?;
                if !is_id(&plan) {
                    return Err(format!("plan: `{plan}` is not 1 to 64 of A-Z a-z 0-9 _ -").into());
                }
                if client_secret.len() < 12 {
                    return Err("client_secret: must have at least 12 characters".into());
                }
                sqlx::query(
                    "INSERT INTO partners (id, name, scope, secret_hash, plan, created_at) VALUES (?, ?, ?, ?, ?, ?)
                     ON CONFLICT (id) DO UPDATE SET name = excluded.name, scope = excluded.scope,
                         secret_hash = excluded.secret_hash, plan = excluded.plan, created_at = excluded.created_at",
                )
                .bind(id)
                .bind(name)
                .bind(scope)
                .bind(Sha256::digest(client_secret).to_vec())
                .bind(plan)
                .bind(created_at)
                .execute(tx)
                .await?;
            }
        }
        Ok(())
    }
}

fn known_id(id: &str) -> Result<(), LineError> {
    if is_id(id) { Ok(()) } else { Err(format!("id: `{id}` is not 1 to 64 of A-Z a-z 0-9 _ -").into()) }
}

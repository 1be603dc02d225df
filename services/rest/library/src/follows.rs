//! Followed artists.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, put};
use rest::{
    Caching, Collection, Cursor, Db, Early, Fields, Ids, Limit, Outcome, Page, Path, Problem, Query, Time,
    Write, cached, is_id, rows,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::caller::Owner;

pub fn routes() -> Router<Db> {
    Router::new().route("/follows", get(list)).route("/follows/{artist_id}", put(follow).delete(unfollow))
}

pub fn public_routes() -> Router<Db> {
    cached(Router::new().route("/follower-counts", get(counts)), Caching::Public(Duration::from_secs(30)))
}

#[derive(Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct Follow {
    #[schema(example = "ar-1")]
    artist_id: String,
    followed_at: Time,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Comma-separated, at most 200: which of these artists the caller follows. Without it: all followed artists, in pages.
    #[param(value_type = Option<String>, example = "ar-1,ar-2")]
    artist_ids: Option<Ids>,
    /// How many, 1 to 200.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit<50, 200>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    fields: Fields<Follow>,
}

const NEWEST: &str = "follows, newest first";

/// Whom the caller follows: of given artists (those not followed are absent), or all of them, newest first, with their total.
#[utoipa::path(get, path = "/follows", params(Which), responses((status = 200, body = Collection<Follow>)))]
pub async fn list(
    State(db): State<Db>,
    Owner(user): Owner,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    if let Some(artist_ids) = &which.artist_ids {
        let found = sqlx::query_as::<_, Follow>(
            "SELECT artist_id, followed_at FROM follows WHERE user_id = ? AND artist_id IN (SELECT value FROM json_each(?))",
        )
        .bind(&user)
        .bind(artist_ids.to_json())
        .fetch_all(db.reads())
        .await?;
        return rows(&found, &which.fields);
    }
    let after: Option<(Time, String)> = which.after.as_ref().map(|after| after.keys(NEWEST)).transpose()?;
    let (followed_at, artist_id) = after.unzip();
    let found = sqlx::query_as::<_, Follow>(
        "SELECT artist_id, followed_at FROM follows
         WHERE user_id = ?1 AND (?2 IS NULL OR (followed_at, artist_id) < (?2, ?3))
         ORDER BY followed_at DESC, artist_id DESC LIMIT ?4",
    )
    .bind(&user)
    .bind(followed_at)
    .bind(artist_id)
    .bind(which.limit.and_one())
    .fetch_all(db.reads())
    .await?;
    let total = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM follows WHERE user_id = ?")
        .bind(&user)
        .fetch_one(db.reads())
        .await?;
    Page::of(found, which.limit.get(), |row| Cursor::new(NEWEST, (&row.followed_at, &row.artist_id)))
        .with_total(total.unsigned_abs())
        .answer(&which.fields)
}

/// How many users follow an artist.
#[derive(Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct FollowerCount {
    artist_id: String,
    followers: i64,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CountsOf {
    /// Comma-separated, at most 200.
    #[param(value_type = String, example = "ar-1,ar-2")]
    artist_ids: Ids,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    fields: Fields<FollowerCount>,
}

/// How many users follow each of these artists; public. An artist nobody follows has 0.
#[utoipa::path(get, path = "/follower-counts", params(CountsOf), responses((status = 200, body = Collection<FollowerCount>)))]
pub async fn counts(State(db): State<Db>, Query(of): Query<CountsOf>) -> Result<Response, Problem> {
    let found = sqlx::query_as::<_, FollowerCount>(
        "SELECT asked.value AS artist_id, (SELECT count(*) FROM follows WHERE follows.artist_id = asked.value) AS followers
         FROM json_each(?) AS asked",
    )
    .bind(of.artist_ids.to_json())
    .fetch_all(db.reads())
    .await?;
    rows(&found, &of.fields)
}

/// Follows an artist; doing so again changes nothing.
#[utoipa::path(put, path = "/follows/{artist_id}", responses((status = 200, body = Follow)),
    params(("artist_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)))]
pub async fn follow(
    State(db): State<Db>,
    Owner(user): Owner,
    Path(artist_id): Path<String>,
    write: Write<()>,
) -> Result<Response, Early> {
    if !is_id(&artist_id) {
        return Err(Problem::parameter("artist_id", "is not an id (1 to 64 of A-Z a-z 0-9 _ -)").into());
    }
    let mut tx = write.begin(&db, &user).await?;
    let follow = sqlx::query_as::<_, Follow>(
        "INSERT INTO follows (user_id, artist_id, followed_at) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET followed_at = followed_at RETURNING artist_id, followed_at",
    )
    .bind(&user)
    .bind(&artist_id)
    .bind(Time::now())
    .fetch_one(&mut *tx)
    .await?;
    let outcome = Outcome::ok(&follow)?;
    tx.commit(outcome).await
}

/// Stops following an artist; doing so again changes nothing.
#[utoipa::path(delete, path = "/follows/{artist_id}", responses((status = 204)),
    params(("artist_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)))]
pub async fn unfollow(
    State(db): State<Db>,
    Owner(user): Owner,
    Path(artist_id): Path<String>,
    write: Write<()>,
) -> Result<Response, Early> {
    let mut tx = write.begin(&db, &user).await?;
    sqlx::query("DELETE FROM follows WHERE user_id = ? AND artist_id = ?")
        .bind(&user)
        .bind(&artist_id)
        .execute(&mut *tx)
        .await?;
    tx.commit(Outcome::no_content()).await
}

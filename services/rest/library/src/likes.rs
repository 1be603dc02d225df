//! Liked tracks.

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
    Router::new().route("/likes", get(list)).route("/likes/{track_id}", put(like).delete(unlike))
}

pub fn public_routes() -> Router<Db> {
    cached(Router::new().route("/like-counts", get(counts)), Caching::Public(Duration::from_secs(30)))
}

#[derive(Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct Like {
    #[schema(example = "tr-1")]
    track_id: String,
    liked_at: Time,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Comma-separated, at most 200: which of these tracks the caller likes. Without it: all liked tracks, in pages.
    #[param(value_type = Option<String>, example = "tr-1,tr-2")]
    track_ids: Option<Ids>,
    /// How many, 1 to 200.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit<50, 200>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    fields: Fields<Like>,
}

const NEWEST: &str = "likes, newest first";

/// The caller's likes: of given tracks (those not liked are absent), or all of them, newest first, with their total.
#[utoipa::path(get, path = "/likes", params(Which), responses((status = 200, body = Collection<Like>)))]
pub async fn list(
    State(db): State<Db>,
    Owner(user): Owner,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    if let Some(track_ids) = &which.track_ids {
        let found = sqlx::query_as::<_, Like>(
            "SELECT track_id, liked_at FROM likes WHERE user_id = ? AND track_id IN (SELECT value FROM json_each(?))",
        )
        .bind(&user)
        .bind(track_ids.to_json())
        .fetch_all(db.reads())
        .await?;
        return rows(&found, &which.fields);
    }
    let after: Option<(Time, String)> = which.after.as_ref().map(|after| after.keys(NEWEST)).transpose()?;
    let (liked_at, track_id) = after.unzip();
    let found = sqlx::query_as::<_, Like>(
        "SELECT track_id, liked_at FROM likes
         WHERE user_id = ?1 AND (?2 IS NULL OR (liked_at, track_id) < (?2, ?3))
         ORDER BY liked_at DESC, track_id DESC LIMIT ?4",
    )
    .bind(&user)
    .bind(liked_at)
    .bind(track_id)
    .bind(which.limit.and_one())
    .fetch_all(db.reads())
    .await?;
    let total = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM likes WHERE user_id = ?")
        .bind(&user)
        .fetch_one(db.reads())
        .await?;
    Page::of(found, which.limit.get(), |row| Cursor::new(NEWEST, (&row.liked_at, &row.track_id)))
        .with_total(total.unsigned_abs())
        .answer(&which.fields)
}

/// How many users like a track.
#[derive(Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct LikeCount {
    track_id: String,
    likes: i64,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CountsOf {
    /// Comma-separated, at most 200.
    #[param(value_type = String, example = "tr-1,tr-2")]
    track_ids: Ids,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    fields: Fields<LikeCount>,
}

/// How many users like each of these tracks; public. A track nobody likes has 0.
#[utoipa::path(get, path = "/like-counts", params(CountsOf), responses((status = 200, body = Collection<LikeCount>)))]
pub async fn counts(State(db): State<Db>, Query(of): Query<CountsOf>) -> Result<Response, Problem> {
    let found = sqlx::query_as::<_, LikeCount>(
        "SELECT asked.value AS track_id, (SELECT count(*) FROM likes WHERE likes.track_id = asked.value) AS likes
         FROM json_each(?) AS asked",
    )
    .bind(of.track_ids.to_json())
    .fetch_all(db.reads())
    .await?;
    rows(&found, &of.fields)
}

/// Likes a track; liking it again changes nothing.
#[utoipa::path(put, path = "/likes/{track_id}", responses((status = 200, body = Like)),
    params(("track_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)))]
pub async fn like(
    State(db): State<Db>,
    Owner(user): Owner,
    Path(track_id): Path<String>,
    write: Write<()>,
) -> Result<Response, Early> {
    if !is_id(&track_id) {
        return Err(Problem::parameter("track_id", "is not an id (1 to 64 of A-Z a-z 0-9 _ -)").into());
    }
    let mut tx = write.begin(&db, &user).await?;
    let like = sqlx::query_as::<_, Like>(
        "INSERT INTO likes (user_id, track_id, liked_at) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET liked_at = liked_at RETURNING track_id, liked_at",
    )
    .bind(&user)
    .bind(&track_id)
    .bind(Time::now())
    .fetch_one(&mut *tx)
    .await?;
    let outcome = Outcome::ok(&like)?;
    tx.commit(outcome).await
}

/// Takes a like back; doing so again changes nothing.
#[utoipa::path(delete, path = "/likes/{track_id}", responses((status = 204)),
    params(("track_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)))]
pub async fn unlike(
    State(db): State<Db>,
    Owner(user): Owner,
    Path(track_id): Path<String>,
    write: Write<()>,
) -> Result<Response, Early> {
    let mut tx = write.begin(&db, &user).await?;
    sqlx::query("DELETE FROM likes WHERE user_id = ? AND track_id = ?")
        .bind(&user)
        .bind(&track_id)
        .execute(&mut *tx)
        .await?;
    tx.commit(Outcome::no_content()).await
}

//! Where somebody left off.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use rest::{Caching, Collection, Cursor, Db, Fields, Limit, Page, Problem, Query, Time, cached};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::caller::Actor;

pub fn routes() -> Router<Db> {
    cached(Router::new().route("/me/recent", get(list)), Caching::Private)
}

#[derive(Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct RecentPlay {
    #[schema(example = "tr-1")]
    track_id: String,
    played_at: Time,
    /// How much of it was heard that time, in milliseconds.
    ms_played: i64,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// How many, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit<20, 100>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    fields: Fields<RecentPlay>,
}

const NEWEST: &str = "recent plays";

/// The caller's tracks, each once, last played first.
#[utoipa::path(get, path = "/me/recent", params(Which), responses((status = 200, body = Collection<RecentPlay>)))]
pub async fn list(
    State(db): State<Db>,
    Actor(user): Actor,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let after: Option<(Time, String)> = which.after.as_ref().map(|after| after.keys(NEWEST)).transpose()?;
    let (played_at, track_id) = after.unzip();
    let found = sqlx::query_as::<_, RecentPlay>(
        "SELECT track_id, played_at, ms_played FROM recent_plays
         WHERE user_id = ?1 AND (?2 IS NULL OR (played_at, track_id) < (?2, ?3))
         ORDER BY played_at DESC, track_id DESC LIMIT ?4",
    )
    .bind(&user)
    .bind(played_at)
    .bind(track_id)
    .bind(which.limit.and_one())
    .fetch_all(db.reads())
    .await?;
    Page::of(found, which.limit.get(), |row| Cursor::new(NEWEST, (&row.played_at, &row.track_id)))
        .answer(&which.fields)
}

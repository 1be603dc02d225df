//! What is played most of late.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use rest::{Caching, Collection, Db, Fields, Limit, Problem, Query, cached, rows};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub fn routes() -> Router<Db> {
    cached(Router::new().route("/trending", get(list)), Caching::Public(Duration::from_secs(60)))
}

#[derive(Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct Trend {
    /// From 1.
    rank: i64,
    #[schema(example = "tr-1")]
    track_id: String,
    /// Plays within the window.
    plays: i64,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Top {
    /// How many, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit<20, 100>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    fields: Fields<Trend>,
}

/// The tracks played most in the last seven days, a play of the last day weighing seven times one of the first.
/// The window ends with the newest play, so that the answer depends on what was played and not on when it is asked.
#[utoipa::path(get, path = "/trending", params(Top), responses((status = 200, body = Collection<Trend>)))]
pub async fn list(State(db): State<Db>, Query(top): Query<Top>) -> Result<Response, Problem> {
    let found = sqlx::query_as::<_, Trend>(
        "WITH newest (day) AS (SELECT max(day) FROM plays_per_day)
         SELECT row_number() OVER (ORDER BY sum(plays * weight) DESC, track_id) AS rank, track_id, sum(plays) AS plays
         FROM (
             SELECT track_id, plays, 7 - (newest.day - p.day) AS weight
             FROM newest JOIN plays_per_day AS p ON p.day > newest.day - 7)
         GROUP BY track_id ORDER BY rank LIMIT ?",
    )
    .bind(top.limit.get())
    .fetch_all(db.reads())
    .await?;
    rows(&found, &top.fields)
}

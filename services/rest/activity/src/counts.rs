//! How often tracks were played.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use rest::{Caching, Collection, Db, Fields, Ids, Problem, Query, cached, rows};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub fn routes() -> Router<Db> {
    cached(Router::new().route("/play-counts", get(of_tracks)), Caching::Public(Duration::from_secs(10)))
}

#[derive(Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct PlayCount {
    #[schema(example = "tr-1")]
    track_id: String,
    plays: i64,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Of {
    /// Comma-separated, at most 200.
    #[param(value_type = String, example = "tr-1,tr-2")]
    track_ids: Ids,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    fields: Fields<PlayCount>,
}

/// How often each of these tracks was played, ever. A track nobody played has 0.
#[utoipa::path(get, path = "/play-counts", params(Of), responses((status = 200, body = Collection<PlayCount>)))]
pub async fn of_tracks(State(db): State<Db>, Query(of): Query<Of>) -> Result<Response, Problem> {
    let found = sqlx::query_as::<_, PlayCount>(
        "SELECT asked.value AS track_id, coalesce(earlier + counted, 0) AS plays
         FROM json_each(?) AS asked LEFT JOIN play_counts ON play_counts.track_id = asked.value",
    )
    .bind(of.track_ids.to_json())
    .fetch_all(db.reads())
    .await?;
    rows(&found, &of.fields)
}

//! What happens to tracks as it happens.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use rest::{Db, Ids, LastEventId, Problem, Query, stream_events};
use serde::Deserialize;
use utoipa::IntoParams;

/// How many tracks one connection may watch.
const MOST_WATCHED: usize = 50;

pub fn routes() -> Router<Db> {
    Router::new().route("/events", get(stream))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Watch {
    /// Comma-separated, at most 50.
    #[param(value_type = String, example = "tr-1")]
    track_ids: Ids,
}

/// Server-sent events `play` with `{"track_id"}` and `comment` with `{"track_id", "comment_id"}`: ids only, counts and
/// comments are read as always. `Last-Event-ID` resumes; `reset` says that something was missed.
#[utoipa::path(get, path = "/events", params(Watch, ("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, description = "A stream of events", content_type = "text/event-stream")))]
pub async fn stream(
    State(db): State<Db>,
    last: LastEventId,
    Query(watch): Query<Watch>,
) -> Result<Response, Problem> {
    if !(1..=MOST_WATCHED).contains(&watch.track_ids.len()) {
        return Err(Problem::parameter("track_ids", format!("must list 1 to {MOST_WATCHED} tracks")));
    }
    stream_events(&db, watch.track_ids.to_vec(), last).await
}

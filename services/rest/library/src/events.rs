//! Changes of playlists as they happen.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use rest::{Db, Ids, Known, LastEventId, Problem, Query, stream_events};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::caller::Reader;
use crate::playlists::readable;

/// How many playlists one connection may watch.
const MOST_WATCHED: usize = 50;

pub fn routes() -> Router<Db> {
    Router::new().route("/events", get(stream))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Watch {
    /// Comma-separated, at most 50; all of them must be readable by the caller, if it is a user.
    #[param(value_type = String, example = "pl-1")]
    playlist_ids: Ids,
}

/// Server-sent events `playlist` with `{"playlist_id", "version"}`: ids only, the rows are read as always. A playlist
/// that is then no longer there was deleted. `Last-Event-ID` resumes; `reset` says that something was missed.
///
/// A user may watch what they may read. A service that follows for many of them asks as itself, and may watch
/// everything: before it passes an event on, it asks as that user whether the playlist may be read. Nobody else may.
#[utoipa::path(get, path = "/events", params(Watch, ("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, description = "A stream of events", content_type = "text/event-stream")))]
pub async fn stream(
    State(db): State<Db>,
    Known(caller): Known,
    reader: Reader,
    last: LastEventId,
    Query(watch): Query<Watch>,
) -> Result<Response, Problem> {
    let ids = watch.playlist_ids;
    if !(1..=MOST_WATCHED).contains(&ids.len()) {
        return Err(Problem::parameter("playlist_ids", format!("must list 1 to {MOST_WATCHED} playlists")));
    }
    if caller.is_signed_in() {
        let mut connection = db.reads().acquire().await?;
        for id in ids.iter() {
            readable(&mut connection, &reader, id).await?;
        }
    }
    stream_events(&db, ids.to_vec(), last).await
}

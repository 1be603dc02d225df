//! What people do: plays counted once each, trends, where somebody left off, timed comments, and all of it live.
//!
//! Counts and comments are everybody's to read. Reporting plays and commenting takes a token with the scope `activity`.
//! Tracks are ids of the catalogue, which this service never asks.

mod caller;
mod comments;
mod counts;
mod events;
mod import;
mod plays;
mod recent;
mod trending;

use axum::Router;
use rest::{BoxError, Context, Service};
use sqlx::migrate::Migrator;
use utoipa::OpenApi;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The service's declaration; `main` and the tests start here.
pub fn service() -> Service {
    Service::new("activity", include_str!("../activity.toml"), &MIGRATIONS, Document::openapi, routes)
        .import::<import::Lines>()
}

#[derive(OpenApi)]
#[openapi(
    info(title = "activity", description = "Plays, counts, trends and timed comments."),
    paths(
        plays::report,
        counts::of_tracks,
        trending::list,
        recent::list,
        comments::list,
        comments::counts,
        comments::create,
        comments::change,
        comments::delete,
        events::stream,
    )
)]
struct Document;

async fn routes(context: Context) -> Result<Router, BoxError> {
    let routes = plays::routes()
        .merge(counts::routes())
        .merge(trending::routes())
        .merge(recent::routes())
        .merge(comments::routes())
        .merge(events::routes());
    Ok(routes.with_state(context.db))
}

//! What people keep: playlists and their entries, liked tracks, followed artists.
//!
//! Everything here is somebody's own. A token says whose, and must carry the scope `library`; a public playlist is the
//! only thing that others may read. Tracks and artists are ids of the catalogue, which this service never asks.

mod caller;
mod entries;
mod events;
mod follows;
mod import;
mod likes;
mod playlists;

use axum::Router;
use rest::{BoxError, Caching, Context, Service, cached};
use sqlx::migrate::Migrator;
use utoipa::OpenApi;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The service's declaration; `main` and the tests start here.
pub fn service() -> Service {
    Service::new("library", include_str!("../library.toml"), &MIGRATIONS, Document::openapi, routes)
        .import::<import::Lines>()
}

#[derive(OpenApi)]
#[openapi(
    info(title = "library", description = "Playlists, liked tracks and followed artists, per user."),
    paths(
        playlists::list,
        playlists::one,
        playlists::create,
        playlists::change,
        playlists::delete,
        entries::list,
        entries::append,
        entries::shift,
        entries::remove,
        likes::list,
        likes::counts,
        likes::like,
        likes::unlike,
        follows::list,
        follows::counts,
        follows::follow,
        follows::unfollow,
        events::stream,
    )
)]
struct Document;

async fn routes(context: Context) -> Result<Router, BoxError> {
    let own = playlists::routes().merge(entries::routes()).merge(likes::routes()).merge(follows::routes());
    let routes = cached(own, Caching::Private)
        .merge(likes::public_routes())
        .merge(follows::public_routes())
        .merge(events::routes());
    Ok(routes.with_state(context.db))
}

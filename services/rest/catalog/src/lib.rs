//! The catalogue: artists, albums, tracks, genres, charts, full-text search and artwork. Public, and read-only but for
//! imports.

mod albums;
mod artists;
mod artwork;
mod charts;
mod derived;
mod genres;
mod import;
mod listing;
mod search;
mod terms;
mod tracks;

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use rest::{Caching, Context, Durability, Service, cached};
use utoipa::OpenApi;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Imports are rare: an hour-old row is as good as a fresh one.
const ROWS: Caching = Caching::Public(Duration::from_secs(3600));
/// Artwork is a function of its URL.
const ARTWORK: Caching = Caching::Immutable(Duration::from_secs(365 * 24 * 3600));

#[derive(OpenApi)]
#[openapi(
    info(title = "catalog", description = "Artists, albums, tracks, genres, charts, search, artwork."),
    paths(
        artists::list,
        artists::one,
        albums::list,
        albums::one,
        tracks::list,
        tracks::one,
        genres::list,
        charts::list,
        charts::entries,
        search::search,
        artwork::draw,
    )
)]
struct Document;

/// The service, ready to be run or tested.
pub fn service() -> Service {
    Service::new(
        "catalog",
        include_str!("../catalog.toml"),
        &MIGRATIONS,
        Document::openapi,
        |context: Context| async move {
            let rows = Router::new()
                .route("/artists", get(artists::list))
                .route("/artists/{id}", get(artists::one))
                .route("/albums", get(albums::list))
                .route("/albums/{id}", get(albums::one))
                .route("/tracks", get(tracks::list))
                .route("/tracks/{id}", get(tracks::one))
                .route("/genres", get(genres::list))
                .route("/charts", get(charts::list))
                .route("/chart-entries", get(charts::entries))
                .route("/search", get(search::search))
                .with_state(context.db);
            let artwork = Router::new().route("/artwork/{id}", get(artwork::draw));
            Ok(cached(rows, ROWS).merge(cached(artwork, ARTWORK)))
        },
    )
    .durability(Durability::ProcessCrash)
    .import::<import::CatalogImport>()
}

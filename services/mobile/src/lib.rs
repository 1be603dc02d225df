//! The backend for the phone app: screens as queries, small payloads, labels ready to be drawn.

mod actions;
mod album;
mod album_screen;
mod artist;
mod artist_screen;
mod artwork;
mod charts;
mod home_screen;
mod labels;
mod library_screen;
mod playlist;
mod playlist_screen;
mod schema;
mod search_screen;
mod session;
mod track;
mod upstreams;

use bff::Bff;
use schema::{Mutation, Query, Subscription};

/// The backend, ready to be served, tested or asked for its schema.
pub fn bff() -> Bff {
    Bff::new("mobile", include_str!("../mobile.toml"))
        .upstreams(&upstreams::ALL)
        .example(include_str!("../example.graphql"))
        .schema(Query::default(), Mutation::default(), Subscription::default())
}

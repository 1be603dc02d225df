//! The backend for the phone app: screens as queries, small payloads, labels ready to be drawn.

mod album;
mod artist;
mod artist_screen;
mod artwork;
mod labels;
mod schema;
mod session;
mod track;
mod upstreams;

use async_graphql::Schema;
use bff::Bff;

/// The backend, ready to be served, tested or asked for its schema.
pub fn bff() -> Bff {
    Bff::new("mobile", include_str!("../mobile.toml"))
        .upstreams(&upstreams::ALL)
        .example(include_str!("../example.graphql"))
        .schema(Schema::build(
            schema::Query::default(),
            async_graphql::EmptyMutation,
            async_graphql::EmptySubscription,
        ))
}

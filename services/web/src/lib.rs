//! The backend of the web clients: one linked graph, pages with what search engines want, comments and live activity.

mod activity;
mod album;
mod artist;
mod comment;
mod comment_editing;
mod genre;
mod image;
mod listening;
mod page;
mod paths;
mod playlist;
mod playlist_editing;
mod playlist_entry;
mod scalars;
mod schema;
mod search;
mod track;
mod upstreams;
mod user;
mod viewer;

use bff::{Bff, Deferrable};
use schema::{Mutation, Query, Subscription};

/// The backend as it is served, and as tests start it.
pub fn bff() -> Bff {
    Bff::new("web", include_str!("../web.toml"))
        .upstreams(&upstreams::ALL)
        .example(include_str!("../example.graphql"))
        .schema(Deferrable(Query::default()), Mutation::default(), Subscription::default())
}

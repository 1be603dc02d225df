//! The web's backend over HTTP, before fake upstreams: what it answers, and what it asks for that.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod comments;
mod contract;
mod failures;
mod graph;
mod listening;
mod live;
mod own_writes;
mod pages;
mod playlists;
mod search;
mod viewer;
mod world;

//! The library service as its callers see it: over HTTP, with real SQLite files and real tokens.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bad_input;
mod durability;
mod entries;
mod events;
mod imports;
mod likes;
mod playlists;
mod world;

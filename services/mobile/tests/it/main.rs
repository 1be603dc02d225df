//! The phone app's backend as phones see it: HTTP in, recorded upstream calls out.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod actions;
mod album_screen;
mod artist_screen;
mod caller;
mod failures;
mod growth;
mod home_screen;
mod library_screen;
mod old_apps;
mod playlist_screen;
mod schema;
mod search_screen;
mod track;
mod world;

//! The roots: each screen and each action brings its own.

pub use crate::{actions::Mutation, playlist_screen::PlaylistChanges as Subscription};

use crate::{
    album_screen::AlbumScreenRoots, artist_screen::ArtistScreenRoots, home_screen::HomeScreenRoots,
    library_screen::LibraryScreenRoots, playlist_screen::PlaylistScreenRoots,
    search_screen::SearchScreenRoots, track::TrackRoots,
};
use async_graphql::MergedObject;

/// What the app shows: one query per screen.
#[derive(MergedObject, Default)]
pub struct Query(
    HomeScreenRoots,
    ArtistScreenRoots,
    AlbumScreenRoots,
    PlaylistScreenRoots,
    SearchScreenRoots,
    LibraryScreenRoots,
    TrackRoots,
);

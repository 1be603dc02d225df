//! The roots: each screen and each action brings its own.

pub use crate::actions::Mutation;

use crate::{
    album_screen::AlbumScreenRoots,
    artist_screen::ArtistScreenRoots,
    home_screen::HomeScreenRoots,
    library_screen::LibraryScreenRoots,
    playlist_screen::{PlaylistChanges, PlaylistScreenRoots},
    search_screen::SearchScreenRoots,
    track::TrackRoots,
};
use async_graphql::{MergedObject, MergedSubscription};

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

/// What an open screen listens to.
#[derive(MergedSubscription, Default)]
pub struct Subscription(PlaylistChanges);

//! The roots: each file brings its own, and has a line here.

use crate::{
    activity::ActivityFeed,
    album::AlbumRoots,
    artist::ArtistRoots,
    comment::CommentRoots,
    comment_editing::CommentEdits,
    genre::GenreRoots,
    listening::{Listening, ListeningRoots},
    page::PageRoots,
    playlist::PlaylistRoots,
    playlist_editing::PlaylistEdits,
    search::SearchRoots,
    track::TrackRoots,
    user::UserRoots,
    viewer::{ViewerEdits, ViewerRoots},
};
use async_graphql::{MergedObject, MergedSubscription};

/// Everything a page can show. Each thing links to those it belongs to and to those that belong to it.
#[derive(MergedObject, Default)]
pub struct Query(
    PageRoots,
    SearchRoots,
    ArtistRoots,
    AlbumRoots,
    TrackRoots,
    GenreRoots,
    PlaylistRoots,
    UserRoots,
    CommentRoots,
    ListeningRoots,
    ViewerRoots,
);

/// What a visitor who is signed in can change. Each change takes an `idempotencyKey`: sent again with the same one, it
/// answers the same and happens once.
#[derive(MergedObject, Default)]
pub struct Mutation(PlaylistEdits, CommentEdits, ViewerEdits, Listening);

/// What a page can follow while it is open.
#[derive(MergedSubscription, Default)]
pub struct Subscription(ActivityFeed);

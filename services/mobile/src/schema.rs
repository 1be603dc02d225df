//! The roots: each screen and entity brings its own.

use crate::{artist_screen::ArtistScreenRoots, track::TrackRoots};
use async_graphql::MergedObject;

/// What the app shows: one query per screen.
#[derive(MergedObject, Default)]
pub struct Query(ArtistScreenRoots, TrackRoots);

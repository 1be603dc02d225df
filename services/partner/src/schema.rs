//! The schema's roots: one line for each entity's file.

use async_graphql::MergedObject;

use crate::{
    album::AlbumRoots, artist::ArtistRoots, chart::ChartRoots, genre::GenreRoots, node::NodeRoots,
    rate_limit::RateLimitRoots, track::TrackRoots,
};

/// The public catalogue.
#[derive(MergedObject, Default)]
pub struct Query(NodeRoots, ArtistRoots, AlbumRoots, TrackRoots, ChartRoots, GenreRoots, RateLimitRoots);

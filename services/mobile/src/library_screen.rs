//! The library screen: what the user keeps.

use crate::{
    artist::ArtistById, playlist::PlaylistsOf, session::signed_in, track::TrackById, upstreams::LIBRARY,
};
use async_graphql::{Context, ID, Object};
use bff::{Ask, ContextExt, First, IntoAsk, edges, entity, graphql::Only, question};

/// Everything the library screen shows.
#[entity(local)]
pub struct LibraryScreen {
    #[graphql(skip)]
    user: ID,
}

#[edges]
impl LibraryScreen {
    /// The user's playlists, the one changed last first.
    fn playlists(
        &self,
        /// How many, 1 to 50.
        #[graphql(default = 20)]
        first: First<50>,
        /// `endCursor` of the page before: the screen loads on as it is scrolled.
        after: Option<String>,
    ) -> Ask<PlaylistsOf> {
        PlaylistsOf { owner: self.user.clone(), first, after }.ask()
    }

    /// What the user likes, last liked first.
    fn liked_tracks(
        &self,
        /// How many, 1 to 100.
        #[graphql(default = 30)]
        first: First<100>,
        /// `endCursor` of the page before: the screen loads on as it is scrolled.
        after: Option<String>,
    ) -> Ask<LikedTracks> {
        LikedTracks { first, after }.ask()
    }

    /// Whom the user follows, last followed first.
    fn followed_artists(
        &self,
        /// How many, 1 to 100.
        #[graphql(default = 30)]
        first: First<100>,
        /// `endCursor` of the page before: the screen loads on as it is scrolled.
        after: Option<String>,
    ) -> Ask<FollowedArtists> {
        FollowedArtists { first, after }.ask()
    }
}

/// A line of the liked tracks.
#[entity]
pub struct LikedTrack {
    #[graphql(skip)]
    track_id: ID,
    cursor: Option<String>,
}

#[edges]
impl LikedTrack {
    /// What is liked. Null if it is not in the catalogue any more.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }
}

/// What the user likes, last liked first.
#[question(upstream = LIBRARY, get = "/likes", row = LikedTrack, connection, caller)]
pub struct LikedTracks {
    #[query("limit")]
    first: First<100>,
    after: Option<String>,
}

/// A line of the followed artists.
#[entity]
pub struct FollowedArtist {
    #[graphql(skip)]
    artist_id: ID,
    cursor: Option<String>,
}

#[edges]
impl FollowedArtist {
    /// Who is followed. Null if they are not in the catalogue any more.
    fn artist(&self) -> Ask<ArtistById> {
        ArtistById(self.artist_id.clone()).ask()
    }
}

/// Whom the user follows, last followed first.
#[question(upstream = LIBRARY, get = "/follows", row = FollowedArtist, connection, caller)]
pub struct FollowedArtists {
    #[query("limit")]
    first: First<100>,
    after: Option<String>,
}

#[derive(Default)]
pub struct LibraryScreenRoots;

#[Object]
impl LibraryScreenRoots {
    /// The library screen. Null, with the error `UNAUTHENTICATED`, when nobody is signed in.
    #[graphql(guard = "Only(signed_in)")]
    async fn library_screen(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<LibraryScreen>> {
        Ok(Some(LibraryScreen { user: ID::from(ctx.request()?.subject()?) }))
    }
}

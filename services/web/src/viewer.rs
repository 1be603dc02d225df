//! The visitor who is signed in: their account, what they keep, and keeping it.

use crate::{
    artist::{ArtistById, FollowersOf},
    playlist::PlaylistsOf,
    scalars::DateTime,
    track::{LikesOf, TrackById},
    upstreams::{IDENTITY, LIBRARY},
    user::UserById,
};
use async_graphql::{Context, ID, InputObject, Object};
use bff::{
    Ask, ContextExt, Fault, First, IntoAsk, RequestContext, edges, entity, fanout::UrlBuilder, question,
    upstream::write::Write,
};

/// The visitor, as they see themselves.
#[entity]
pub struct Viewer {
    /// Also their profile's.
    pub id: ID,
    /// Where letters go.
    email: String,
    /// The language they read, as BCP 47.
    locale: String,
    /// What they pay for: `free`, `premium` or `family`.
    plan: String,
}

#[edges]
impl Viewer {
    /// Their profile, as others see it.
    fn user(&self) -> Ask<UserById> {
        UserById(self.id.clone()).ask()
    }

    /// Their playlists, latest changed first.
    fn playlists(
        &self,
        /// How many, 1 to 50.
        #[graphql(default = First::new(20))]
        first: First<50>,
        /// A cursor to go on behind.
        after: Option<String>,
    ) -> Ask<PlaylistsOf> {
        PlaylistsOf { owner: self.id.clone(), first, after }.ask()
    }

    /// The tracks they like, latest first.
    fn liked_tracks(
        &self,
        /// How many, 1 to 100.
        #[graphql(default = First::new(50))]
        first: First,
        /// A cursor to go on behind.
        after: Option<String>,
    ) -> Ask<LikedTracks> {
        LikedTracks { first, after }.ask()
    }

    /// The artists they follow, latest first.
    fn followed_artists(
        &self,
        /// How many, 1 to 100.
        #[graphql(default = First::new(50))]
        first: First,
        /// A cursor to go on behind.
        after: Option<String>,
    ) -> Ask<FollowedArtists> {
        FollowedArtists { first, after }.ask()
    }
}

/// The caller's own account.
#[question(upstream = IDENTITY, get = "/me", row = Viewer, single, all_fields, caller)]
pub struct Me;

/// A track that the visitor likes.
#[entity]
pub struct LikedTrack {
    #[graphql(skip)]
    track_id: ID,
    /// When they began to.
    liked_at: DateTime,
    cursor: Option<String>,
}

#[edges]
impl LikedTrack {
    /// What they like; null if it left the catalogue.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }
}

/// The tracks the caller likes, latest first.
#[question(upstream = LIBRARY, get = "/likes", row = LikedTrack, connection, caller)]
pub struct LikedTracks {
    #[query("limit")]
    first: First,
    after: Option<String>,
}

/// An artist whom the visitor follows.
#[entity]
pub struct FollowedArtist {
    #[graphql(skip)]
    artist_id: ID,
    /// When they began to.
    followed_at: DateTime,
    cursor: Option<String>,
}

#[edges]
impl FollowedArtist {
    /// Whom they follow; null if they left the catalogue.
    fn artist(&self) -> Ask<ArtistById> {
        ArtistById(self.artist_id.clone()).ask()
    }
}

/// The artists the caller follows, latest first.
#[question(upstream = LIBRARY, get = "/follows", row = FollowedArtist, connection, caller)]
pub struct FollowedArtists {
    #[query("limit")]
    first: First,
    after: Option<String>,
}

#[derive(Default)]
pub struct ViewerRoots;

#[Object]
impl ViewerRoots {
    /// The visitor; null if they are not signed in.
    async fn viewer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Ask<Me>>> {
        Ok(ctx.request()?.caller().subject().map(|_| Me.ask()))
    }
}

/// For what only somebody can do.
pub fn signed_in(request: &RequestContext) -> Result<(), Fault> {
    request.subject().map(|_| ())
}

/// A track to like, or not any more.
#[derive(InputObject)]
pub struct LikeTrackInput {
    /// Chosen by the client for this change, 1 to 128 visible characters.
    idempotency_key: String,
    /// Which track.
    track_id: ID,
    /// Whether to like it from now on.
    liked: bool,
}

/// What came of it.
#[entity(local)]
pub struct LikeTrackPayload {
    #[graphql(skip)]
    track_id: ID,
}

#[edges]
impl LikeTrackPayload {
    /// The track, as it is now.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }
}

/// An artist to follow, or not any more.
#[derive(InputObject)]
pub struct FollowArtistInput {
    /// Chosen by the client for this change, 1 to 128 visible characters.
    idempotency_key: String,
    /// Which artist.
    artist_id: ID,
    /// Whether to follow them from now on.
    followed: bool,
}

/// What came of it.
#[entity(local)]
pub struct FollowArtistPayload {
    #[graphql(skip)]
    artist_id: ID,
}

#[edges]
impl FollowArtistPayload {
    /// The artist, as they are now.
    fn artist(&self) -> Ask<ArtistById> {
        ArtistById(self.artist_id.clone()).ask()
    }
}

#[derive(Default)]
pub struct ViewerEdits;

#[Object]
impl ViewerEdits {
    /// Likes a track, or stops liking it.
    #[graphql(guard = "bff::graphql::Only(signed_in)")]
    async fn like_track(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which track, and whether to like it.")] input: LikeTrackInput,
    ) -> async_graphql::Result<LikeTrackPayload> {
        let likes = LikesOf(input.track_id.clone());
        let write = keep(ctx, "/likes/", &input.track_id, input.liked, input.idempotency_key)?;
        write.makes_stale(&likes).send_and_forget().await?.done()?;
        Ok(LikeTrackPayload { track_id: input.track_id })
    }

    /// Follows an artist, or stops following them.
    #[graphql(guard = "bff::graphql::Only(signed_in)")]
    async fn follow_artist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which artist, and whether to follow them.")] input: FollowArtistInput,
    ) -> async_graphql::Result<FollowArtistPayload> {
        let followers = FollowersOf(input.artist_id.clone());
        let write = keep(ctx, "/follows/", &input.artist_id, input.followed, input.idempotency_key)?;
        write.makes_stale(&followers).send_and_forget().await?.done()?;
        Ok(FollowArtistPayload { artist_id: input.artist_id })
    }
}

/// Puts a thing into the caller's library, or takes it out.
fn keep(ctx: &Context<'_>, folder: &str, id: &ID, keep: bool, key: String) -> Result<Write, Fault> {
    let mut path = String::new();
    let mut url = UrlBuilder::new(&mut path);
    url.text(folder);
    url.segment(id);
    let write = ctx.write(&LIBRARY)?.idempotency_key(key);
    Ok(if keep { write.put(path) } else { write.delete(path) })
}

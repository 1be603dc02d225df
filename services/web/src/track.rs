//! Tracks: where they belong, how they are loved, and what was said about which moment.

use crate::{
    album::AlbumById,
    artist::ArtistById,
    comment::{CommentOrder, CommentsOn},
    genre::GenreById,
    image::Image,
    paths::Kind,
    scalars::Count,
    upstreams::{ACTIVITY, CATALOG, LIBRARY},
};
use async_graphql::{ID, Object};
use bff::{Ask, AskEach, First, Have, IntoAsk, RequestContext, Then, Told, edges, entity, question};

/// A recording as it appears on one album.
#[entity]
pub struct Track {
    /// Finds it again, such as `tr-1`.
    pub id: ID,
    /// As it stands on the album.
    pub title: String,
    /// Which disc of the album it is on, from 1.
    pub disc: i64,
    /// Where on the disc, from 1.
    pub position: i64,
    /// How long it plays, in milliseconds.
    pub duration_ms: i64,
    /// Not for children.
    pub explicit: bool,
    #[graphql(skip)]
    pub artist_id: ID,
    /// Whose it is: where a link is not needed.
    pub artist_name: String,
    #[graphql(skip)]
    pub album_id: ID,
    /// What it is on: where a link is not needed.
    pub album_title: String,
    #[graphql(skip)]
    #[serde(default)]
    genre_id: Option<ID>,
    cursor: Option<String>,
}

impl Track {
    pub fn cover(&self) -> Image {
        Image::of(&self.album_id, format!("Cover of {} by {}", self.album_title, self.artist_name))
    }
}

#[edges]
impl Track {
    /// Its canonical path on the site.
    pub fn path(&self) -> String {
        Kind::Track.path(&self.id, &self.title)
    }

    /// The cover of its album.
    fn image(&self) -> Have<Image> {
        Have::one(self.cover())
    }

    /// Whose it is.
    fn artist(&self) -> Ask<ArtistById> {
        ArtistById(self.artist_id.clone()).ask()
    }

    /// What it is on.
    fn album(&self) -> Ask<AlbumById> {
        AlbumById(self.album_id.clone()).ask()
    }

    /// The genres of its album, the most fitting first.
    #[graphql(tag = "items:3")]
    fn genres(&self) -> Then<Ask<AlbumById>, AskEach<GenreById>> {
        AlbumById(self.album_id.clone()).ask().then(|albums, _| {
            AskEach::of(albums.iter().flat_map(|album| &album.genre_ids).cloned().map(GenreById))
        })
    }

    /// How often it was played, ever.
    fn play_count(&self) -> Told<PlaysOf, Option<Count>> {
        PlaysOf(self.id.clone()).ask().tell(|rows, _| Some(rows.first()?.plays))
    }

    /// How many people like it.
    fn like_count(&self) -> Told<LikesOf, Option<Count>> {
        LikesOf(self.id.clone()).ask().tell(|rows, _| Some(rows.first()?.likes))
    }

    /// Whether the visitor likes it; null for visitors who are not signed in.
    fn viewer_likes(&self, request: &RequestContext) -> Option<Told<LikeOf, bool>> {
        request.caller().subject()?;
        Some(LikeOf(self.id.clone()).ask().tell(|rows, _| !rows.is_empty()))
    }

    /// How many comments it has.
    fn comment_count(&self) -> Told<CommentCountOf, Option<Count>> {
        CommentCountOf(self.id.clone()).ask().tell(|rows, _| Some(rows.first()?.comments))
    }

    /// What people said about its moments.
    fn comments(
        &self,
        /// Which come first.
        #[graphql(default = CommentOrder::Newest)]
        order: CommentOrder,
        /// How many, 1 to 50.
        #[graphql(default = First::new(20))]
        first: First<50>,
        /// A cursor to go on behind, of the same order.
        after: Option<String>,
    ) -> Ask<CommentsOn> {
        CommentsOn { track: self.id.clone(), order, first, after }.ask()
    }
}

/// A track, by id.
#[question(upstream = CATALOG, get = "/tracks", key = "ids", row = Track, by = id, public)]
pub struct TrackById(pub ID);

/// The tracks of an album, as they are played.
#[question(upstream = CATALOG, get = "/tracks", row = Track, by = album_id, connection, public)]
pub struct TracksOn {
    #[key("album_ids")]
    pub album: ID,
    #[query("limit")]
    pub first: First,
    pub after: Option<String>,
}

/// The tracks of an artist, most popular first.
#[question(upstream = CATALOG, get = "/tracks", row = Track, by = artist_id, connection, public)]
pub struct TracksBy {
    #[key("artist_ids")]
    pub artist: ID,
    #[query("limit")]
    pub first: First,
    pub after: Option<String>,
}

/// The tracks of a genre, most popular first.
#[question(upstream = CATALOG, get = "/tracks", row = Track, by = genre_id, connection, public)]
pub struct TracksIn {
    #[key("genre_ids")]
    pub genre: ID,
    #[query("limit")]
    pub first: First,
    pub after: Option<String>,
}

/// How often a track was played: never shown as it is.
#[entity]
pub struct Plays {
    track_id: ID,
    pub plays: Count,
}

/// How often a track was played.
#[question(upstream = ACTIVITY, get = "/play-counts", key = "track_ids", row = Plays, by = track_id, public)]
pub struct PlaysOf(pub ID);

/// How many like a track: never shown as it is.
#[entity]
pub struct Likes {
    track_id: ID,
    likes: Count,
}

/// How many like a track.
#[question(upstream = LIBRARY, get = "/like-counts", key = "track_ids", row = Likes, by = track_id, public)]
pub struct LikesOf(pub ID);

/// That the visitor likes a track: never shown as it is.
#[entity]
pub struct Like {
    track_id: ID,
}

/// Whether the visitor likes a track.
#[question(upstream = LIBRARY, get = "/likes", key = "track_ids", row = Like, by = track_id, caller)]
pub struct LikeOf(ID);

/// How many comments a track has: never shown as it is.
#[entity]
pub struct CommentCount {
    track_id: ID,
    comments: Count,
}

/// How many comments a track has.
#[question(upstream = ACTIVITY, get = "/comment-counts", key = "track_ids", row = CommentCount, by = track_id, public)]
pub struct CommentCountOf(pub ID);

#[derive(Default)]
pub struct TrackRoots;

#[Object]
impl TrackRoots {
    /// A track; null if there is none with this id.
    async fn track(&self, #[graphql(desc = "Such as `tr-1`.")] id: ID) -> Ask<TrackById> {
        TrackById(id).ask()
    }
}

//! A track, wherever one is shown: in a list, or in the player.

use crate::{
    artwork, labels,
    upstreams::{ACTIVITY, CATALOG, LIBRARY},
};
use async_graphql::{ID, Object};
use bff::{Ask, First, IntoAsk, RequestContext, Told, edges, entity, question};

/// Something to play, as a row of a list or in the player shows it.
#[entity]
pub struct Track {
    /// Hand it to the player, and to `setLiked`, `addToPlaylist` and `reportPlays`.
    pub id: ID,
    /// Its name, in the script it was published in.
    title: String,
    /// Whom to show below the title.
    artist_name: String,
    /// Opens `artistScreen`.
    artist_id: ID,
    /// The album it is on.
    album_title: String,
    /// Opens `albumScreen`.
    album_id: ID,
    /// Show the "E" badge.
    explicit: bool,
    #[graphql(skip)]
    duration_ms: u64,
}

#[edges]
impl Track {
    /// How long it plays: `3:45`.
    fn duration_label(&self) -> String {
        labels::playing_time(self.duration_ms)
    }

    /// How often it was played, ever, in the user's language: `1.2M`. Null while counts cannot be had.
    fn play_count_label(&self) -> Told<PlayCountOf, Option<String>> {
        PlayCountOf(self.id.clone())
            .ask()
            .or([])
            .tell(|counts, request| counts.first().map(|count| labels::count(count.plays, &request.locale)))
    }

    /// The URL of its cover: a square picture, at least as wide as asked.
    fn artwork(
        &self,
        request: &RequestContext,
        /// How wide it is shown, in points.
        width: i32,
        /// Pixels per point of this screen.
        #[graphql(default = 1.0)]
        dpr: f64,
    ) -> String {
        artwork::url(&self.album_id, width, dpr, request)
    }

    /// The user likes it. Null when nobody is signed in.
    fn liked(&self, request: &RequestContext) -> Option<Told<LikeOf, bool>> {
        request.caller().subject()?;
        Some(LikeOf(self.id.clone()).ask().tell(|likes, _| !likes.is_empty()))
    }
}

/// A track, by id.
#[question(upstream = CATALOG, get = "/tracks", key = "ids", row = Track, by = id, public)]
pub struct TrackById(pub ID);

/// What is on an album, in order.
#[question(upstream = CATALOG, get = "/tracks", row = Track, by = album_id, many, public)]
pub struct TracksOn {
    #[key("album_ids")]
    pub album: ID,
    pub limit: u32,
}

/// What of an artist is played most.
#[question(upstream = CATALOG, get = "/tracks", row = Track, by = artist_id, many, public)]
pub struct TopTracksOf {
    #[key("artist_ids")]
    pub artist: ID,
    #[query("limit")]
    pub first: First<50>,
}

/// How often a track was played.
#[entity]
pub struct PlayCount {
    track_id: ID,
    plays: u64,
}

/// How often a track was played, ever.
#[question(upstream = ACTIVITY, get = "/play-counts", key = "track_ids", row = PlayCount, by = track_id, public)]
pub struct PlayCountOf(pub ID);

/// That the user likes a track.
#[entity]
pub struct Like {
    track_id: ID,
}

/// Whether the user likes a track: there is a row, or there is none.
#[question(upstream = LIBRARY, get = "/likes", key = "track_ids", row = Like, by = track_id, caller)]
pub struct LikeOf(ID);

#[derive(Default)]
pub struct TrackRoots;

#[Object]
impl TrackRoots {
    /// One track: for a shared link, or a push message. Null if there is none of that id (any more).
    async fn track(&self, id: ID) -> Ask<TrackById> {
        TrackById(id).ask()
    }
}

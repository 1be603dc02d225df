//! The artist screen: a header, the best known tracks, releases, and who else might please.

use crate::{
    album::ReleasesOf,
    artist::{FollowOf, RelatedTo, followed},
    artwork, labels,
    track::TopTracksOf,
    upstreams::{CATALOG, LIBRARY},
};
use async_graphql::{ID, Object};
use bff::{Ask, First, IntoAsk, RequestContext, Told, edges, entity, question};

/// Everything the artist screen shows.
#[entity]
pub struct ArtistScreen {
    /// For `setFollowed`.
    id: ID,
    /// The title, as the artist writes it.
    name: String,
    /// A few sentences below the header; null if nobody wrote any.
    bio: Option<String>,
    #[graphql(skip)]
    monthly_listeners: u64,
}

#[edges]
impl ArtistScreen {
    /// The URL of the header's picture: square, at least as wide as asked.
    fn artwork(
        &self,
        request: &RequestContext,
        /// How wide it is shown, in points.
        width: i32,
        /// Pixels per point of this screen.
        #[graphql(default = 1.0)]
        dpr: f64,
    ) -> String {
        artwork::url(&self.id, width, dpr, request)
    }

    /// How many people listened in the last month, in the user's language: `48K`.
    fn monthly_listeners_label(&self, request: &RequestContext) -> String {
        labels::count(self.monthly_listeners, &request.locale)
    }

    /// How many users follow them, in the user's language: `1.2K`. Null while counts cannot be had.
    fn followers_label(&self) -> Told<FollowerCountOf, Option<String>> {
        FollowerCountOf(self.id.clone()).ask().or([]).tell(|counts, request| {
            counts.first().map(|count| labels::count(count.followers, &request.locale))
        })
    }

    /// The state of the follow button. Null when nobody is signed in.
    fn followed(&self, request: &RequestContext) -> Option<Told<FollowOf, bool>> {
        followed(&self.id, request)
    }

    /// The best known tracks, the best known one first.
    fn top_tracks(
        &self,
        /// How many, 1 to 50.
        #[graphql(default = 5)]
        first: First<50>,
    ) -> Ask<TopTracksOf> {
        TopTracksOf { artist: self.id.clone(), first }.ask()
    }

    /// Albums, singles and EPs, newest first.
    fn releases(
        &self,
        /// How many, 1 to 50.
        #[graphql(default = 10)]
        first: First<50>,
        /// `endCursor` of the page before: the screen loads on as it is scrolled.
        after: Option<String>,
    ) -> Ask<ReleasesOf> {
        ReleasesOf { artist: self.id.clone(), first, after }.ask()
    }

    /// Others who play the like.
    fn fans_also_like(
        &self,
        /// How many, 1 to 20.
        #[graphql(default = 10)]
        first: First<20>,
    ) -> Ask<RelatedTo> {
        RelatedTo { artist: self.id.clone(), first }.ask().or([])
    }
}

/// An artist with all that its screen's header shows.
#[question(upstream = CATALOG, get = "/artists", key = "ids", row = ArtistScreen, by = id, public)]
pub struct ArtistScreenOf(ID);

/// How many users follow an artist.
#[entity]
pub struct FollowerCount {
    artist_id: ID,
    followers: u64,
}

/// How many users follow an artist.
#[question(upstream = LIBRARY, get = "/follower-counts", key = "artist_ids", row = FollowerCount, by = artist_id, public)]
pub struct FollowerCountOf(pub ID);

#[derive(Default)]
pub struct ArtistScreenRoots;

#[Object]
impl ArtistScreenRoots {
    /// The artist screen. Null if there is no artist of that id (any more).
    async fn artist_screen(&self, id: ID) -> Ask<ArtistScreenOf> {
        ArtistScreenOf(id).ask()
    }
}

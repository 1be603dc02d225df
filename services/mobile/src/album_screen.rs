//! The album screen: cover, tracks, and more by the same artist.

use crate::{
    album::{Album, ReleasesOf, year},
    artwork, labels,
    track::TracksOn,
    upstreams::CATALOG,
};
use async_graphql::{Enum, ID, Object};
use bff::{
    Ask, First, Have, IntoAsk, Leaf, OptionalMany, RequestContext, Then, edges, entity,
    fanout::{Bubble, Out, Path},
    question,
};
use serde::Deserialize;

/// Everything the album screen shows.
#[entity]
pub struct AlbumScreen {
    /// The album.
    id: ID,
    /// The title, in the script it was published in.
    title: String,
    /// Whom to show below the title.
    artist_name: String,
    /// Opens `artistScreen`.
    artist_id: ID,
    /// What the small print calls it.
    kind: ReleaseKind,
    /// Who published it, for the small print; null if that is not known.
    label: Option<String>,
    /// How many tracks there are.
    track_count: i32,
    #[graphql(skip)]
    released_on: String,
    #[graphql(skip)]
    duration_ms: u64,
}

/// What a release is called.
#[derive(Enum, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseKind {
    /// A song or two.
    Single,
    /// A few songs.
    Ep,
    /// A whole album, or anything else.
    #[serde(other)]
    Album,
}

impl Leaf for ReleaseKind {
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let name = match self {
            Self::Single => "SINGLE",
            Self::Ep => "EP",
            Self::Album => "ALBUM",
        };
        name.put(out, path)
    }
}

/// No album has more, so the screen needs no paging.
const ALL_TRACKS: u32 = 200;

#[edges]
impl AlbumScreen {
    /// The year it came out: `1997`.
    fn year_label(&self) -> String {
        year(&self.released_on).to_owned()
    }

    /// How long it plays in all, in the user's language: `48 min`.
    fn running_time_label(&self, request: &RequestContext) -> String {
        labels::running_time(self.duration_ms, &request.locale)
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
        artwork::url(&self.id, width, dpr, request)
    }

    /// All of it, in playing order.
    fn tracks(&self) -> Ask<TracksOn> {
        TracksOn { album: self.id.clone(), limit: ALL_TRACKS }.ask()
    }

    /// Other releases of the artist, newest first.
    fn more_by_artist(
        &self,
        /// How many, 1 to 20.
        #[graphql(default = 6)]
        first: First<20>,
    ) -> Then<Ask<ReleasesOf>, Have<Album, OptionalMany>> {
        let this = self.id.clone();
        // This album may be among them: one more is asked for than is shown.
        let releases =
            ReleasesOf { artist: self.artist_id.clone(), first: First::new(first.get() + 1), after: None };
        releases.ask().then(move |pages, _| {
            let others = pages.into_iter().flat_map(|page| page.nodes()).filter(|album| album.id != this);
            Have::list(others.take(first.get() as usize).cloned().collect())
        })
    }
}

/// An album with all that its screen's header shows.
#[question(upstream = CATALOG, get = "/albums", key = "ids", row = AlbumScreen, by = id, public)]
pub struct AlbumScreenOf(ID);

#[derive(Default)]
pub struct AlbumScreenRoots;

#[Object]
impl AlbumScreenRoots {
    /// The album screen. Null if there is no album of that id (any more).
    async fn album_screen(&self, id: ID) -> Ask<AlbumScreenOf> {
        AlbumScreenOf(id).ask()
    }
}

//! Tracks: looked up, listed, of an album, of an artist.

use async_graphql::{Enum, InputObject, Object};
use bff::{
    Ask, First, IntoAsk,
    auth::HasScope,
    edges, entity,
    fanout::{self, Key, UrlBuilder},
    question,
};

use crate::{
    album::{Album, AlbumById},
    artist::{Artist, ArtistById, percent},
    chart::CHARTS,
    genre::Genre,
    global_id::{Id, Identified, Kind},
    scalars::{DateTime, Isrc},
    upstreams::CATALOG,
};

/// A recording in its place on an album.
#[entity]
pub struct Track {
    /// Unique over the whole API and forever the same: store it, and pass it to `node`.
    pub id: Id<Track>,
    /// As printed on the release.
    title: String,
    /// The recording's code. The same recording on several albums has the same code on each.
    isrc: Option<Isrc>,
    /// On which disc it is, from 1.
    #[graphql(name = "discNumber")]
    disc: i32,
    /// Its place on the disc, from 1.
    #[graphql(name = "trackNumber")]
    position: i32,
    /// How long it takes, in milliseconds.
    duration_ms: i32,
    /// Whether its words carry an advisory.
    explicit: bool,
    /// When anything of this record changed last.
    updated_at: DateTime,
    #[graphql(skip)]
    popularity: u32,
    #[graphql(skip)]
    album_id: Id<Album>,
    #[graphql(skip)]
    artist_id: Id<Artist>,
    cursor: Option<String>,
}

impl Identified for Track {
    const KIND: Kind = Kind::Track;
}

#[edges]
impl Track {
    /// How much the track is played, from 0 to 100, compared with all others; changes daily.
    fn popularity(&self) -> u32 {
        percent(self.popularity)
    }

    /// The same, from 0 to 1,000,000: it moves with every play. For partners who have licensed charts.
    #[graphql(guard = HasScope(CHARTS))]
    fn exact_popularity(&self) -> Option<u32> {
        Some(self.popularity)
    }

    /// Whose recording it is.
    fn artist(&self) -> Ask<ArtistById> {
        ArtistById(self.artist_id.clone()).ask()
    }

    /// On which album it is.
    fn album(&self) -> Ask<AlbumById> {
        AlbumById(self.album_id.clone()).ask()
    }
}

/// A track, by id.
#[question(upstream = CATALOG, get = "/tracks", key = "ids", row = Track, by = id, public)]
pub struct TrackById(pub Id<Track>);

/// The tracks of an album, as they are played.
#[question(upstream = CATALOG, get = "/tracks", row = Track, by = album_id, connection, public)]
pub struct TracksOfAlbum {
    #[key("album_ids")]
    pub album: Id<Album>,
    #[query("limit")]
    pub first: First,
    pub after: Option<String>,
}

/// An artist's tracks, most popular first.
#[question(upstream = CATALOG, get = "/tracks", row = Track, by = artist_id, connection, public)]
pub struct TracksOfArtist {
    #[key("artist_ids")]
    pub artist: Id<Artist>,
    #[query("limit")]
    pub first: First,
    pub after: Option<String>,
}

/// All tracks that pass the filters.
#[question(upstream = CATALOG, get = "/tracks?total=false", row = Track, connection, public)]
pub struct Tracks {
    #[query("limit")]
    first: First,
    after: Option<String>,
    isrc: Option<Vec<Isrc>>,
    genre: Option<Id<Genre>>,
    title: Option<String>,
    explicit: Option<bool>,
    sort: TrackOrder,
}

/// Which tracks; all conditions must hold.
#[derive(InputObject, Default)]
struct TrackFilter {
    /// With one of these codes, at most 100.
    #[graphql(validator(min_items = 1, max_items = 100))]
    isrcs: Option<Vec<Isrc>>,
    /// Of this genre, or of one below it.
    genre: Option<Id<Genre>>,
    /// Of exactly this title, in whatever case.
    #[graphql(validator(min_length = 1, max_length = 200))]
    title: Option<String>,
    /// With (true) or without (false) an advisory.
    explicit: Option<bool>,
}

/// In which order tracks are listed.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TrackOrder {
    /// Most popular first. Popularity changes while you page: for a complete copy, order by TITLE.
    Popularity,
    /// From A to Z.
    Title,
}

impl fanout::Param for TrackOrder {
    fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
        let value = match self {
            Self::Popularity => "popularity",
            Self::Title => "title",
        };
        url.value(name, Key::Text(value));
    }
}

#[derive(Default)]
pub struct TrackRoots;

#[Object]
impl TrackRoots {
    /// Tracks of the catalogue.
    async fn tracks(
        &self,
        #[graphql(desc = "How many, from 1 to 100.")] first: First,
        #[graphql(desc = "Behind this place: an `endCursor`.")] after: Option<String>,
        #[graphql(desc = "Which; all of them if left out.")] filter: Option<TrackFilter>,
        #[graphql(desc = "In which order.", default_with = "TrackOrder::Popularity")] order_by: TrackOrder,
    ) -> Ask<Tracks> {
        let TrackFilter { isrcs, genre, title, explicit } = filter.unwrap_or_default();
        Tracks { first, after, isrc: isrcs, genre, title, explicit, sort: order_by }.ask()
    }
}

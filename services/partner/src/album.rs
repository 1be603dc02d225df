//! Albums, singles and EPs: looked up, listed, of an artist.

use async_graphql::{Enum, InputObject, Object};
use bff::{
    Ask, AskEach, First, Have, IntoAsk, Leaf, Many, RequestContext,
    auth::HasScope,
    edges, entity,
    fanout::{self, Bubble, Key, Out, Path, UrlBuilder},
    question,
};
use serde::Deserialize;

use crate::{
    artist::{Artist, ArtistById, percent},
    chart::CHARTS,
    genre::{Genre, GenreById},
    global_id::{Id, Identified, Kind},
    image::{Image, images},
    scalars::{Date, DateTime, Upc, known},
    track::TracksOfAlbum,
    upstreams::CATALOG,
};

/// A release: recordings in an order, under one code.
#[entity]
pub struct Album {
    /// Unique over the whole API and forever the same: store it, and pass it to `node`.
    pub id: Id<Album>,
    /// As printed on the release.
    title: String,
    /// How it was released; null for a type that this API has no name for yet.
    #[graphql(name = "type")]
    #[serde(default, deserialize_with = "known")]
    kind: Option<AlbumType>,
    /// The release's code.
    upc: Option<Upc>,
    /// The label that released it.
    label: Option<String>,
    /// The day of its first release.
    released_on: Date,
    /// How many tracks it has, over all discs.
    track_count: i32,
    /// How long all tracks take together, in milliseconds.
    duration_ms: i32,
    /// When anything of this record changed last.
    updated_at: DateTime,
    #[graphql(skip)]
    popularity: u32,
    #[graphql(skip)]
    artist_id: Id<Artist>,
    #[graphql(skip)]
    genre_ids: Vec<Id<Genre>>,
    cursor: Option<String>,
}

impl Identified for Album {
    const KIND: Kind = Kind::Album;
}

#[edges]
impl Album {
    /// How much the album is played, from 0 to 100, compared with all others; changes daily.
    fn popularity(&self) -> u32 {
        percent(self.popularity)
    }

    /// The same, from 0 to 1,000,000: it moves with every play. For partners who have licensed charts.
    #[graphql(guard = HasScope(CHARTS))]
    fn exact_popularity(&self) -> Option<u32> {
        Some(self.popularity)
    }

    /// Whose album it is.
    fn artist(&self) -> Ask<ArtistById> {
        ArtistById(self.artist_id.clone()).ask()
    }

    /// Covers, the largest first.
    fn images(&self, request: &RequestContext) -> Have<Image, Many> {
        Have::many(images(&self.id, request))
    }

    /// The main one first.
    fn genres(&self) -> AskEach<GenreById> {
        AskEach::of(self.genre_ids.iter().cloned().map(GenreById))
    }

    /// As they are played: by disc and number.
    fn tracks(
        &self,
        /// How many, from 1 to 100.
        first: First,
        /// Behind this place: an `endCursor`.
        after: Option<String>,
    ) -> Ask<TracksOfAlbum> {
        TracksOfAlbum { album: self.id.clone(), first, after }.ask()
    }
}

/// How a release is sold.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlbumType {
    /// A full-length release.
    Album,
    /// One recording, with perhaps a few versions of it.
    Single,
    /// Longer than a single, shorter than an album.
    Ep,
}

impl Leaf for AlbumType {
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let name = match self {
            Self::Album => "ALBUM",
            Self::Single => "SINGLE",
            Self::Ep => "EP",
        };
        name.put(out, path)
    }
}

impl fanout::Param for AlbumType {
    fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
        let value = match self {
            Self::Album => "album",
            Self::Single => "single",
            Self::Ep => "ep",
        };
        url.value(name, Key::Text(value));
    }
}

/// An album, by id.
#[question(upstream = CATALOG, get = "/albums", key = "ids", row = Album, by = id, public)]
pub struct AlbumById(pub Id<Album>);

/// What an artist released, newest first.
#[question(upstream = CATALOG, get = "/albums", row = Album, by = artist_id, connection, public)]
pub struct AlbumsOfArtist {
    #[key("artist_ids")]
    pub artist: Id<Artist>,
    #[query("limit")]
    pub first: First,
    pub after: Option<String>,
    pub kind: Option<AlbumType>,
}

/// All albums that pass the filters.
#[question(upstream = CATALOG, get = "/albums?total=false", row = Album, connection, public)]
pub struct Albums {
    #[query("limit")]
    first: First,
    after: Option<String>,
    upc: Option<Vec<Upc>>,
    kind: Option<AlbumType>,
    genre: Option<Id<Genre>>,
    title: Option<String>,
    released_from: Option<Date>,
    released_to: Option<Date>,
    sort: AlbumOrder,
}

/// Which albums; all conditions must hold.
#[derive(InputObject, Default)]
struct AlbumFilter {
    /// With one of these codes, at most 100.
    #[graphql(validator(min_items = 1, max_items = 100))]
    upcs: Option<Vec<Upc>>,
    /// Of this type.
    #[graphql(name = "type")]
    kind: Option<AlbumType>,
    /// Of this genre, or of one below it.
    genre: Option<Id<Genre>>,
    /// Of exactly this title, in whatever case.
    #[graphql(validator(min_length = 1, max_length = 200))]
    title: Option<String>,
    /// Released on this day or later.
    released_from: Option<Date>,
    /// Released on this day or earlier.
    released_to: Option<Date>,
}

/// In which order albums are listed.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AlbumOrder {
    /// Latest day of release first.
    Newest,
    /// Most popular first. Popularity changes while you page: for a complete copy, order by NEWEST or TITLE.
    Popularity,
    /// From A to Z.
    Title,
}

impl fanout::Param for AlbumOrder {
    fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
        let value = match self {
            Self::Newest => "newest",
            Self::Popularity => "popularity",
            Self::Title => "title",
        };
        url.value(name, Key::Text(value));
    }
}

#[derive(Default)]
pub struct AlbumRoots;

#[Object]
impl AlbumRoots {
    /// Albums, singles and EPs of the catalogue.
    async fn albums(
        &self,
        #[graphql(desc = "How many, from 1 to 100.")] first: First,
        #[graphql(desc = "Behind this place: an `endCursor`.")] after: Option<String>,
        #[graphql(desc = "Which; all of them if left out.")] filter: Option<AlbumFilter>,
        #[graphql(desc = "In which order.", default_with = "AlbumOrder::Newest")] order_by: AlbumOrder,
    ) -> Ask<Albums> {
        let AlbumFilter { upcs, kind, genre, title, released_from, released_to } = filter.unwrap_or_default();
        Albums { first, after, upc: upcs, kind, genre, title, released_from, released_to, sort: order_by }
            .ask()
    }
}

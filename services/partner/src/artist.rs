//! Artists: looked up, listed, and what they have released.

use async_graphql::{Enum, InputObject, Object};
use bff::{
    Ask, AskEach, First, Have, IntoAsk, Many, RequestContext,
    auth::HasScope,
    edges, entity,
    fanout::{self, Key, UrlBuilder},
    question,
};

use crate::{
    album::{AlbumType, AlbumsOfArtist},
    chart::CHARTS,
    genre::{Genre, GenreById},
    global_id::{Id, Identified, Kind},
    image::{Image, images},
    scalars::{CountryCode, DateTime},
    track::TracksOfArtist,
    upstreams::CATALOG,
};

/// A person or a group that recordings are released by.
#[entity]
pub struct Artist {
    /// Unique over the whole API and forever the same: store it, and pass it to `node`.
    pub id: Id<Artist>,
    /// As credited on releases.
    name: String,
    /// By which catalogues sort: `Beatles, The`.
    sort_name: String,
    /// Where the artist comes from.
    #[graphql(name = "countryCode")]
    country: Option<CountryCode>,
    /// The year of formation, or of the first release.
    formed_year: Option<i32>,
    /// A short text in plain words, without markup.
    #[graphql(name = "biography")]
    bio: Option<String>,
    /// How many albums, singles and EPs the catalogue has.
    album_count: i32,
    /// When anything of this record changed last.
    updated_at: DateTime,
    #[graphql(skip)]
    popularity: u32,
    #[graphql(skip)]
    genre_ids: Vec<Id<Genre>>,
    cursor: Option<String>,
}

impl Identified for Artist {
    const KIND: Kind = Kind::Artist;
}

#[edges]
impl Artist {
    /// How much the artist is played, from 0 to 100, compared with all others; changes daily.
    fn popularity(&self) -> u32 {
        percent(self.popularity)
    }

    /// The same, from 0 to 1,000,000: it moves with every play. For partners who have licensed charts.
    #[graphql(guard = HasScope(CHARTS))]
    fn exact_popularity(&self) -> Option<u32> {
        Some(self.popularity)
    }

    /// Portraits, the largest first.
    fn images(&self, request: &RequestContext) -> Have<Image, Many> {
        Have::many(images(&self.id, request))
    }

    /// The main one first.
    fn genres(&self) -> AskEach<GenreById> {
        AskEach::of(self.genre_ids.iter().cloned().map(GenreById))
    }

    /// What the artist released, newest first.
    fn albums(
        &self,
        /// How many, from 1 to 100.
        first: First,
        /// Behind this place: an `endCursor`.
        after: Option<String>,
        /// Only of this type.
        #[graphql(name = "type")]
        kind: Option<AlbumType>,
    ) -> Ask<AlbumsOfArtist> {
        AlbumsOfArtist { artist: self.id.clone(), first, after, kind }.ask()
    }

    /// The artist's recordings, most popular first.
    fn tracks(
        &self,
        /// How many, from 1 to 100.
        first: First,
        /// Behind this place: an `endCursor`.
        after: Option<String>,
    ) -> Ask<TracksOfArtist> {
        TracksOfArtist { artist: self.id.clone(), first, after }.ask()
    }
}

/// The catalogue's 0 to 1,000,000 as 0 to 100: partners compare, and should not see every play move a number.
pub fn percent(popularity: u32) -> u32 {
    popularity / 10_000
}

/// An artist, by id.
#[question(upstream = CATALOG, get = "/artists", key = "ids", row = Artist, by = id, public)]
pub struct ArtistById(pub Id<Artist>);

/// All artists that pass the filters.
#[question(upstream = CATALOG, get = "/artists?total=false", row = Artist, connection, public)]
pub struct Artists {
    #[query("limit")]
    first: First,
    after: Option<String>,
    genre: Option<Id<Genre>>,
    country: Option<CountryCode>,
    name: Option<String>,
    sort: ArtistOrder,
}

/// Which artists; all conditions must hold.
#[derive(InputObject, Default)]
struct ArtistFilter {
    /// Of this genre, or of one below it.
    genre: Option<Id<Genre>>,
    /// From this country.
    country_code: Option<CountryCode>,
    /// Of exactly this name, in whatever case.
    #[graphql(validator(min_length = 1, max_length = 200))]
    name: Option<String>,
}

/// In which order artists are listed.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ArtistOrder {
    /// Most popular first. Popularity changes while you page: for a complete copy, order by NAME.
    Popularity,
    /// By sort name, from A to Z.
    Name,
}

impl fanout::Param for ArtistOrder {
    fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
        let value = match self {
            Self::Popularity => "popularity",
            Self::Name => "name",
        };
        url.value(name, Key::Text(value));
    }
}

#[derive(Default)]
pub struct ArtistRoots;

#[Object]
impl ArtistRoots {
    /// Artists of the catalogue.
    async fn artists(
        &self,
        #[graphql(desc = "How many, from 1 to 100.")] first: First,
        #[graphql(desc = "Behind this place: an `endCursor`.")] after: Option<String>,
        #[graphql(desc = "Which; all of them if left out.")] filter: Option<ArtistFilter>,
        #[graphql(desc = "In which order.", default_with = "ArtistOrder::Popularity")] order_by: ArtistOrder,
    ) -> Ask<Artists> {
        let ArtistFilter { genre, country_code, name } = filter.unwrap_or_default();
        Artists { first, after, genre, country: country_code, name, sort: order_by }.ask()
    }
}

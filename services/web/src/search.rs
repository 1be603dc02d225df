//! Search: what matches, how much of it there is, and how it could be narrowed down.

use crate::{
    album::AlbumById, artist::ArtistById, genre::GenreById, scalars::Count, track::TrackById,
    upstreams::CATALOG,
};
use async_graphql::{Enum, ID, InputObject, Object};
use bff::{
    Ask, Connection, Fault, First, Have, IntoAsk, Leaf, Maybe, Then, Told, edges, entity,
    fanout::{AsKey, Bubble, Key, Out, Paged, Path},
    question,
};
use serde::Deserialize;

/// Longer than any name; what is longer is not a search.
const LONGEST_QUERY: usize = 200;

/// What can be found.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchType {
    /// Artists.
    Artist,
    /// Albums, singles and EPs.
    Album,
    /// Tracks.
    Track,
}

impl Leaf for SearchType {
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let name = match self {
            SearchType::Artist => "ARTIST",
            SearchType::Album => "ALBUM",
            SearchType::Track => "TRACK",
        };
        name.put(out, path)
    }
}

impl AsKey for SearchType {
    fn as_key(&self) -> Key<'_> {
        Key::Text(match self {
            SearchType::Artist => "artist",
            SearchType::Album => "album",
            SearchType::Track => "track",
        })
    }
}

/// How to narrow a search down; each kind is independent of the others.
#[derive(InputObject, Clone, Debug, Default)]
pub struct SearchFilter {
    /// Only things of these kinds.
    types: Option<Vec<SearchType>>,
    /// Only in this genre or one below it.
    genre: Option<ID>,
    /// Only from the ten years that begin with this one, such as 1990.
    decade: Option<i32>,
}

/// What a search found.
#[entity(local)]
pub struct SearchResults {
    /// What was looked for.
    query: String,
    #[graphql(skip)]
    filter: SearchFilter,
    #[graphql(skip)]
    first: First<50>,
    #[graphql(skip)]
    after: Option<String>,
}

impl SearchResults {
    /// One more than is shown tells that there is more. Total and hits are the same question, so they are one call.
    fn found(&self) -> SearchFor {
        SearchFor {
            q: self.query.clone(),
            types: self.filter.types.clone(),
            genre: self.filter.genre.clone(),
            decade: self.filter.decade,
            limit: self.first.get() + 1,
            after: self.after.clone(),
        }
    }
}

#[edges]
impl SearchResults {
    /// How many things match. Counting stops at 10,000.
    fn total(&self) -> Told<SearchFor, Option<Count>> {
        self.found().ask().tell(|rows, _| Some(rows.first()?.total))
    }

    /// What matches, best first: whole names, then beginnings, then anything else.
    fn hits(&self) -> Then<Ask<SearchFor>, Have<Connection<SearchHit>, Maybe>> {
        let (first, after) = (self.first.get(), self.after.clone());
        self.found().ask().then(move |rows, _| {
            let found = rows.first().map(|found| found.items.clone());
            Have::maybe(found.map(|items| Connection::new(items, first, after.as_deref())))
        })
    }

    /// How the search could be narrowed down, and what that would leave.
    fn facets(&self) -> Then<Ask<FacetsFor>, Have<SearchFacets, Maybe>> {
        let asked = FacetsFor {
            q: self.query.clone(),
            types: self.filter.types.clone(),
            genre: self.filter.genre.clone(),
            decade: self.filter.decade,
            facets: true,
            limit: 1,
        };
        asked.ask().then(|rows, _| Have::maybe(rows.first().map(|found| found.facets.clone())))
    }
}

/// Something that matches.
#[entity]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SearchHit {
    Artist(ArtistHit),
    Album(AlbumHit),
    Track(TrackHit),
}

impl Paged for SearchHit {
    fn cursor(&self) -> &str {
        match self {
            SearchHit::Artist(hit) => hit.cursor(),
            SearchHit::Album(hit) => hit.cursor(),
            SearchHit::Track(hit) => hit.cursor(),
        }
    }
}

/// An artist that matches.
#[entity]
pub struct ArtistHit {
    /// The artist's.
    id: ID,
    cursor: String,
}

#[edges]
impl ArtistHit {
    /// Who matches.
    fn artist(&self) -> Ask<ArtistById> {
        ArtistById(self.id.clone()).ask()
    }
}

/// An album that matches.
#[entity]
pub struct AlbumHit {
    /// The album's.
    id: ID,
    cursor: String,
}

#[edges]
impl AlbumHit {
    /// What matches.
    fn album(&self) -> Ask<AlbumById> {
        AlbumById(self.id.clone()).ask()
    }
}

/// A track that matches.
#[entity]
pub struct TrackHit {
    /// The track's.
    id: ID,
    cursor: String,
}

#[edges]
impl TrackHit {
    /// What matches.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.id.clone()).ask()
    }
}

/// Ways to narrow a search down, most fruitful first. Each ignores the filter of its own kind, so that it shows the
/// alternatives.
#[entity]
pub struct SearchFacets {
    /// By what it is.
    types: Vec<TypeFacet>,
    /// By genre.
    genres: Vec<GenreFacet>,
    /// By the ten years it is from.
    decades: Vec<DecadeFacet>,
}

/// Things of one kind.
#[entity]
pub struct TypeFacet {
    /// Which kind.
    #[graphql(name = "type")]
    value: SearchType,
    /// How many match.
    count: i64,
}

/// Things of one genre.
#[entity]
pub struct GenreFacet {
    #[graphql(skip)]
    value: ID,
    /// How many match.
    count: i64,
}

#[edges]
impl GenreFacet {
    /// Which genre.
    fn genre(&self) -> Ask<GenreById> {
        GenreById(self.value.clone()).ask()
    }
}

/// Things from ten years.
#[entity]
pub struct DecadeFacet {
    #[graphql(skip)]
    value: String,
    /// How many match.
    count: i64,
}

#[edges]
impl DecadeFacet {
    /// The first of the ten years, such as 1990.
    fn decade(&self) -> Option<i32> {
        self.value.parse().ok()
    }
}

/// A page of what matches, as the catalogue tells it: never shown as it is.
#[entity]
pub struct Found {
    total: Count,
    items: Vec<SearchHit>,
}

/// A page of what matches, with the total.
#[question(upstream = CATALOG, get = "/search", row = Found, single, all_fields, public)]
pub struct SearchFor {
    q: String,
    types: Option<Vec<SearchType>>,
    genre: Option<ID>,
    decade: Option<i32>,
    limit: u32,
    after: Option<String>,
}

/// Facets, as the catalogue tells them: never shown as they are.
#[entity]
pub struct FoundFacets {
    facets: SearchFacets,
}

/// How a search could be narrowed down. Counting them costs more than a page of hits, so they are asked by themselves.
#[question(upstream = CATALOG, get = "/search", row = FoundFacets, single, all_fields, public)]
pub struct FacetsFor {
    q: String,
    types: Option<Vec<SearchType>>,
    genre: Option<ID>,
    decade: Option<i32>,
    facets: bool,
    limit: u32,
}

#[derive(Default)]
pub struct SearchRoots;

#[Object]
impl SearchRoots {
    /// Looks for artists, albums and tracks. The last word may be unfinished, accents and case do not matter.
    async fn search(
        &self,
        #[graphql(desc = "What to look for: at most 200 characters.")] query: String,
        #[graphql(desc = "How to narrow it down.")] filter: Option<SearchFilter>,
        #[graphql(desc = "How many hits, 1 to 50.", default_with = "First::new(20)")] first: First<50>,
        #[graphql(desc = "A cursor to go on behind.")] after: Option<String>,
    ) -> async_graphql::Result<SearchResults> {
        if query.chars().count() > LONGEST_QUERY {
            let message = format!("`query` has more than {LONGEST_QUERY} characters: look for less.");
            return Err(Fault::bad_input(message).into());
        }
        Ok(SearchResults { query, filter: filter.unwrap_or_default(), first, after })
    }
}

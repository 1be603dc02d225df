//! The search screen: what matches, best first, while the user types.

use crate::{album::AlbumById, artist::ArtistById, track::TrackById, upstreams::CATALOG};
use async_graphql::{Enum, ID, Object};
use bff::{
    Ask, Fault, First, IntoAsk, edges, entity,
    fanout::{AsKey, Key, Paged},
    question,
};

/// Everything the search screen shows.
#[entity(local)]
pub struct SearchScreen {
    #[graphql(skip)]
    term: String,
}

#[edges]
impl SearchScreen {
    /// What matches, best first; nothing, as long as there is no word in the term.
    fn hits(
        &self,
        /// Only these kinds: the tabs above the list. All of them, if left out.
        kinds: Option<Vec<SearchKind>>,
        /// How many, 1 to 50.
        #[graphql(default = 20)]
        first: First<50>,
        /// `endCursor` of the page before: the screen loads on as it is scrolled.
        after: Option<String>,
    ) -> Ask<Search> {
        // No kinds at all would be no list: it is taken as no wish.
        let kinds = kinds.filter(|kinds| !kinds.is_empty()).unwrap_or_else(|| SearchKind::ALL.to_vec());
        Search { term: self.term.clone(), kinds, first, after }.ask()
    }
}

/// A kind of thing to find.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SearchKind {
    /// People and bands.
    Artist,
    /// Albums, singles and EPs.
    Album,
    /// Songs.
    Track,
}

impl SearchKind {
    const ALL: [Self; 3] = [Self::Artist, Self::Album, Self::Track];
}

impl AsKey for SearchKind {
    fn as_key(&self) -> Key<'_> {
        Key::Text(match self {
            Self::Artist => "artist",
            Self::Album => "album",
            Self::Track => "track",
        })
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
            Self::Artist(hit) => &hit.cursor,
            Self::Album(hit) => &hit.cursor,
            Self::Track(hit) => &hit.cursor,
        }
    }
}

/// An artist whose name matches.
#[entity]
pub struct ArtistHit {
    #[graphql(skip)]
    id: ID,
    cursor: String,
}

#[edges]
impl ArtistHit {
    /// Who it is.
    fn artist(&self) -> Ask<ArtistById> {
        ArtistById(self.id.clone()).ask()
    }
}

/// An album whose title or artist matches.
#[entity]
pub struct AlbumHit {
    #[graphql(skip)]
    id: ID,
    cursor: String,
}

#[edges]
impl AlbumHit {
    /// Which one.
    fn album(&self) -> Ask<AlbumById> {
        AlbumById(self.id.clone()).ask()
    }
}

/// A track whose title or artist matches.
#[entity]
pub struct TrackHit {
    #[graphql(skip)]
    id: ID,
    cursor: String,
}

#[edges]
impl TrackHit {
    /// Which one.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.id.clone()).ask()
    }
}

/// What matches a term, best first.
#[question(upstream = CATALOG, get = "/search", row = SearchHit, connection, public)]
pub struct Search {
    #[query("q")]
    term: String,
    #[query("types")]
    kinds: Vec<SearchKind>,
    #[query("limit")]
    first: First<50>,
    after: Option<String>,
}

/// Nothing has a longer name, and every word costs.
const LONGEST_TERM: usize = 200;

#[derive(Default)]
pub struct SearchScreenRoots;

#[Object]
impl SearchScreenRoots {
    /// The search screen, for what was typed so far: the last word may be unfinished.
    async fn search_screen(
        &self,
        #[graphql(desc = "What was typed, at most 200 characters.")] term: String,
    ) -> async_graphql::Result<Option<SearchScreen>> {
        let length = term.chars().count();
        if length > LONGEST_TERM {
            return Err(Fault::bad_input(format!(
                "`term` is {length} characters long; the search takes at most {LONGEST_TERM}."
            ))
            .into());
        }
        Ok(Some(SearchScreen { term: term.trim().to_owned() }))
    }
}

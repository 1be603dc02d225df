//! Genres: a tree, in which each contains what is below it.

use async_graphql::Object;
use bff::{Ask, First, IntoAsk, edges, entity, question};

use crate::{
    global_id::{Id, Identified, Kind},
    upstreams::CATALOG,
};

/// A kind of music. It contains everything of the genres below it.
#[entity]
pub struct Genre {
    /// Unique over the whole API and forever the same: store it, and pass it to `node`.
    pub id: Id<Genre>,
    /// In English.
    name: String,
    /// How many artists it has.
    artist_count: i32,
    /// How many albums it has.
    album_count: i32,
    /// How many tracks it has.
    track_count: i32,
    #[graphql(skip)]
    parent_id: Option<Id<Genre>>,
    cursor: Option<String>,
}

impl Identified for Genre {
    const KIND: Kind = Kind::Genre;
}

#[edges]
impl Genre {
    /// The genre above; null at the top.
    fn parent(&self) -> Option<Ask<GenreById>> {
        self.parent_id.as_ref().map(|id| GenreById(id.clone()).ask())
    }
}

/// A genre, by id.
#[question(upstream = CATALOG, get = "/genres", key = "ids", row = Genre, by = id, public)]
pub struct GenreById(pub Id<Genre>);

/// All genres, by name.
#[question(upstream = CATALOG, get = "/genres?total=false", row = Genre, connection, public)]
pub struct Genres {
    #[query("limit")]
    first: First,
    after: Option<String>,
    top: Option<bool>,
}

#[derive(Default)]
pub struct GenreRoots;

#[Object]
impl GenreRoots {
    /// Genres by name, from A to Z.
    async fn genres(
        &self,
        #[graphql(desc = "How many, from 1 to 100.")] first: First,
        #[graphql(desc = "Behind this place: an `endCursor`.")] after: Option<String>,
        #[graphql(desc = "Only those without (true) or with (false) a genre above.")] top: Option<bool>,
    ) -> Ask<Genres> {
        Genres { first, after, top }.ask()
    }
}

//! Genres: a tree that everything in the catalogue hangs in.

use crate::{
    album::AlbumsIn, artist::ArtistsIn, image::Image, paths::Kind, track::TracksIn, upstreams::CATALOG,
};
use async_graphql::{ID, Object};
use bff::{Ask, First, Have, IntoAsk, edges, entity, question};

/// A kind of music. It contains everything of the genres below it.
#[entity]
pub struct Genre {
    /// Also its name in addresses, such as `dream-pop`.
    pub id: ID,
    /// As people write it.
    pub name: String,
    #[graphql(skip)]
    pub parent_id: Option<ID>,
    /// How many artists play it.
    pub artist_count: i64,
    /// How many albums belong to it.
    pub album_count: i64,
    /// How many tracks belong to it.
    pub track_count: i64,
}

#[edges]
impl Genre {
    /// Its canonical path on the site.
    pub fn path(&self) -> String {
        Kind::Genre.path(&self.id, "")
    }

    /// A picture in its colours.
    fn image(&self) -> Have<Image> {
        Have::one(Image::of(&self.id, self.name.clone()))
    }

    /// The genre it is a kind of; null at the top.
    fn parent(&self) -> Option<Ask<GenreById>> {
        Some(GenreById(self.parent_id.clone()?).ask())
    }

    /// Kinds of it, by name.
    fn subgenres(&self) -> Ask<GenresBelow> {
        GenresBelow(self.id.clone()).ask()
    }

    /// Artists who play it, most popular first.
    fn artists(
        &self,
        #[graphql(default = First::new(20))]
        /// How many, 1 to 100.
        first: First,
        /// A cursor to go on behind.
        after: Option<String>,
    ) -> Ask<ArtistsIn> {
        ArtistsIn { genre: self.id.clone(), first, after }.ask()
    }

    /// Its albums, most popular first.
    fn albums(
        &self,
        #[graphql(default = First::new(20))]
        /// How many, 1 to 100.
        first: First,
        /// A cursor to go on behind.
        after: Option<String>,
    ) -> Ask<AlbumsIn> {
        AlbumsIn { genre: self.id.clone(), first, after }.ask()
    }

    /// Its tracks, most popular first.
    fn tracks(
        &self,
        #[graphql(default = First::new(20))]
        /// How many, 1 to 100.
        first: First,
        /// A cursor to go on behind.
        after: Option<String>,
    ) -> Ask<TracksIn> {
        TracksIn { genre: self.id.clone(), first, after }.ask()
    }
}

/// A genre, by id.
#[question(upstream = CATALOG, get = "/genres", key = "ids", row = Genre, by = id, public)]
pub struct GenreById(pub ID);

/// The genres right below one, by name.
#[question(upstream = CATALOG, get = "/genres", key = "parent_ids", row = Genre, by = parent_id, many, public)]
pub struct GenresBelow(ID);

/// The genres at the top of the tree, by name.
#[question(upstream = CATALOG, get = "/genres", row = Genre, many, public)]
pub struct TopGenres {
    top: bool,
    total: bool,
}

#[derive(Default)]
pub struct GenreRoots;

#[Object]
impl GenreRoots {
    /// A genre; null if there is none with this id.
    async fn genre(&self, #[graphql(desc = "Such as `dream-pop`.")] id: ID) -> Ask<GenreById> {
        GenreById(id).ask()
    }

    /// The genres at the top of the tree, by name: where browsing begins.
    async fn genres(&self) -> Ask<TopGenres> {
        TopGenres { top: true, total: false }.ask()
    }
}

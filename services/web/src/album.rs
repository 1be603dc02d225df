//! Albums: releases with their tracks in order.

use crate::{
    artist::ArtistById, genre::GenreById, image::Image, paths::Kind, scalars::Date, track::TracksOn,
    upstreams::CATALOG,
};
use async_graphql::{Enum, ID, Object};
use bff::{
    Ask, AskEach, First, Have, IntoAsk, Leaf, edges, entity,
    fanout::{Bubble, Out, Param, Path, UrlBuilder},
    question,
};
use serde::Deserialize;

/// How large a release is.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlbumKind {
    /// A full album.
    Album,
    /// One track, perhaps with others beside it.
    Single,
    /// More than a single, less than an album.
    Ep,
}

impl AlbumKind {
    /// In the schema.
    fn name(self) -> &'static str {
        match self {
            AlbumKind::Album => "ALBUM",
            AlbumKind::Single => "SINGLE",
            AlbumKind::Ep => "EP",
        }
    }

    /// In a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            AlbumKind::Album => "album",
            AlbumKind::Single => "single",
            AlbumKind::Ep => "EP",
        }
    }
}

impl Leaf for AlbumKind {
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        self.name().put(out, path)
    }
}

impl Param for AlbumKind {
    fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
        let kind: &'static str = match self {
            AlbumKind::Album => "album",
            AlbumKind::Single => "single",
            AlbumKind::Ep => "ep",
        };
        kind.push(name, url);
    }
}

/// A release: tracks in an order.
#[entity]
pub struct Album {
    /// Finds it again, such as `al-1`.
    pub id: ID,
    /// As it stands on the cover.
    pub title: String,
    /// How large a release it is.
    pub kind: AlbumKind,
    /// When it came out.
    pub released_on: Date,
    /// Who published it.
    pub label: Option<String>,
    /// How many tracks it has.
    pub track_count: i64,
    /// How long it plays, in milliseconds.
    pub duration_ms: i64,
    #[graphql(skip)]
    pub artist_id: ID,
    /// Whose it is, as it stands on the cover: where a link is not needed.
    pub artist_name: String,
    #[graphql(skip)]
    pub genre_ids: Vec<ID>,
    #[graphql(skip)]
    #[serde(default)]
    genre_id: Option<ID>,
    cursor: Option<String>,
}

impl Album {
    pub fn cover(&self) -> Image {
        Image::of(&self.id, format!("Cover of {} by {}", self.title, self.artist_name))
    }
}

#[edges]
impl Album {
    /// Its canonical path on the site.
    pub fn path(&self) -> String {
        Kind::Album.path(&self.id, &self.title)
    }

    /// Its cover.
    fn image(&self) -> Have<Image> {
        Have::one(self.cover())
    }

    /// Whose it is.
    fn artist(&self) -> Ask<ArtistById> {
        ArtistById(self.artist_id.clone()).ask()
    }

    /// The genres it belongs to, the most fitting first.
    #[graphql(tag = "items:3")]
    fn genres(&self) -> AskEach<GenreById> {
        AskEach::of(self.genre_ids.iter().cloned().map(GenreById))
    }

    /// Its tracks, as they are played: by disc and position.
    fn tracks(
        &self,
        /// How many, 1 to 100.
        #[graphql(default = First::new(50))]
        first: First,
        /// A cursor to go on behind.
        after: Option<String>,
    ) -> Ask<TracksOn> {
        TracksOn { album: self.id.clone(), first, after }.ask()
    }
}

/// An album, by id.
#[question(upstream = CATALOG, get = "/albums", key = "ids", row = Album, by = id, public)]
pub struct AlbumById(pub ID);

/// What an artist released, newest first.
#[question(upstream = CATALOG, get = "/albums", row = Album, by = artist_id, connection, public)]
pub struct AlbumsBy {
    #[key("artist_ids")]
    pub artist: ID,
    pub kind: Option<AlbumKind>,
    #[query("limit")]
    pub first: First,
    pub after: Option<String>,
}

/// The albums of a genre, most popular first.
#[question(upstream = CATALOG, get = "/albums", row = Album, by = genre_id, connection, public)]
pub struct AlbumsIn {
    #[key("genre_ids")]
    pub genre: ID,
    #[query("limit")]
    pub first: First,
    pub after: Option<String>,
}

/// What came out last.
#[question(upstream = CATALOG, get = "/albums", row = Album, connection, public)]
pub struct NewReleases {
    kind: Option<AlbumKind>,
    #[query("limit")]
    first: First,
    after: Option<String>,
    total: bool,
}

#[derive(Default)]
pub struct AlbumRoots;

#[Object]
impl AlbumRoots {
    /// An album; null if there is none with this id.
    async fn album(&self, #[graphql(desc = "Such as `al-1`.")] id: ID) -> Ask<AlbumById> {
        AlbumById(id).ask()
    }

    /// What came out last, newest first.
    async fn new_releases(
        &self,
        #[graphql(desc = "Only of this kind.")] kind: Option<AlbumKind>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "First::new(20)")] first: First,
        #[graphql(desc = "A cursor to go on behind.")] after: Option<String>,
    ) -> Ask<NewReleases> {
        NewReleases { kind, first, after, total: false }.ask()
    }
}

//! Artists: their page, their music, those who sound like them.

use crate::{
    album::{AlbumKind, AlbumsBy},
    genre::GenreById,
    image::Image,
    paths::Kind,
    scalars::Count,
    track::TracksBy,
    upstreams::{CATALOG, LIBRARY},
};
use async_graphql::{ID, Object};
use bff::{Ask, AskEach, First, Have, IntoAsk, RequestContext, Told, edges, entity, question};

/// Someone whose music can be played.
#[entity]
pub struct Artist {
    /// Finds them again, such as `ar-1`.
    pub id: ID,
    /// As they write it themselves.
    pub name: String,
    /// Where they come from, as ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// The year they began.
    pub formed_year: Option<i64>,
    /// Who they are, in a few sentences.
    pub bio: Option<String>,
    #[graphql(skip)]
    pub genre_ids: Vec<ID>,
    /// How many people listened to them in the last month.
    pub monthly_listeners: Count,
    /// How many albums, singles and EPs they released.
    pub album_count: i64,
    #[graphql(skip)]
    #[serde(default)]
    genre_id: Option<ID>,
    #[graphql(skip)]
    #[serde(default)]
    related_to: Option<ID>,
    cursor: Option<String>,
}

#[edges]
impl Artist {
    /// Their canonical path on the site.
    pub fn path(&self) -> String {
        Kind::Artist.path(&self.id, &self.name)
    }

    /// A portrait.
    fn image(&self) -> Have<Image> {
        Have::one(Image::of(&self.id, self.name.clone()))
    }

    /// The genres they play, the most fitting first.
    #[graphql(tag = "items:3")]
    fn genres(&self) -> AskEach<GenreById> {
        AskEach::of(self.genre_ids.iter().cloned().map(GenreById))
    }

    /// What they released, newest first.
    fn albums(
        &self,
        /// Only of this kind.
        kind: Option<AlbumKind>,
        /// How many, 1 to 100.
        #[graphql(default = First::new(20))]
        first: First,
        /// A cursor to go on behind.
        after: Option<String>,
    ) -> Ask<AlbumsBy> {
        AlbumsBy { artist: self.id.clone(), kind, first, after }.ask()
    }

    /// Their tracks, most popular first.
    fn top_tracks(
        &self,
        /// How many, 1 to 100.
        #[graphql(default = First::new(10))]
        first: First,
        /// A cursor to go on behind.
        after: Option<String>,
    ) -> Ask<TracksBy> {
        TracksBy { artist: self.id.clone(), first, after }.ask()
    }

    /// Others who play the same genres, most alike first.
    fn related(
        &self,
        /// How many, 1 to 50.
        #[graphql(default = First::new(6))]
        first: First<50>,
    ) -> Ask<RelatedTo> {
        // A page for search engines is whole without them.
        RelatedTo { artist: self.id.clone(), first }.ask().or([])
    }

    /// How many people follow them.
    fn follower_count(&self) -> Told<FollowersOf, Option<Count>> {
        FollowersOf(self.id.clone()).ask().tell(|rows, _| Some(rows.first()?.followers))
    }

    /// Whether the visitor follows them; null for visitors who are not signed in.
    fn viewer_follows(&self, request: &RequestContext) -> Option<Told<FollowOf, bool>> {
        request.caller().subject()?;
        Some(FollowOf(self.id.clone()).ask().tell(|rows, _| !rows.is_empty()))
    }
}

/// An artist, by id.
#[question(upstream = CATALOG, get = "/artists", key = "ids", row = Artist, by = id, public)]
pub struct ArtistById(pub ID);

/// The artists of a genre, most popular first.
#[question(upstream = CATALOG, get = "/artists", row = Artist, by = genre_id, connection, public)]
pub struct ArtistsIn {
    #[key("genre_ids")]
    pub genre: ID,
    #[query("limit")]
    pub first: First,
    pub after: Option<String>,
}

/// Artists who play the same genres as one, most alike first.
#[question(upstream = CATALOG, get = "/artists", row = Artist, by = related_to, many, public)]
pub struct RelatedTo {
    #[key("related_to")]
    artist: ID,
    #[query("limit")]
    first: First<50>,
}

/// How many follow an artist: never shown as it is.
#[entity]
pub struct Followers {
    artist_id: ID,
    followers: Count,
}

/// How many follow an artist.
#[question(upstream = LIBRARY, get = "/follower-counts", key = "artist_ids", row = Followers, by = artist_id, public)]
pub struct FollowersOf(pub ID);

/// That the visitor follows an artist: never shown as it is.
#[entity]
pub struct Follow {
    artist_id: ID,
}

/// Whether the visitor follows an artist.
#[question(upstream = LIBRARY, get = "/follows", key = "artist_ids", row = Follow, by = artist_id, caller)]
pub struct FollowOf(ID);

#[derive(Default)]
pub struct ArtistRoots;

#[Object]
impl ArtistRoots {
    /// An artist; null if there is none with this id.
    async fn artist(&self, #[graphql(desc = "Such as `ar-1`.")] id: ID) -> Ask<ArtistById> {
        ArtistById(id).ask()
    }
}

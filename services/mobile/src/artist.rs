//! An artist as a card: a name below a round picture.

use crate::{
    artwork,
    upstreams::{CATALOG, LIBRARY},
};
use async_graphql::ID;
use bff::{First, IntoAsk, RequestContext, Told, edges, entity, question};

/// An artist's card.
#[entity]
pub struct Artist {
    /// Opens `artistScreen`.
    pub id: ID,
    /// As the artist writes it.
    name: String,
    #[graphql(skip)]
    related_to: Option<ID>,
}

#[edges]
impl Artist {
    /// The URL of a portrait: a square picture, at least as wide as asked.
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

    /// The user follows them. Null when nobody is signed in.
    fn followed(&self, request: &RequestContext) -> Option<Told<FollowOf, bool>> {
        followed(&self.id, request)
    }
}

/// Whether the user follows an artist, if anybody is signed in.
pub fn followed(artist: &ID, request: &RequestContext) -> Option<Told<FollowOf, bool>> {
    request.caller().subject()?;
    Some(FollowOf(artist.clone()).ask().tell(|follows, _| !follows.is_empty()))
}

/// An artist, by id.
#[question(upstream = CATALOG, get = "/artists", key = "ids", row = Artist, by = id, public)]
pub struct ArtistById(pub ID);

/// Who plays the like of an artist, most alike first.
#[question(upstream = CATALOG, get = "/artists", row = Artist, by = related_to, many, public)]
pub struct RelatedTo {
    #[key("related_to")]
    pub artist: ID,
    #[query("limit")]
    pub first: First<20>,
}

/// That the user follows an artist.
#[entity]
pub struct Follow {
    pub artist_id: ID,
}

/// Whether the user follows an artist: there is a row, or there is none.
#[question(upstream = LIBRARY, get = "/follows", key = "artist_ids", row = Follow, by = artist_id, caller)]
pub struct FollowOf(ID);

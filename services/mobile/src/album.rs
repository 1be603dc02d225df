//! An album as a card: what a shelf of covers shows.

use crate::{artwork, upstreams::CATALOG};
use async_graphql::ID;
use bff::{First, RequestContext, edges, entity, question};

/// An album's card.
#[entity]
pub struct Album {
    /// Opens `albumScreen`.
    pub id: ID,
    /// Its name, in the script it was published in.
    title: String,
    /// Whom to show below the title.
    artist_name: String,
    /// Opens `artistScreen`.
    pub artist_id: ID,
    #[graphql(skip)]
    pub released_on: String,
    cursor: Option<String>,
}

#[edges]
impl Album {
    /// The year it came out: `1997`.
    fn year_label(&self) -> String {
        year(&self.released_on).to_owned()
    }

    /// The URL of its cover: a square picture, at least as wide as asked.
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
}

/// Of a day such as `1997-05-21`.
pub fn year(day: &str) -> &str {
    day.split('-').next().unwrap_or(day)
}

/// An album, by id.
#[question(upstream = CATALOG, get = "/albums", key = "ids", row = Album, by = id, public)]
pub struct AlbumById(pub ID);

/// An artist's albums, singles and EPs, newest first.
#[question(upstream = CATALOG, get = "/albums", row = Album, by = artist_id, connection, public)]
pub struct ReleasesOf {
    #[key("artist_ids")]
    pub artist: ID,
    #[query("limit")]
    pub first: First<50>,
    pub after: Option<String>,
}

//! A playlist as a card: in the library, or on the home screen.

use crate::{
    artwork,
    upstreams::{IDENTITY, LIBRARY},
};
use async_graphql::ID;
use bff::{First, IntoAsk, RequestContext, Told, edges, entity, question};

/// A playlist's card.
#[entity]
pub struct Playlist {
    /// Opens `playlistScreen`; for `addToPlaylist`.
    pub id: ID,
    /// What its owner calls it.
    title: String,
    /// How many tracks there are.
    track_count: i32,
    #[graphql(skip)]
    owner_id: ID,
    cursor: Option<String>,
}

#[edges]
impl Playlist {
    /// The URL of its picture: square, at least as wide as asked.
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

    /// Whose it is, by name. Null while names cannot be had.
    fn owner_name(&self) -> Told<UserById, Option<String>> {
        owner_name(&self.owner_id)
    }
}

/// A user's name, for the line below a playlist's title.
pub fn owner_name(owner: &ID) -> Told<UserById, Option<String>> {
    UserById(owner.clone()).ask().or([]).tell(|users, _| users.first().map(|user| user.display_name.clone()))
}

/// A playlist that the user may see, by id.
#[question(upstream = LIBRARY, get = "/playlists", key = "ids", row = Playlist, by = id, caller)]
pub struct PlaylistById(pub ID);

/// A user's playlists, the one changed last first.
#[question(upstream = LIBRARY, get = "/playlists", row = Playlist, by = owner_id, connection, caller)]
pub struct PlaylistsOf {
    #[key("owner_ids")]
    pub owner: ID,
    #[query("limit")]
    pub first: First<50>,
    pub after: Option<String>,
}

/// A user as others see them.
#[entity]
pub struct User {
    id: ID,
    display_name: String,
}

/// A user, by id.
#[question(upstream = IDENTITY, get = "/users", key = "ids", row = User, by = id, public)]
pub struct UserById(ID);

//! Playlists: what somebody put together, and who may see it.

use crate::{
    image::Image, paths::Kind, playlist_entry::EntriesOf, scalars::DateTime, upstreams::LIBRARY,
    user::UserById,
};
use async_graphql::{ID, Object};
use bff::{Ask, First, Have, IntoAsk, RequestContext, edges, entity, question};

/// Tracks that somebody put in an order.
#[entity]
pub struct Playlist {
    /// Finds it again, such as `pl-1`.
    pub id: ID,
    /// What its owner calls it.
    pub title: String,
    /// What it is for; may be empty.
    pub description: String,
    /// Whether everybody may see it.
    pub public: bool,
    /// Grows with every change. Send it with a change, so that nobody's work is overwritten unseen.
    pub version: i64,
    /// How many entries it has.
    pub track_count: i64,
    /// When it was made.
    pub created_at: DateTime,
    /// When it or its entries were last changed.
    pub updated_at: DateTime,
    #[graphql(skip)]
    pub owner_id: ID,
    cursor: Option<String>,
}

impl Playlist {
    pub fn cover(&self) -> Image {
        Image::of(&self.id, format!("Cover of the playlist {}", self.title))
    }
}

#[edges]
impl Playlist {
    /// Its canonical path on the site.
    pub fn path(&self) -> String {
        Kind::Playlist.path(&self.id, &self.title)
    }

    /// A cover.
    fn image(&self) -> Have<Image> {
        Have::one(self.cover())
    }

    /// Whose it is.
    fn owner(&self) -> Ask<UserById> {
        UserById(self.owner_id.clone()).ask()
    }

    /// Whether it is the visitor's own, and so may be changed.
    fn viewer_owns(&self, request: &RequestContext) -> bool {
        request.caller().subject() == Some(self.owner_id.as_str())
    }

    /// What is in it, in order.
    fn entries(
        &self,
        /// How many, 1 to 100.
        #[graphql(default = First::new(50))]
        first: First,
        /// A cursor to go on behind.
        after: Option<String>,
    ) -> Ask<EntriesOf> {
        EntriesOf { playlist: self.id.clone(), first, after }.ask()
    }
}

/// A playlist, by id; none, if it is not there or not the caller's to see.
#[question(upstream = LIBRARY, get = "/playlists", key = "ids", row = Playlist, by = id, caller)]
pub struct PlaylistById(pub ID);

/// Somebody's playlists that the caller may see, latest changed first.
#[question(upstream = LIBRARY, get = "/playlists", row = Playlist, by = owner_id, connection, caller)]
pub struct PlaylistsOf {
    #[key("owner_ids")]
    pub owner: ID,
    #[query("limit")]
    pub first: First<50>,
    pub after: Option<String>,
}

#[derive(Default)]
pub struct PlaylistRoots;

#[Object]
impl PlaylistRoots {
    /// A playlist; null if there is none with this id, or it is not the visitor's to see.
    async fn playlist(&self, #[graphql(desc = "Such as `pl-1`.")] id: ID) -> Ask<PlaylistById> {
        PlaylistById(id).ask()
    }
}

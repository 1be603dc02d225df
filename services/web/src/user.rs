//! People, as others see them.

use crate::{image::Image, paths::Kind, playlist::PlaylistsOf, scalars::DateTime, upstreams::IDENTITY};
use async_graphql::{ID, Object};
use bff::{Ask, First, Have, IntoAsk, RequestContext, edges, entity, question};

/// Somebody who listens, collects and comments. Of a profile that is not public, only name and picture are told.
#[entity]
pub struct User {
    /// Finds them again, such as `us-1`.
    pub id: ID,
    /// What they want to be called.
    pub display_name: String,
    /// Where they live, as ISO 3166-1 alpha-2; null if they do not tell.
    pub country: Option<String>,
    /// What they say about themselves; null if they do not tell.
    pub bio: Option<String>,
    /// When they came; null if they do not tell.
    pub joined_at: Option<DateTime>,
    /// Whether everybody may see their profile.
    pub public: bool,
}

#[edges]
impl User {
    /// Their canonical path on the site.
    pub fn path(&self) -> String {
        Kind::User.path(&self.id, "")
    }

    /// Their picture.
    fn image(&self) -> Have<Image> {
        Have::one(Image::of(&self.id, self.display_name.clone()))
    }

    /// Whether this is the visitor.
    fn is_viewer(&self, request: &RequestContext) -> bool {
        request.caller().subject() == Some(self.id.as_str())
    }

    /// Their playlists that the visitor may see, latest changed first.
    fn playlists(
        &self,
        /// How many, 1 to 50.
        #[graphql(default = First::new(20))]
        first: First<50>,
        /// A cursor to go on behind.
        after: Option<String>,
    ) -> Ask<PlaylistsOf> {
        PlaylistsOf { owner: self.id.clone(), first, after }.ask()
    }
}

/// Somebody, by id.
#[question(upstream = IDENTITY, get = "/users", key = "ids", row = User, by = id, public)]
pub struct UserById(pub ID);

#[derive(Default)]
pub struct UserRoots;

#[Object]
impl UserRoots {
    /// Somebody, as others see them; null if there is nobody with this id.
    async fn user(&self, #[graphql(desc = "Such as `us-1`.")] id: ID) -> Ask<UserById> {
        UserById(id).ask()
    }
}

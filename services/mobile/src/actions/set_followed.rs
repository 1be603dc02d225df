//! The follow button of an artist.

use super::one_of;
use crate::{artist::ArtistById, artist_screen::FollowerCountOf, session::signed_in, upstreams::LIBRARY};
use async_graphql::{Context, ID, InputObject, Object};
use bff::{Ask, ContextExt, IntoAsk, edges, entity, graphql::Only};

/// How the follow button was left.
#[derive(InputObject)]
pub struct SetFollowedInput {
    /// Made up once for this tap, and the same each time it is sent again: 1 to 128 visible ASCII characters.
    idempotency_key: String,
    /// Which artist.
    artist_id: ID,
    /// Whether they are followed now.
    followed: bool,
}

/// The artist, as they are now.
#[entity(local)]
pub struct SetFollowedPayload {
    #[graphql(skip)]
    artist_id: ID,
}

#[edges]
impl SetFollowedPayload {
    /// The artist. Null if they are not in the catalogue any more.
    fn artist(&self) -> Ask<ArtistById> {
        ArtistById(self.artist_id.clone()).ask()
    }
}

#[derive(Default)]
pub struct SetFollowed;

#[Object]
impl SetFollowed {
    /// Follows an artist, or no longer: their new releases show up on the home screen.
    #[graphql(guard = "Only(signed_in)")]
    async fn set_followed(
        &self,
        ctx: &Context<'_>,
        input: SetFollowedInput,
    ) -> async_graphql::Result<Option<SetFollowedPayload>> {
        let follow = one_of("follows", &input.artist_id);
        let write = ctx
            .write(&LIBRARY)?
            .idempotency_key(input.idempotency_key)
            .makes_stale(&FollowerCountOf(input.artist_id.clone()));
        let write = if input.followed { write.put(follow) } else { write.delete(follow) };
        write.send_and_forget().await?.done()?;
        Ok(Some(SetFollowedPayload { artist_id: input.artist_id }))
    }
}

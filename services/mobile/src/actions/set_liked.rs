//! The heart next to a track.

use super::one_of;
use crate::{session::signed_in, track::TrackById, upstreams::LIBRARY};
use async_graphql::{Context, ID, InputObject, Object};
use bff::{Ask, ContextExt, IntoAsk, edges, entity, graphql::Only};

/// How the heart was left.
#[derive(InputObject)]
pub struct SetLikedInput {
    /// Made up once for this tap, and the same each time it is sent again: 1 to 128 visible ASCII characters.
    idempotency_key: String,
    /// Which track.
    track_id: ID,
    /// Whether it is liked now.
    liked: bool,
}

/// The track, as it is now.
#[entity(local)]
pub struct SetLikedPayload {
    #[graphql(skip)]
    track_id: ID,
}

#[edges]
impl SetLikedPayload {
    /// The track. Null if it is not in the catalogue any more.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }
}

#[derive(Default)]
pub struct SetLiked;

#[Object]
impl SetLiked {
    /// Likes a track, or no longer.
    #[graphql(guard = "Only(signed_in)")]
    async fn set_liked(
        &self,
        ctx: &Context<'_>,
        input: SetLikedInput,
    ) -> async_graphql::Result<Option<SetLikedPayload>> {
        let like = one_of("likes", &input.track_id);
        let write = ctx.write(&LIBRARY)?.idempotency_key(input.idempotency_key);
        let write = if input.liked { write.put(like) } else { write.delete(like) };
        write.send_and_forget().await?.done()?;
        Ok(Some(SetLikedPayload { track_id: input.track_id }))
    }
}

//! "Add to playlist" of a track's, or an album's, menu.

use super::one_of;
use crate::{playlist::PlaylistById, session::signed_in, upstreams::LIBRARY};
use async_graphql::{Context, ID, InputObject, Object};
use bff::{Ask, ContextExt, IntoAsk, edges, entity, graphql::Only};
use serde::Serialize;

/// What goes where.
#[derive(InputObject)]
pub struct AddToPlaylistInput {
    /// Made up once for this tap, and the same each time it is sent again: 1 to 128 visible ASCII characters.
    idempotency_key: String,
    /// One of the user's own.
    playlist_id: ID,
    /// What to add at its end: 1 to 100 tracks.
    track_ids: Vec<ID>,
}

/// What the library wants to know.
#[derive(Serialize)]
struct NewEntries<'a> {
    track_ids: &'a [ID],
}

/// The playlist, as it is now.
#[entity(local)]
pub struct AddToPlaylistPayload {
    #[graphql(skip)]
    playlist_id: ID,
}

#[edges]
impl AddToPlaylistPayload {
    /// The playlist.
    fn playlist(&self) -> Ask<PlaylistById> {
        PlaylistById(self.playlist_id.clone()).ask()
    }
}

#[derive(Default)]
pub struct AddToPlaylist;

#[Object]
impl AddToPlaylist {
    /// Adds tracks at the end of one of the user's playlists.
    #[graphql(guard = "Only(signed_in)")]
    async fn add_to_playlist(
        &self,
        ctx: &Context<'_>,
        input: AddToPlaylistInput,
    ) -> async_graphql::Result<Option<AddToPlaylistPayload>> {
        let entries = one_of("playlists", &input.playlist_id) + "/entries";
        let write = ctx.write(&LIBRARY)?.post(entries).idempotency_key(input.idempotency_key);
        write.json(&NewEntries { track_ids: &input.track_ids }).send_and_forget().await?.done()?;
        Ok(Some(AddToPlaylistPayload { playlist_id: input.playlist_id }))
    }
}

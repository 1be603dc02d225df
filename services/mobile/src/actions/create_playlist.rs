//! A new playlist.

use crate::{playlist::PlaylistById, session::signed_in, upstreams::LIBRARY};
use async_graphql::{Context, ID, InputObject, Object};
use bff::{Ask, ContextExt, IntoAsk, edges, entity, graphql::Only};
use serde::{Deserialize, Serialize};

/// What the user typed.
#[derive(InputObject)]
pub struct CreatePlaylistInput {
    /// Made up once for this playlist, and the same each time it is sent again: 1 to 128 visible ASCII characters.
    idempotency_key: String,
    /// What to call it: 1 to 200 characters.
    title: String,
    /// What to say of it: at most 1,000 characters.
    #[graphql(default)]
    description: String,
    /// Whether everybody may see it.
    #[graphql(default)]
    shareable: bool,
    /// What is in it from the start, at most 100 tracks.
    #[graphql(default)]
    track_ids: Vec<ID>,
}

/// What the library wants to know.
#[derive(Serialize)]
struct NewPlaylist<'a> {
    title: &'a str,
    description: &'a str,
    public: bool,
    track_ids: &'a [ID],
}

/// What the library answers.
#[derive(Deserialize)]
struct Created {
    id: ID,
}

/// The playlist, as it is now.
#[entity(local)]
pub struct CreatePlaylistPayload {
    #[graphql(skip)]
    playlist_id: ID,
}

#[edges]
impl CreatePlaylistPayload {
    /// The playlist.
    fn playlist(&self) -> Ask<PlaylistById> {
        PlaylistById(self.playlist_id.clone()).ask()
    }
}

#[derive(Default)]
pub struct CreatePlaylist;

#[Object]
impl CreatePlaylist {
    /// Makes a playlist.
    #[graphql(guard = "Only(signed_in)")]
    async fn create_playlist(
        &self,
        ctx: &Context<'_>,
        input: CreatePlaylistInput,
    ) -> async_graphql::Result<Option<CreatePlaylistPayload>> {
        let playlist = NewPlaylist {
            title: &input.title,
            description: &input.description,
            public: input.shareable,
            track_ids: &input.track_ids,
        };
        let write = ctx.write(&LIBRARY)?.post("/playlists").idempotency_key(input.idempotency_key);
        let created: Created = write.json(&playlist).send().await?.done()?;
        Ok(Some(CreatePlaylistPayload { playlist_id: created.id }))
    }
}

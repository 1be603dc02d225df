//! Editing playlists in a page that may be out of date: what somebody else did first is told, not overwritten.
//!
//! A change that only makes sense for what the visitor saw (renaming, moving, removing, deleting) carries the version
//! they saw. Adding at the end makes sense whatever happened before, and carries none.

use crate::{
    playlist::{Playlist, PlaylistById},
    upstreams::LIBRARY,
    viewer::signed_in,
};
use async_graphql::{Context, ID, InputObject, Object};
use bff::{
    Ask, ContextExt, Fault, IntoAsk, edges, entity,
    fanout::UrlBuilder,
    upstream::write::{Write, Written},
};
use serde_json::{Map, Value, json};

/// A playlist to make.
#[derive(InputObject)]
pub struct CreatePlaylistInput {
    /// Chosen by the client for this change, 1 to 128 visible characters: sent again, it makes one playlist.
    idempotency_key: String,
    /// 1 to 200 characters on one line.
    title: String,
    /// At most 1,000 characters.
    #[graphql(default)]
    description: String,
    /// Whether everybody may see it.
    #[graphql(default)]
    public: bool,
    /// What is in it from the start: at most 100 tracks.
    #[graphql(default)]
    track_ids: Vec<ID>,
}

/// How a playlist is to be called and described; what is left out stays.
#[derive(InputObject)]
pub struct RenamePlaylistInput {
    /// Chosen by the client for this change, 1 to 128 visible characters.
    idempotency_key: String,
    /// Which playlist.
    playlist_id: ID,
    /// The version the visitor saw.
    version: i32,
    /// 1 to 200 characters on one line.
    title: Option<String>,
    /// At most 1,000 characters.
    description: Option<String>,
    /// Whether everybody may see it.
    public: Option<bool>,
}

/// Tracks to put at the end of a playlist.
#[derive(InputObject)]
pub struct AddToPlaylistInput {
    /// Chosen by the client for this change, 1 to 128 visible characters.
    idempotency_key: String,
    /// Which playlist.
    playlist_id: ID,
    /// 1 to 100 tracks, in order.
    track_ids: Vec<ID>,
}

/// An entry to put elsewhere in its playlist.
#[derive(InputObject)]
pub struct MovePlaylistEntryInput {
    /// Chosen by the client for this change, 1 to 128 visible characters.
    idempotency_key: String,
    /// Which playlist.
    playlist_id: ID,
    /// The version the visitor saw.
    version: i32,
    /// Which entry.
    entry_id: ID,
    /// Where it is to stand, from 0; the others make room. Past the end means at the end.
    position: i32,
}

/// An entry to take out of its playlist.
#[derive(InputObject)]
pub struct RemovePlaylistEntryInput {
    /// Chosen by the client for this change, 1 to 128 visible characters.
    idempotency_key: String,
    /// Which playlist.
    playlist_id: ID,
    /// The version the visitor saw.
    version: i32,
    /// Which entry.
    entry_id: ID,
}

/// A playlist to delete.
#[derive(InputObject)]
pub struct DeletePlaylistInput {
    /// Chosen by the client for this change, 1 to 128 visible characters.
    idempotency_key: String,
    /// Which playlist.
    playlist_id: ID,
    /// The version the visitor saw.
    version: i32,
}

/// What came of a change to a playlist.
#[entity(local)]
pub struct PlaylistPayload {
    #[graphql(skip)]
    playlist_id: Option<ID>,
    /// Why it was not done; null if it was.
    error: Option<PlaylistError>,
}

#[edges]
impl PlaylistPayload {
    /// The playlist as it is now: changed, or as somebody else left it. Null if it is not there.
    fn playlist(&self) -> Option<Ask<PlaylistById>> {
        Some(PlaylistById(self.playlist_id.clone()?).ask())
    }
}

/// Why a playlist was not changed.
#[entity(local, interface("message"))]
pub enum PlaylistError {
    Conflict(PlaylistConflict),
    NotFound(PlaylistNotFound),
    Refused(PlaylistInputRefused),
}

/// Somebody else changed the playlist first. Show it as it is now, and let the visitor decide anew.
#[entity(local)]
pub struct PlaylistConflict {
    /// What happened, in words for the visitor.
    message: String,
    /// The version the visitor saw. The present one is the `version` of the payload's `playlist`.
    seen_version: i32,
}

/// The playlist or the entry is not there, or is not the visitor's to know of.
#[entity(local)]
pub struct PlaylistNotFound {
    /// What is missing, in words for the visitor.
    message: String,
}

/// What was sent cannot be.
#[entity(local)]
pub struct PlaylistInputRefused {
    /// Which value and why, in words for the visitor.
    message: String,
}

#[derive(Default)]
pub struct PlaylistEdits;

#[Object]
impl PlaylistEdits {
    /// Makes a playlist of the visitor's own.
    #[graphql(guard = "bff::graphql::Only(signed_in)")]
    async fn create_playlist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to make.")] input: CreatePlaylistInput,
    ) -> async_graphql::Result<PlaylistPayload> {
        let write = ctx.write(&LIBRARY)?.post("/playlists").idempotency_key(input.idempotency_key);
        let write = write.json(&json!({
            "title": input.title,
            "description": input.description,
            "public": input.public,
            "track_ids": texts(&input.track_ids),
        }));
        Ok(edited(write, None, None).await?)
    }

    /// Renames a playlist, describes it anew, opens or closes it.
    #[graphql(guard = "bff::graphql::Only(signed_in)")]
    async fn rename_playlist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which playlist, and what to call it.")] input: RenamePlaylistInput,
    ) -> async_graphql::Result<PlaylistPayload> {
        let mut change = Map::new();
        let mut set = |name: &str, value: Option<Value>| {
            change.extend(value.map(|value| (name.to_owned(), value)));
        };
        set("title", input.title.map(Value::from));
        set("description", input.description.map(Value::from));
        set("public", input.public.map(Value::from));
        let write = ctx.write(&LIBRARY)?.patch(path(&input.playlist_id, None)).json(&change);
        let write = write.idempotency_key(input.idempotency_key).if_match(input.version.to_string());
        Ok(edited(write, Some(input.playlist_id), Some(input.version)).await?)
    }

    /// Puts tracks at the end of a playlist.
    #[graphql(guard = "bff::graphql::Only(signed_in)")]
    async fn add_to_playlist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tracks, and where to.")] input: AddToPlaylistInput,
    ) -> async_graphql::Result<PlaylistPayload> {
        let mut to = path(&input.playlist_id, None);
        to.push_str("/entries");
        let write = ctx.write(&LIBRARY)?.post(to).json(&json!({ "track_ids": texts(&input.track_ids) }));
        let write = write.idempotency_key(input.idempotency_key);
        Ok(edited(write, Some(input.playlist_id), None).await?)
    }

    /// Puts an entry elsewhere in its playlist.
    #[graphql(guard = "bff::graphql::Only(signed_in)")]
    async fn move_playlist_entry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entry, and where to.")] input: MovePlaylistEntryInput,
    ) -> async_graphql::Result<PlaylistPayload> {
        let write = ctx
            .write(&LIBRARY)?
            .patch(path(&input.playlist_id, Some(&input.entry_id)))
            .json(&json!({ "position": input.position }));
        let write = write.idempotency_key(input.idempotency_key).if_match(input.version.to_string());
        Ok(edited(write, Some(input.playlist_id), Some(input.version)).await?)
    }

    /// Takes an entry out of its playlist.
    #[graphql(guard = "bff::graphql::Only(signed_in)")]
    async fn remove_playlist_entry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entry.")] input: RemovePlaylistEntryInput,
    ) -> async_graphql::Result<PlaylistPayload> {
        let write = ctx.write(&LIBRARY)?.delete(path(&input.playlist_id, Some(&input.entry_id)));
        let write = write.idempotency_key(input.idempotency_key).if_match(input.version.to_string());
        Ok(edited(write, Some(input.playlist_id), Some(input.version)).await?)
    }

    /// Deletes a playlist. The payload's `playlist` is then null.
    #[graphql(guard = "bff::graphql::Only(signed_in)")]
    async fn delete_playlist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which playlist.")] input: DeletePlaylistInput,
    ) -> async_graphql::Result<PlaylistPayload> {
        let write = ctx.write(&LIBRARY)?.delete(path(&input.playlist_id, None));
        let write = write.idempotency_key(input.idempotency_key).if_match(input.version.to_string());
        let written = write.send_and_forget().await?;
        Ok(match error(written, Some(input.version)) {
            Ok(()) => PlaylistPayload { playlist_id: None, error: None },
            Err(error) => PlaylistPayload { playlist_id: Some(input.playlist_id), error: Some(error) },
        })
    }
}

/// Sends a change that answers with the playlist, and says what came of it.
async fn edited(write: Write, playlist_id: Option<ID>, seen: Option<i32>) -> Result<PlaylistPayload, Fault> {
    Ok(match error(write.send::<Playlist>().await?, seen) {
        Ok(playlist) => PlaylistPayload { playlist_id: Some(playlist.id), error: None },
        Err(error) => PlaylistPayload { playlist_id, error: Some(error) },
    })
}

/// A write that was not done is the visitor's matter, and so a value of the schema.
fn error<T>(written: Written<T>, seen: Option<i32>) -> Result<T, PlaylistError> {
    Err(match (written, seen) {
        (Written::Done(done), _) => return Ok(done),
        (Written::Conflict(_), Some(seen_version)) => PlaylistError::Conflict(PlaylistConflict {
            message: "This playlist was changed in the meantime. Look at it again before changing it."
                .to_owned(),
            seen_version,
        }),
        (Written::NotFound(message), _) => PlaylistError::NotFound(PlaylistNotFound { message }),
        // Without a version nothing can have come first: what conflicts is a limit, such as that of entries.
        (Written::Conflict(message) | Written::Refused(message), _) => {
            PlaylistError::Refused(PlaylistInputRefused { message })
        }
    })
}

fn texts(ids: &[ID]) -> Vec<&str> {
    ids.iter().map(|id| id.as_str()).collect()
}

fn path(playlist: &ID, entry: Option<&ID>) -> String {
    let mut path = String::new();
    let mut url = UrlBuilder::new(&mut path);
    url.text("/playlists/");
    url.segment(playlist);
    if let Some(entry) = entry {
        url.text("/entries/");
        url.segment(entry);
    }
    path
}

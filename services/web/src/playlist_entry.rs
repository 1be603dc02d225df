//! What stands in a playlist, and where.

use crate::{
    playlist::PlaylistById, scalars::DateTime, track::TrackById, upstreams::LIBRARY, user::UserById,
};
use async_graphql::ID;
use bff::{Ask, First, IntoAsk, edges, entity, question};

/// A track in its place of a playlist. The same track may stand there twice; each time is an entry of its own.
#[entity]
pub struct PlaylistEntry {
    /// Names this entry when it is moved or removed.
    #[graphql(name = "id")]
    pub entry_id: ID,
    /// From 0, without gaps.
    pub position: i64,
    /// When it was put there.
    pub added_at: DateTime,
    #[graphql(skip)]
    playlist_id: ID,
    #[graphql(skip)]
    track_id: ID,
    #[graphql(skip)]
    added_by: ID,
    cursor: Option<String>,
}

#[edges]
impl PlaylistEntry {
    /// What is played here; null if it left the catalogue.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }

    /// Who put it there.
    fn added_by(&self) -> Ask<UserById> {
        UserById(self.added_by.clone()).ask()
    }

    /// The playlist it stands in.
    fn playlist(&self) -> Ask<PlaylistById> {
        PlaylistById(self.playlist_id.clone()).ask()
    }
}

/// The entries of a playlist, in order.
#[question(upstream = LIBRARY, get = "/playlist-entries", row = PlaylistEntry, by = playlist_id, connection, caller)]
pub struct EntriesOf {
    #[key("playlist_ids")]
    pub playlist: ID,
    #[query("limit")]
    pub first: First,
    pub after: Option<String>,
}

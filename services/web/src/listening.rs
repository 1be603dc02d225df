//! What is played: reporting it, and what everybody plays.

use crate::{
    scalars::{Count, DateTime},
    track::{PlaysOf, TrackById},
    upstreams::ACTIVITY,
    viewer::signed_in,
};
use async_graphql::{Context, ID, InputObject, Object};
use bff::{Ask, ContextExt, First, IntoAsk, edges, entity, question};
use serde_json::json;

/// A track that is played much of late.
#[entity]
pub struct TrendingTrack {
    /// Its place, from 1.
    rank: i64,
    /// How often it was played in the last seven days.
    plays: Count,
    #[graphql(skip)]
    track_id: ID,
}

#[edges]
impl TrendingTrack {
    /// The track; null if it left the catalogue.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }
}

/// What is played most of late.
#[question(upstream = ACTIVITY, get = "/trending", row = TrendingTrack, many, public)]
pub struct Trending {
    #[query("limit")]
    first: First,
}

#[derive(Default)]
pub struct ListeningRoots;

#[Object]
impl ListeningRoots {
    /// What everybody plays of late, most played first.
    async fn trending(
        &self,
        #[graphql(desc = "How many, 1 to 100.", default_with = "First::new(10)")] first: First,
    ) -> Ask<Trending> {
        Trending { first }.ask()
    }
}

/// A play to count.
#[derive(InputObject)]
pub struct ReportPlayInput {
    /// Chosen by the client for this play, 1 to 128 visible characters: a play counts once, however often it is reported.
    idempotency_key: String,
    /// What was played.
    track_id: ID,
    /// When.
    played_at: DateTime,
    /// How much of it was heard, in milliseconds.
    ms_played: i32,
}

/// What came of it.
#[entity(local)]
pub struct ReportPlayPayload {
    #[graphql(skip)]
    track_id: ID,
}

#[edges]
impl ReportPlayPayload {
    /// The track, with its plays as they are now.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }
}

#[derive(Default)]
pub struct Listening;

#[Object]
impl Listening {
    /// Counts that the visitor played a track.
    #[graphql(guard = "bff::graphql::Only(signed_in)")]
    async fn report_play(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was played, and when.")] input: ReportPlayInput,
    ) -> async_graphql::Result<ReportPlayPayload> {
        // The key also names the play: it counts once even after the service has forgotten the request.
        let report = json!({
            "report_id": input.idempotency_key,
            "track_id": input.track_id.as_str(),
            "played_at": input.played_at.0,
            "ms_played": input.ms_played,
        });
        let write = ctx
            .write(&ACTIVITY)?
            .post("/plays")
            .idempotency_key(input.idempotency_key)
            // What is trending is the service's to say, a minute later.
            .makes_stale(&PlaysOf(input.track_id.clone()));
        write.json(&json!({ "reports": [report] })).send_and_forget().await?.done()?;
        Ok(ReportPlayPayload { track_id: input.track_id })
    }
}

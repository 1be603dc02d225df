//! A track's page while it is open: plays and comments as they happen.
//!
//! The service's events carry ids only. What they are about is asked for each event anew, as the visitor.

use crate::{
    comment::CommentById,
    scalars::Count,
    track::{PlaysOf, TrackById},
    upstreams::ACTIVITY,
};
use async_graphql::{Context, ID, Subscription};
use bff::{
    Ask, ContextExt, IntoAsk, Told, edges, entity,
    fanout::{Key, UrlBuilder},
};
use futures::{Stream, StreamExt};
use serde::Deserialize;

/// Something that happened to a track.
#[entity(local, interface("track"))]
pub enum TrackActivity {
    Played(TrackPlayed),
    Commented(TrackCommented),
    Missed(ActivityMissed),
}

/// It was played, once or several times.
#[entity(local)]
pub struct TrackPlayed {
    #[graphql(skip)]
    track_id: ID,
}

#[edges]
impl TrackPlayed {
    /// The track, as it is now.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }

    /// How often it was played, now.
    fn play_count(&self) -> Told<PlaysOf, Option<Count>> {
        PlaysOf(self.track_id.clone()).ask().tell(|rows, _| Some(rows.first()?.plays))
    }
}

/// Somebody commented, reworded a comment or took one back.
#[entity(local)]
pub struct TrackCommented {
    /// Which comment.
    comment_id: ID,
    #[graphql(skip)]
    track_id: ID,
}

#[edges]
impl TrackCommented {
    /// The track, as it is now.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }

    /// The comment, as it is now; null if it was taken back: remove `commentId` from the page.
    fn comment(&self) -> Ask<CommentById> {
        CommentById(self.comment_id.clone()).ask()
    }
}

/// The connection was away for so long that something was missed: read anew what is shown.
#[entity(local)]
pub struct ActivityMissed {
    #[graphql(skip)]
    track_id: ID,
}

#[edges]
impl ActivityMissed {
    /// The track, as it is now.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }
}

/// What the service tells: of a play the track, of a comment both, of what was missed nothing.
#[derive(Deserialize)]
struct Event {
    track_id: Option<ID>,
    comment_id: Option<ID>,
}

impl Event {
    fn about(self, track_id: ID) -> TrackActivity {
        match self {
            Event { comment_id: Some(comment_id), .. } => {
                TrackActivity::Commented(TrackCommented { comment_id, track_id })
            }
            Event { track_id: Some(_), comment_id: None } => TrackActivity::Played(TrackPlayed { track_id }),
            Event { track_id: None, comment_id: None } => TrackActivity::Missed(ActivityMissed { track_id }),
        }
    }
}

#[derive(Default)]
pub struct ActivityFeed;

#[Subscription]
impl ActivityFeed {
    /// Plays and comments of a track, as they happen.
    async fn track_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which track.")] id: ID,
    ) -> async_graphql::Result<impl Stream<Item = TrackActivity>> {
        let mut path = String::from("/events");
        UrlBuilder::new(&mut path).value("track_ids", Key::Text(&id));
        let events = ctx.events(&ACTIVITY, path)?.for_everybody().json::<Event>().await?;
        Ok(events.map(move |event| event.about(id.clone())))
    }
}

//! Comments: what somebody said about a moment of a track.

use crate::{scalars::DateTime, track::TrackById, upstreams::ACTIVITY, user::UserById};
use async_graphql::{Enum, ID, Object};
use bff::{
    Ask, First, IntoAsk, RequestContext, edges, entity,
    fanout::{Param, UrlBuilder},
    question,
};

/// Which of a track's comments come first.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CommentOrder {
    /// The newest.
    Newest,
    /// Those about the track's beginning: for showing them along the waveform.
    Moment,
}

impl Param for CommentOrder {
    fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
        let order: &'static str = match self {
            CommentOrder::Newest => "newest",
            CommentOrder::Moment => "at_ms",
        };
        order.push(name, url);
    }
}

/// What somebody said about a moment of a track.
#[entity]
pub struct Comment {
    /// Finds it again, such as `co-1`.
    pub id: ID,
    /// What was said: plain text.
    pub body: String,
    /// The moment it is about, in milliseconds from the track's start.
    pub at_ms: i64,
    /// When it was written.
    pub created_at: DateTime,
    /// When it was last changed; the moment of writing, if it never was.
    pub updated_at: DateTime,
    #[graphql(skip)]
    pub track_id: ID,
    #[graphql(skip)]
    pub user_id: ID,
    cursor: Option<String>,
}

#[edges]
impl Comment {
    /// Who wrote it; null if they left.
    fn author(&self) -> Ask<UserById> {
        UserById(self.user_id.clone()).ask()
    }

    /// What it is about.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }

    /// Whether it was changed after it was written.
    fn edited(&self) -> bool {
        self.updated_at.0 != self.created_at.0
    }

    /// Whether the visitor wrote it, and so may change it or take it back.
    fn viewer_wrote(&self, request: &RequestContext) -> bool {
        request.caller().subject() == Some(self.user_id.as_str())
    }
}

/// A comment, by id.
#[question(upstream = ACTIVITY, get = "/comments", key = "ids", row = Comment, by = id, public)]
pub struct CommentById(pub ID);

/// What people said about a track.
#[question(upstream = ACTIVITY, get = "/comments", row = Comment, by = track_id, connection, public)]
pub struct CommentsOn {
    #[key("track_ids")]
    pub track: ID,
    #[query("sort")]
    pub order: CommentOrder,
    #[query("limit")]
    pub first: First<50>,
    pub after: Option<String>,
}

#[derive(Default)]
pub struct CommentRoots;

#[Object]
impl CommentRoots {
    /// A comment: for links that lead to one. Null if there is none with this id, or it was taken back.
    async fn comment(&self, #[graphql(desc = "Such as `co-1`.")] id: ID) -> Ask<CommentById> {
        CommentById(id).ask()
    }
}

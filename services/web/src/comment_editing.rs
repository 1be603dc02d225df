//! Commenting: saying something about a moment, rewording it, taking it back.

use crate::{
    comment::{CommentById, CommentsOn},
    track::{CommentCountOf, TrackById},
    upstreams::ACTIVITY,
    viewer::signed_in,
};
use async_graphql::{Context, ID, InputObject, Object};
use bff::{Ask, ContextExt, IntoAsk, edges, entity, fanout::UrlBuilder};
use serde::Deserialize;
use serde_json::json;

/// Something to say about a moment of a track.
#[derive(InputObject)]
pub struct AddCommentInput {
    /// Chosen by the client for this change, 1 to 128 visible characters: sent again, it comments once.
    idempotency_key: String,
    /// Which track.
    track_id: ID,
    /// What to say: 1 to 1,000 characters of plain text.
    body: String,
    /// The moment it is about, in milliseconds from the track's start.
    at_ms: i32,
}

/// Other words for a comment of one's own.
#[derive(InputObject)]
pub struct EditCommentInput {
    /// Chosen by the client for this change, 1 to 128 visible characters.
    idempotency_key: String,
    /// Which comment.
    comment_id: ID,
    /// What to say instead: 1 to 1,000 characters of plain text.
    body: String,
}

/// A comment of one's own to take back.
#[derive(InputObject)]
pub struct DeleteCommentInput {
    /// Chosen by the client for this change, 1 to 128 visible characters.
    idempotency_key: String,
    /// Which comment.
    comment_id: ID,
}

/// What came of commenting or rewording.
#[entity(local)]
pub struct CommentPayload {
    #[graphql(skip)]
    comment_id: ID,
    #[graphql(skip)]
    track_id: ID,
}

#[edges]
impl CommentPayload {
    /// The comment, as it is now.
    fn comment(&self) -> Ask<CommentById> {
        CommentById(self.comment_id.clone()).ask()
    }

    /// The track it is about, with its comments as they are now.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }
}

/// What came of taking a comment back.
#[entity(local)]
pub struct DeleteCommentPayload {
    /// Which comment is no longer there.
    deleted_id: ID,
}

/// What `activity` answers: the comment, of which only its names are needed here.
#[derive(Deserialize)]
struct Written {
    id: ID,
    track_id: ID,
}

impl From<Written> for CommentPayload {
    fn from(written: Written) -> Self {
        Self { comment_id: written.id, track_id: written.track_id }
    }
}

#[derive(Default)]
pub struct CommentEdits;

#[Object]
impl CommentEdits {
    /// Comments on a moment of a track.
    #[graphql(guard = "bff::graphql::Only(signed_in)")]
    async fn add_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to say, and about which moment.")] input: AddCommentInput,
    ) -> async_graphql::Result<CommentPayload> {
        let comment =
            json!({ "track_id": input.track_id.as_str(), "body": input.body, "at_ms": input.at_ms });
        let count = CommentCountOf(input.track_id.clone());
        let write = ctx
            .write(&ACTIVITY)?
            .post("/comments")
            .idempotency_key(input.idempotency_key)
            .json(&comment)
            .makes_stale(&count)
            .makes_stale_where(move |list: &CommentsOn| list.track == input.track_id);
        Ok(write.send::<Written>().await?.done()?.into())
    }

    /// Rewords a comment of one's own.
    #[graphql(guard = "bff::graphql::Only(signed_in)")]
    async fn edit_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comment, and what to say instead.")] input: EditCommentInput,
    ) -> async_graphql::Result<CommentPayload> {
        let write = ctx
            .write(&ACTIVITY)?
            .patch(path(&input.comment_id))
            .idempotency_key(input.idempotency_key)
            .json(&json!({ "body": input.body }))
            .makes_stale(&CommentById(input.comment_id))
            // Which track it is about is not known here.
            .makes_all_stale::<CommentsOn>();
        Ok(write.send::<Written>().await?.done()?.into())
    }

    /// Takes a comment of one's own back.
    #[graphql(guard = "bff::graphql::Only(signed_in)")]
    async fn delete_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comment.")] input: DeleteCommentInput,
    ) -> async_graphql::Result<DeleteCommentPayload> {
        let write = ctx
            .write(&ACTIVITY)?
            .delete(path(&input.comment_id))
            .idempotency_key(input.idempotency_key)
            .makes_stale(&CommentById(input.comment_id.clone()))
            .makes_all_stale::<CommentsOn>()
            .makes_all_stale::<CommentCountOf>();
        write.send_and_forget().await?.done()?;
        Ok(DeleteCommentPayload { deleted_id: input.comment_id })
    }
}

fn path(comment: &ID) -> String {
    let mut path = String::new();
    let mut url = UrlBuilder::new(&mut path);
    url.text("/comments/");
    url.segment(comment);
    path
}

//! Comments that belong to a moment of a track.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, patch, post};
use rest::{
    Caching, Collection, Cursor, Db, Early, FieldError, Fields, Ids, Limit, Outcome, Path, Problem, Query,
    Time, Write, WriteTx, cached, is_id, rows, rows_by_key,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::caller::Actor;

pub fn routes() -> Router<Db> {
    let reads = Router::new().route("/comments", get(list)).route("/comment-counts", get(counts));
    let writes =
        Router::new().route("/comments", post(create)).route("/comments/{id}", patch(change).delete(delete));
    // Public, but an author wants to see the new one at once: kept only with a question whether it is still good.
    cached(reads, Caching::Public(Duration::ZERO)).merge(cached(writes, Caching::Private))
}

#[derive(Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct Comment {
    #[schema(example = "co-1")]
    id: String,
    #[schema(example = "tr-1")]
    track_id: String,
    user_id: String,
    body: String,
    /// The moment of the track, in milliseconds from its start.
    at_ms: i64,
    created_at: Time,
    /// Later than `created_at` when it was edited.
    updated_at: Time,
}

/// The order of a track's comments.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Newest first.
    #[default]
    Newest,
    /// By the moment of the track.
    AtMs,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Comma-separated, at most 200. Either this or `track_ids`.
    #[param(value_type = Option<String>, example = "co-1,co-2")]
    ids: Option<Ids>,
    /// Comma-separated, at most 200: the comments of these tracks.
    #[param(value_type = Option<String>, example = "tr-1")]
    track_ids: Option<Ids>,
    /// The order of a track's comments.
    #[serde(default)]
    #[param(inline, value_type = Option<Sort>)]
    sort: Sort,
    /// How many per track, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: Limit<20, 100>,
    /// The `cursor` of a track's last row, for that track's next page.
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    fields: Fields<Comment>,
}

/// Comments by id, or of tracks.
#[utoipa::path(get, path = "/comments", params(Which), responses((status = 200, body = Collection<Comment>)))]
pub async fn list(State(db): State<Db>, Query(which): Query<Which>) -> Result<Response, Problem> {
    match (&which.ids, &which.track_ids) {
        (Some(ids), None) => {
            let found = sqlx::query_as::<_, Comment>(
                "SELECT * FROM comments WHERE id IN (SELECT value FROM json_each(?))",
            )
            .bind(ids.to_json())
            .fetch_all(db.reads())
            .await?;
            rows(&found, &which.fields)
        }
        (None, Some(tracks)) => match which.sort {
            Sort::Newest => newest_first(&db, tracks, &which).await,
            Sort::AtMs => by_moment(&db, tracks, &which).await,
        },
        _ => Err(Problem::parameter("ids", "send either `ids` or `track_ids`")),
    }
}

const NEWEST: &str = "comments, newest first";
const MOMENT: &str = "comments by moment";

async fn newest_first(db: &Db, tracks: &Ids, which: &Which) -> Result<Response, Problem> {
    let after: Option<(Time, String)> = which.after.as_ref().map(|after| after.keys(NEWEST)).transpose()?;
    let (created_at, id) = after.unzip();
    let found = sqlx::query_as::<_, Comment>(
        "SELECT comments.* FROM json_each(?1) AS asked JOIN comments ON comments.rowid IN (
             SELECT rowid FROM comments AS c
             WHERE c.track_id = asked.value AND (?2 IS NULL OR (c.created_at, c.id) < (?2, ?3))
             ORDER BY c.created_at DESC, c.id DESC LIMIT ?4)
         ORDER BY asked.key, comments.created_at DESC, comments.id DESC",
    )
    .bind(tracks.to_json())
    .bind(created_at)
    .bind(id)
    .bind(which.limit.get())
    .fetch_all(db.reads())
    .await?;
    rows_by_key(&found, |row| Cursor::new(NEWEST, (&row.created_at, &row.id)), &which.fields)
}

async fn by_moment(db: &Db, tracks: &Ids, which: &Which) -> Result<Response, Problem> {
    let after: Option<(i64, String)> = which.after.as_ref().map(|after| after.keys(MOMENT)).transpose()?;
    let (at_ms, id) = after.unzip();
    let found = sqlx::query_as::<_, Comment>(
        "SELECT comments.* FROM json_each(?1) AS asked JOIN comments ON comments.rowid IN (
             SELECT rowid FROM comments AS c
             WHERE c.track_id = asked.value AND (?2 IS NULL OR (c.at_ms, c.id) > (?2, ?3))
             ORDER BY c.at_ms, c.id LIMIT ?4)
         ORDER BY asked.key, comments.at_ms, comments.id",
    )
    .bind(tracks.to_json())
    .bind(at_ms)
    .bind(id)
    .bind(which.limit.get())
    .fetch_all(db.reads())
    .await?;
    rows_by_key(&found, |row| Cursor::new(MOMENT, (row.at_ms, &row.id)), &which.fields)
}

/// How many comments a track has.
#[derive(Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct CommentCount {
    track_id: String,
    comments: i64,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CountsOf {
    /// Comma-separated, at most 200.
    #[param(value_type = String, example = "tr-1,tr-2")]
    track_ids: Ids,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    fields: Fields<CommentCount>,
}

/// How many comments each of these tracks has; 0 where there are none.
#[utoipa::path(get, path = "/comment-counts", params(CountsOf), responses((status = 200, body = Collection<CommentCount>)))]
pub async fn counts(State(db): State<Db>, Query(of): Query<CountsOf>) -> Result<Response, Problem> {
    let found = sqlx::query_as::<_, CommentCount>(
        "SELECT asked.value AS track_id,
                (SELECT count(*) FROM comments WHERE comments.track_id = asked.value) AS comments
         FROM json_each(?) AS asked",
    )
    .bind(of.track_ids.to_json())
    .fetch_all(db.reads())
    .await?;
    rows(&found, &of.fields)
}

/// A new comment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct New {
    track_id: String,
    /// 1 to 1,000 characters.
    body: String,
    /// The moment of the track, in milliseconds from its start; at most a day.
    at_ms: i64,
}

/// Comments on a track, as the caller.
#[utoipa::path(post, path = "/comments", request_body = New, responses((status = 201, body = Comment)),
    params(("Idempotency-Key" = Option<String>, Header)))]
pub async fn create(State(db): State<Db>, Actor(user): Actor, write: Write<New>) -> Result<Response, Early> {
    let new = &write.input;
    let body = new.body.trim();
    let mut errors: Vec<FieldError> = wording(body).into_iter().collect();
    if !is_id(&new.track_id) {
        errors.push(FieldError::new("track_id", "is not an id (1 to 64 of A-Z a-z 0-9 _ -)"));
    }
    if !(0..=86_400_000).contains(&new.at_ms) {
        errors.push(FieldError::new("at_ms", "must be between 0 and 86,400,000"));
    }
    if !errors.is_empty() {
        return Err(Problem::invalid_fields(errors).into());
    }
    let mut tx = write.begin(&db, &user).await?;
    let comment = sqlx::query_as::<_, Comment>(
        "INSERT INTO comments (id, track_id, user_id, body, at_ms, created_at, updated_at)
         VALUES ('co-' || lower(hex(randomblob(10))), ?1, ?2, ?3, ?4, ?5, ?5) RETURNING *",
    )
    .bind(&new.track_id)
    .bind(&user)
    .bind(body)
    .bind(new.at_ms)
    .bind(Time::now())
    .fetch_one(&mut *tx)
    .await?;
    publish(&mut tx, &comment).await?;
    let outcome = Outcome::created(format!("/comments?ids={}", comment.id), &comment)?;
    tx.commit(outcome).await
}

/// What it is to say now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// 1 to 1,000 characters.
    body: String,
}

/// Rewords the caller's own comment; 403 for somebody else's.
#[utoipa::path(patch, path = "/comments/{id}", request_body = Change, responses((status = 200, body = Comment)),
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)))]
pub async fn change(
    State(db): State<Db>,
    Actor(user): Actor,
    Path(id): Path<String>,
    write: Write<Change>,
) -> Result<Response, Early> {
    let body = write.input.body.trim();
    if let Some(error) = wording(body) {
        return Err(Problem::invalid_fields(vec![error]).into());
    }
    let mut tx = write.begin(&db, &user).await?;
    own(&mut tx, &user, &id).await?;
    let comment =
        sqlx::query_as::<_, Comment>("UPDATE comments SET body = ?, updated_at = ? WHERE id = ? RETURNING *")
            .bind(body)
            .bind(Time::now())
            .bind(&id)
            .fetch_one(&mut *tx)
            .await?;
    publish(&mut tx, &comment).await?;
    let outcome = Outcome::ok(&comment)?;
    tx.commit(outcome).await
}

/// Takes the caller's own comment back; 403 for somebody else's.
#[utoipa::path(delete, path = "/comments/{id}", responses((status = 204)),
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)))]
pub async fn delete(
    State(db): State<Db>,
    Actor(user): Actor,
    Path(id): Path<String>,
    write: Write<()>,
) -> Result<Response, Early> {
    let mut tx = write.begin(&db, &user).await?;
    let comment = own(&mut tx, &user, &id).await?;
    sqlx::query("DELETE FROM comments WHERE id = ?").bind(&id).execute(&mut *tx).await?;
    publish(&mut tx, &comment).await?;
    tx.commit(Outcome::no_content()).await
}

async fn own(tx: &mut WriteTx, user: &str, id: &str) -> Result<Comment, Problem> {
    let comment = sqlx::query_as::<_, Comment>("SELECT * FROM comments WHERE id = ?")
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or_else(|| Problem::not_found(format!("no comment `{id}`")))?;
    if comment.user_id == user {
        Ok(comment)
    } else {
        Err(Problem::forbidden(format!("comment `{id}` is somebody else's; you may change only your own")))
    }
}

/// Ids only. A comment that is then no longer there was taken back.
async fn publish(tx: &mut WriteTx, comment: &Comment) -> Result<(), Problem> {
    let ids = json!({ "track_id": comment.track_id, "comment_id": comment.id });
    tx.publish(&comment.track_id, "comment", &ids).await
}

fn wording(body: &str) -> Option<FieldError> {
    let length = body.chars().count();
    (!(1..=1_000).contains(&length)).then(|| FieldError::new("body", "must be 1 to 1,000 characters"))
}

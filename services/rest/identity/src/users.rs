//! Public profiles: what anybody may know of anybody.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use rest::{Caching, Collection, Db, Fields, Ids, Problem, Query, Time, cached, rows};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Identity;

pub fn routes() -> Router<Identity> {
    cached(Router::new().route("/users", get(by_ids)), Caching::Public(Duration::from_secs(60)))
}

/// A user as others see them.
#[derive(Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct User {
    #[schema(example = "us-1")]
    id: String,
    display_name: String,
    /// What an avatar is drawn from.
    avatar_seed: i64,
    /// ISO 3166; null when the profile is not public.
    country: Option<String>,
    /// Null when the profile is not public.
    bio: Option<String>,
    /// Null when the profile is not public.
    joined_at: Option<Time>,
    public: bool,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ByIds {
    /// Comma-separated, at most 200.
    #[param(value_type = String, example = "us-1,us-2")]
    ids: Ids,
    /// Comma-separated names of the fields to send; all of them when left out.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    fields: Fields<User>,
}

/// Users by id. Unknown ones are absent; of a profile that is not public, only the name and the avatar are told.
#[utoipa::path(get, path = "/users", params(ByIds), responses((status = 200, body = Collection<User>)))]
pub async fn by_ids(State(db): State<Db>, Query(asked): Query<ByIds>) -> Result<Response, Problem> {
    let users = sqlx::query_as::<_, User>(
        "SELECT id, display_name, avatar_seed, public,
                iif(public, country, NULL) AS country, iif(public, bio, NULL) AS bio,
                iif(public, joined_at, NULL) AS joined_at
         FROM users WHERE id IN (SELECT value FROM json_each(?))",
    )
    .bind(asked.ids.to_json())
    .fetch_all(db.reads())
    .await?;
    rows(&users, &asked.fields)
}

//! Genres: a tree; each contains what is below it.

use axum::extract::State;
use axum::response::Response;
use rest::{Collection, Cursor, Db, Fields, Ids, Limit, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::listing::{ByKey, Listing, Order, Placed, asked_by, by_ids};

/// A kind of music.
#[derive(Clone, Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct Genre {
    /// A slug, e.g. `dream-pop`.
    id: String,
    name: String,
    parent_id: Option<String>,
    artist_count: i64,
    album_count: i64,
    track_count: i64,
}

const COLUMNS: &str = "t.id, t.name, t.parent_id, t.artist_count, t.album_count, t.track_count";

const BY_NAME: Order = Order { name: "genres", by: "t.name", id: "t.id", descending: false, numeric: false };

impl Placed for Genre {
    fn place(&self, order: Order) -> Cursor {
        order.cursor(&self.name, &self.id)
    }
}

/// Ask by one of `ids`, `parent_ids`; or list all.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GenresQuery {
    /// Comma-separated; unknown ones are absent from the answer.
    #[param(value_type = Option<String>)]
    ids: Option<Ids>,
    /// Genres right below each of these, by name.
    #[param(value_type = Option<String>)]
    parent_ids: Option<Ids>,
    /// Filter: `true` for those with no parent, `false` for the others.
    top: Option<bool>,
    /// Per key where keys are asked.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    #[serde(default)]
    limit: Limit<100, 200>,
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    #[param(value_type = Option<String>)]
    #[serde(default)]
    fields: Fields<Genre>,
    /// Lists: `false` spares the count.
    total: Option<bool>,
}

/// Genres, by name
#[utoipa::path(get, path = "/genres", params(GenresQuery), responses((status = 200, body = Collection<Genre>)))]
pub async fn list(State(db): State<Db>, Query(asked): Query<GenresQuery>) -> Result<Response, Problem> {
    asked_by(
        &[("ids", asked.ids.is_some()), ("parent_ids", asked.parent_ids.is_some())],
        &[
            ("top", asked.top.is_some(), None),
            ("total", asked.total.is_some(), None),
            ("after", asked.ids.is_some() && asked.after.is_some(), None),
        ],
    )?;
    if let Some(ids) = &asked.ids {
        let rows: Vec<Genre> = by_ids(&db, COLUMNS, "genres", "", ids).await?;
        return rest::rows(&rows, &asked.fields);
    }
    if let Some(keys) = &asked.parent_ids {
        let query = ByKey {
            columns: COLUMNS,
            table: "genres",
            joins: "",
            key_field: "asked_for",
            keys,
            members: "genres t WHERE t.parent_id = k.value",
            order: BY_NAME,
            limit: asked.limit.get(),
        };
        let rows: Vec<Genre> = query.fetch(&db, asked.after.as_ref(), |_| {}).await?;
        return rest::rows_by_key(&rows, |row| row.place(BY_NAME), &asked.fields);
    }
    let listing = Listing {
        columns: COLUMNS,
        table: "genres",
        joins: "",
        genre: None,
        order: BY_NAME,
        limit: asked.limit.get(),
        with_total: asked.total.unwrap_or(true),
    };
    let page = listing
        .fetch::<Genre>(&db, asked.after.as_ref(), |sql| {
            match asked.top {
                Some(true) => sql.push(" AND t.parent_id IS NULL"),
                Some(false) => sql.push(" AND t.parent_id IS NOT NULL"),
                None => sql,
            };
        })
        .await?;
    page.answer(&asked.fields)
}

//! Charts and their entries: the most popular tracks of the world and of each genre.

use axum::extract::State;
use axum::response::Response;
use rest::{Collection, Cursor, Db, Fields, Ids, Limit, Problem, Query, Time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::listing::{Listing, Order, Placed, asked_by, by_ids};

/// A ranking of tracks.
#[derive(Clone, Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct Chart {
    /// `top-global`, or `top-` and a genre's id.
    id: String,
    title: String,
    /// ISO 3166-1 alpha-2; null for a chart that is not of one country.
    country: Option<String>,
    updated_at: Time,
}

const COLUMNS: &str = "t.id, t.title, t.country, t.updated_at";

const BY_ID: Order = Order { name: "charts", by: "t.id", id: "t.id", descending: false, numeric: false };

impl Placed for Chart {
    fn place(&self, order: Order) -> Cursor {
        order.cursor(&self.id, &self.id)
    }
}

/// Ask by `ids`, or list all.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChartsQuery {
    /// Comma-separated; unknown ones are absent from the answer.
    #[param(value_type = Option<String>)]
    ids: Option<Ids>,
    /// Filter: ISO 3166-1 alpha-2.
    country: Option<String>,
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    #[serde(default)]
    limit: Limit<20, 200>,
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    #[param(value_type = Option<String>)]
    #[serde(default)]
    fields: Fields<Chart>,
    /// Lists: `false` spares the count.
    total: Option<bool>,
}

/// Charts
#[utoipa::path(get, path = "/charts", params(ChartsQuery), responses((status = 200, body = Collection<Chart>)))]
pub async fn list(State(db): State<Db>, Query(asked): Query<ChartsQuery>) -> Result<Response, Problem> {
    asked_by(
        &[("ids", asked.ids.is_some())],
        &[
            ("country", asked.country.is_some(), None),
            ("total", asked.total.is_some(), None),
            ("after", asked.after.is_some(), None),
        ],
    )?;
    if let Some(ids) = &asked.ids {
        let rows: Vec<Chart> = by_ids(&db, COLUMNS, "charts", "", ids).await?;
        return rest::rows(&rows, &asked.fields);
    }
    let listing = Listing {
        columns: COLUMNS,
        table: "charts",
        joins: "",
        genre: None,
        order: BY_ID,
        limit: asked.limit.get(),
        with_total: asked.total.unwrap_or(true),
    };
    let page = listing
        .fetch::<Chart>(&db, asked.after.as_ref(), |sql| {
            if let Some(country) = &asked.country {
                sql.push(" AND t.country = ").push_bind(country.to_uppercase());
            }
        })
        .await?;
    page.answer(&asked.fields)
}

/// One place of a chart.
#[derive(Clone, Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct ChartEntry {
    chart_id: String,
    /// From 1, the most popular.
    rank: i64,
    track_id: String,
    /// Its rank when charts were last published; null if it was not in the chart then.
    previous_rank: Option<i64>,
}

/// Entries of several charts at once.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChartEntriesQuery {
    /// Comma-separated; unknown charts have no entries.
    #[param(value_type = String)]
    chart_ids: Ids,
    /// Per chart; a chart has at most 100 entries.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    #[serde(default)]
    limit: Limit<20, 200>,
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    #[param(value_type = Option<String>)]
    #[serde(default)]
    fields: Fields<ChartEntry>,
}

const ENTRIES: &str = "
    SELECT e.chart_id, e.rank, e.track_id, e.previous_rank
    FROM json_each(?) k CROSS JOIN chart_entries e ON e.chart_id = k.value AND e.rank IN (
        SELECT rank FROM chart_entries WHERE chart_id = k.value AND rank > ? ORDER BY rank LIMIT ?)
    ORDER BY k.key, e.rank";

/// Chart entries, by rank
#[utoipa::path(get, path = "/chart-entries", params(ChartEntriesQuery), responses((status = 200, body = Collection<ChartEntry>)))]
pub async fn entries(
    State(db): State<Db>,
    Query(asked): Query<ChartEntriesQuery>,
) -> Result<Response, Problem> {
    const ORDER: &str = "rank";
    let after: i64 = match &asked.after {
        Some(cursor) => cursor.keys::<(i64,)>(ORDER)?.0,
        None => 0,
    };
    let rows: Vec<ChartEntry> = sqlx::query_as(ENTRIES)
        .bind(asked.chart_ids.to_json())
        .bind(after)
        .bind(i64::from(asked.limit.get()))
        .fetch_all(db.reads())
        .await?;
    rest::rows_by_key(&rows, |row| Cursor::new(ORDER, (row.rank,)), &asked.fields)
}

//! Albums: by id, of artists, of genres, and listed (new releases are the list's default order).

use axum::extract::State;
use axum::response::Response;
use rest::{Collection, Cursor, Db, Fields, Ids, Limit, Path, Problem, Query, Time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::listing::{ByKey, GenreIds, Listing, NAME, Order, POPULARITY, Placed, asked_by, by_ids};

/// A release: tracks in an order.
#[derive(Clone, Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct Album {
    id: String,
    artist_id: String,
    artist_name: String,
    title: String,
    /// `album`, `single` or `ep`.
    kind: String,
    /// YYYY-MM-DD
    released_on: String,
    upc: Option<String>,
    label: Option<String>,
    track_count: i64,
    duration_ms: i64,
    #[sqlx(try_from = "String")]
    #[schema(value_type = Vec<String>)]
    genre_ids: GenreIds,
    /// 0 to 1000000.
    popularity: i64,
    updated_at: Time,
    /// The genre that was asked for; only in answers by `genre_ids`.
    #[sqlx(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    genre_id: Option<String>,
}

const COLUMNS: &str = "t.id, t.artist_id, a.name AS artist_name, t.title, t.kind, t.released_on, t.upc, t.label, \
                       t.track_count, t.duration_ms, coalesce(t.own_genre_ids, a.genre_ids) AS genre_ids, \
                       t.popularity, t.updated_at";
const JOINS: &str = " JOIN artists a ON a.id = t.artist_id";

const NEWEST: Order =
    Order { name: "newest", by: "t.released_on", id: "t.id", descending: true, numeric: false };

impl Placed for Album {
    fn place(&self, order: Order) -> Cursor {
        match order.name {
            "newest" => order.cursor(&self.released_on, &self.id),
            "name" => order.cursor(self.title.to_lowercase(), &self.id),
            _ => order.cursor(self.popularity, &self.id),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    #[default]
    Newest,
    Popularity,
    Title,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Album,
    Single,
    Ep,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Album => "album",
            Self::Single => "single",
            Self::Ep => "ep",
        }
    }
}

/// Ask by one of `ids`, `artist_ids`, `genre_ids`; or list with filters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AlbumsQuery {
    /// Comma-separated; unknown ones are absent from the answer.
    #[param(value_type = Option<String>)]
    ids: Option<Ids>,
    /// Albums of each artist, newest first. Goes with `kind`.
    #[param(value_type = Option<String>)]
    artist_ids: Option<Ids>,
    /// Albums of each genre, most popular first.
    #[param(value_type = Option<String>)]
    genre_ids: Option<Ids>,
    /// Filter.
    #[param(inline)]
    kind: Option<Kind>,
    /// Filter: in this genre or one below it.
    genre: Option<String>,
    /// Filter: one of these codes, comma-separated.
    #[param(value_type = Option<String>)]
    upc: Option<Ids>,
    /// Filter: this very title, whatever its case.
    title: Option<String>,
    /// Filter: on this day or later.
    #[param(value_type = Option<String>, format = Date)]
    released_from: Option<jiff::civil::Date>,
    /// Filter: on this day or earlier.
    #[param(value_type = Option<String>, format = Date)]
    released_to: Option<jiff::civil::Date>,
    #[param(inline)]
    sort: Option<Sort>,
    /// Per key where keys are asked.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    #[serde(default)]
    limit: Limit<20, 200>,
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    #[param(value_type = Option<String>)]
    #[serde(default)]
    fields: Fields<Album>,
    /// Lists: `false` spares the count.
    total: Option<bool>,
}

/// Albums
#[utoipa::path(get, path = "/albums", params(AlbumsQuery), responses((status = 200, body = Collection<Album>)))]
pub async fn list(State(db): State<Db>, Query(asked): Query<AlbumsQuery>) -> Result<Response, Problem> {
    asked_by(
        &[
            ("ids", asked.ids.is_some()),
            ("artist_ids", asked.artist_ids.is_some()),
            ("genre_ids", asked.genre_ids.is_some()),
        ],
        &[
            ("kind", asked.kind.is_some(), Some("artist_ids")),
            ("genre", asked.genre.is_some(), None),
            ("upc", asked.upc.is_some(), None),
            ("title", asked.title.is_some(), None),
            ("released_from", asked.released_from.is_some(), None),
            ("released_to", asked.released_to.is_some(), None),
            ("sort", asked.sort.is_some(), None),
            ("total", asked.total.is_some(), None),
            ("after", asked.ids.is_some() && asked.after.is_some(), None),
        ],
    )?;
    if let Some(ids) = &asked.ids {
        let rows: Vec<Album> = by_ids(&db, COLUMNS, "albums", JOINS, ids).await?;
        return rest::rows(&rows, &asked.fields);
    }
    let (keys, key_field, members, order) = match (&asked.artist_ids, &asked.genre_ids) {
        (Some(keys), _) => (keys, "asked_for", "albums t WHERE t.artist_id = k.value", NEWEST),
        (_, Some(keys)) => (keys, "genre_id", "genre_albums t WHERE t.genre_id = k.value", POPULARITY),
        _ => return listed(&db, &asked).await,
    };
    let query = ByKey {
        columns: COLUMNS,
        table: "albums",
        joins: JOINS,
        key_field,
        keys,
        members,
        order,
        limit: asked.limit.get(),
    };
    let rows: Vec<Album> = query
        .fetch(&db, asked.after.as_ref(), |sql| {
            if let Some(kind) = asked.kind {
                sql.push(" AND t.kind = ").push_bind(kind.as_str());
            }
        })
        .await?;
    rest::rows_by_key(&rows, |row| row.place(order), &asked.fields)
}

async fn listed(db: &Db, asked: &AlbumsQuery) -> Result<Response, Problem> {
    let listing = Listing {
        columns: COLUMNS,
        table: "albums",
        joins: JOINS,
        genre: asked.genre.as_deref().map(|genre| (genre, "genre_albums")),
        order: match asked.sort.unwrap_or_default() {
            Sort::Newest => NEWEST,
            Sort::Popularity => POPULARITY,
            Sort::Title => NAME,
        },
        limit: asked.limit.get(),
        with_total: asked.total.unwrap_or(true),
    };
    let page = listing
        .fetch::<Album>(db, asked.after.as_ref(), |sql| {
            if let Some(kind) = asked.kind {
                sql.push(" AND t.kind = ").push_bind(kind.as_str());
            }
            if let Some(upc) = &asked.upc {
                sql.push(" AND t.upc IN (SELECT value FROM json_each(").push_bind(upc.to_json()).push("))");
            }
            if let Some(title) = &asked.title {
                sql.push(" AND t.sort_key = ").push_bind(title.to_lowercase());
            }
            if let Some(day) = asked.released_from {
                sql.push(" AND t.released_on >= ").push_bind(day.to_string());
            }
            if let Some(day) = asked.released_to {
                sql.push(" AND t.released_on <= ").push_bind(day.to_string());
            }
        })
        .await?;
    page.answer(&asked.fields)
}

/// How one row is to be sent.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AlbumQuery {
    #[param(value_type = Option<String>)]
    #[serde(default)]
    fields: Fields<Album>,
}

/// One album
#[utoipa::path(get, path = "/albums/{id}", params(("id" = String, Path), AlbumQuery), responses((status = 200, body = Album)))]
pub async fn one(
    State(db): State<Db>,
    Path(id): Path<String>,
    Query(asked): Query<AlbumQuery>,
) -> Result<Response, Problem> {
    let rows: Vec<Album> = by_ids(&db, COLUMNS, "albums", JOINS, &Ids::one(&id)).await?;
    match rows.first() {
        Some(row) => rest::row(row, &asked.fields),
        None => Err(Problem::not_found(format!("no album `{id}`"))),
    }
}

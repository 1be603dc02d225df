//! Artists: by id, by genre, related to others, and listed.

use axum::extract::State;
use axum::response::Response;
use rest::{Collection, Cursor, Db, Fields, Ids, Limit, Path, Problem, Query, Time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::listing::{ByKey, GenreIds, Listing, NAME, Order, POPULARITY, Placed, Sql, asked_by, by_ids};

/// Someone whose music can be played.
#[derive(Clone, Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct Artist {
    id: String,
    name: String,
    /// What to sort by, e.g. `Beatles, The`.
    sort_name: String,
    /// ISO 3166-1 alpha-2.
    country: Option<String>,
    formed_year: Option<i64>,
    bio: Option<String>,
    #[sqlx(try_from = "String")]
    #[schema(value_type = Vec<String>)]
    genre_ids: GenreIds,
    /// 0 to 1000000.
    popularity: i64,
    monthly_listeners: i64,
    album_count: i64,
    updated_at: Time,
    /// The genre that was asked for; only in answers by `genre_ids`.
    #[sqlx(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    genre_id: Option<String>,
    /// The artist that was asked for; only in answers by `related_to`.
    #[sqlx(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    related_to: Option<String>,
    /// How many genres both have; only in answers by `related_to`.
    #[sqlx(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_genres: Option<i64>,
}

const COLUMNS: &str = "t.id, t.name, t.sort_name, t.country, t.formed_year, t.bio, t.genre_ids, t.popularity, \
                       t.monthly_listeners, t.album_count, t.updated_at";

impl Placed for Artist {
    fn place(&self, order: Order) -> Cursor {
        match order.name {
            "name" => order.cursor(self.sort_name.to_lowercase(), &self.id),
            _ => order.cursor(self.popularity, &self.id),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    #[default]
    Popularity,
    Name,
}

/// Ask by one of `ids`, `genre_ids`, `related_to`; or list with filters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ArtistsQuery {
    /// Comma-separated; unknown ones are absent from the answer.
    #[param(value_type = Option<String>)]
    ids: Option<Ids>,
    /// Artists of each genre, most popular first.
    #[param(value_type = Option<String>)]
    genre_ids: Option<Ids>,
    /// For each of these artists, others with the same genres: most shared genres first, then most popular.
    #[param(value_type = Option<String>)]
    related_to: Option<Ids>,
    /// Filter: in this genre or one below it.
    genre: Option<String>,
    /// Filter: ISO 3166-1 alpha-2.
    country: Option<String>,
    /// Filter: this very name, whatever its case.
    name: Option<String>,
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
    fields: Fields<Artist>,
    /// Lists: `false` spares the count.
    total: Option<bool>,
}

/// Artists
#[utoipa::path(get, path = "/artists", params(ArtistsQuery), responses((status = 200, body = Collection<Artist>)))]
pub async fn list(State(db): State<Db>, Query(asked): Query<ArtistsQuery>) -> Result<Response, Problem> {
    let key = asked_by(
        &[
            ("ids", asked.ids.is_some()),
            ("genre_ids", asked.genre_ids.is_some()),
            ("related_to", asked.related_to.is_some()),
        ],
        &[
            ("genre", asked.genre.is_some(), None),
            ("country", asked.country.is_some(), None),
            ("name", asked.name.is_some(), None),
            ("sort", asked.sort.is_some(), None),
            ("total", asked.total.is_some(), None),
            ("after", asked.ids.is_some() && asked.after.is_some(), None),
        ],
    )?;
    match (key, &asked.ids, &asked.genre_ids, &asked.related_to) {
        (_, Some(ids), ..) => {
            let rows: Vec<Artist> = by_ids(&db, COLUMNS, "artists", "", ids).await?;
            rest::rows(&rows, &asked.fields)
        }
        (_, _, Some(keys), _) => {
            let query = ByKey {
                columns: COLUMNS,
                table: "artists",
                joins: "",
                key_field: "genre_id",
                keys,
                members: "genre_artists t WHERE t.genre_id = k.value",
                order: POPULARITY,
                limit: asked.limit.get(),
            };
            let rows: Vec<Artist> = query.fetch(&db, asked.after.as_ref(), |_| {}).await?;
            rest::rows_by_key(&rows, |row| row.place(POPULARITY), &asked.fields)
        }
        (_, _, _, Some(keys)) => related(&db, keys, &asked).await,
        _ => listed(&db, &asked).await,
    }
}

async fn listed(db: &Db, asked: &ArtistsQuery) -> Result<Response, Problem> {
    let listing = Listing {
        columns: COLUMNS,
        table: "artists",
        joins: "",
        genre: asked.genre.as_deref().map(|genre| (genre, "genre_artists")),
        order: match asked.sort.unwrap_or_default() {
            Sort::Popularity => POPULARITY,
            Sort::Name => NAME,
        },
        limit: asked.limit.get(),
        with_total: asked.total.unwrap_or(true),
    };
    let page = listing
        .fetch::<Artist>(db, asked.after.as_ref(), |sql| {
            if let Some(country) = &asked.country {
                sql.push(" AND t.country = ").push_bind(country.to_uppercase());
            }
            if let Some(name) = &asked.name {
                sql.push(" AND t.name_key = ").push_bind(name.to_lowercase());
            }
        })
        .await?;
    page.answer(&asked.fields)
}

/// Candidates are the leaders of each shared genre, so that the work is bounded however large a genre is.
const RELATED: &str = "
    WITH candidates AS (
        SELECT k.key AS position, k.value AS related_to, o.n, count(*) AS shared_genres
        FROM json_each(?1) k
        JOIN artists s ON s.id = k.value
        JOIN json_each(s.genre_ids) m
        JOIN genre_leaders o ON o.genre_id = m.value AND o.n <> s.n
        GROUP BY k.key, o.n
    ), ranked AS (
        SELECT c.*, row_number() OVER (
            PARTITION BY c.position ORDER BY c.shared_genres DESC, t.popularity DESC, t.id) AS place
        FROM candidates c JOIN artists t ON t.n = c.n
        WHERE ?2 IS NULL OR (-c.shared_genres, -t.popularity, t.id) > (-?2, -?3, ?4)
    )
    SELECT r.related_to, r.shared_genres, ";

async fn related(db: &Db, keys: &Ids, asked: &ArtistsQuery) -> Result<Response, Problem> {
    const ORDER: &str = "related";
    let after: Option<(i64, i64, String)> =
        asked.after.as_ref().map(|cursor| cursor.keys(ORDER)).transpose()?;
    let (shared, popularity, id) = match after {
        Some((shared, popularity, id)) => (Some(shared), Some(popularity), Some(id)),
        None => (None, None, None),
    };
    let mut sql = Sql::new(RELATED);
    sql.push(COLUMNS);
    sql.push(" FROM ranked r JOIN artists t ON t.n = r.n WHERE r.place <= ?5 ORDER BY r.position, r.place");
    let rows: Vec<Artist> = sqlx::query_as(sqlx::AssertSqlSafe(sql.into_string()))
        .bind(keys.to_json())
        .bind(shared)
        .bind(popularity)
        .bind(id)
        .bind(i64::from(asked.limit.get()))
        .fetch_all(db.reads())
        .await?;
    let cursor = |row: &Artist| Cursor::new(ORDER, (row.shared_genres.unwrap_or(0), row.popularity, &row.id));
    rest::rows_by_key(&rows, cursor, &asked.fields)
}

/// How one row is to be sent.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ArtistQuery {
    #[param(value_type = Option<String>)]
    #[serde(default)]
    fields: Fields<Artist>,
}

/// One artist
#[utoipa::path(get, path = "/artists/{id}", params(("id" = String, Path), ArtistQuery), responses((status = 200, body = Artist)))]
pub async fn one(
    State(db): State<Db>,
    Path(id): Path<String>,
    Query(asked): Query<ArtistQuery>,
) -> Result<Response, Problem> {
    let rows: Vec<Artist> = by_ids(&db, COLUMNS, "artists", "", &Ids::one(&id)).await?;
    match rows.first() {
        Some(row) => rest::row(row, &asked.fields),
        None => Err(Problem::not_found(format!("no artist `{id}`"))),
    }
}

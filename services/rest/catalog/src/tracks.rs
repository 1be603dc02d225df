//! Tracks: by id, of albums in order, of artists and genres by popularity, and listed.

use axum::extract::State;
use axum::response::Response;
use rest::{Collection, Cursor, Db, Fields, Ids, Limit, Path, Problem, Query, Time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::listing::{ByKey, Listing, NAME, Order, POPULARITY, Placed, asked_by, by_ids};

/// A recording as it appears on one album.
#[derive(Clone, Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct Track {
    id: String,
    album_id: String,
    album_title: String,
    artist_id: String,
    artist_name: String,
    title: String,
    disc: i64,
    /// On its disc, from 1.
    position: i64,
    duration_ms: i64,
    isrc: Option<String>,
    explicit: bool,
    /// 0 to 1000000.
    popularity: i64,
    updated_at: Time,
    /// The genre that was asked for; only in answers by `genre_ids`.
    #[sqlx(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    genre_id: Option<String>,
}

const COLUMNS: &str = "t.id, t.album_id, b.title AS album_title, t.artist_id, a.name AS artist_name, t.title, t.disc, \
                       t.position, t.duration_ms, t.isrc, t.explicit, t.popularity, t.updated_at";
const JOINS: &str = " JOIN albums b ON b.id = t.album_id JOIN artists a ON a.id = t.artist_id";

/// As on the album. The factor is the largest position an import takes, plus one.
const AS_PLAYED: Order = Order {
    name: "as_played",
    by: "(t.disc * 100000 + t.position)",
    id: "t.id",
    descending: false,
    numeric: true,
};

impl Placed for Track {
    fn place(&self, order: Order) -> Cursor {
        match order.name {
            "as_played" => order.cursor(self.disc * 100_000 + self.position, &self.id),
            "name" => order.cursor(self.title.to_lowercase(), &self.id),
            _ => order.cursor(self.popularity, &self.id),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    #[default]
    Popularity,
    Title,
}

/// Ask by one of `ids`, `album_ids`, `artist_ids`, `genre_ids`; or list with filters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TracksQuery {
    /// Comma-separated; unknown ones are absent from the answer.
    #[param(value_type = Option<String>)]
    ids: Option<Ids>,
    /// Tracks of each album, by disc and position.
    #[param(value_type = Option<String>)]
    album_ids: Option<Ids>,
    /// Tracks of each artist, most popular first.
    #[param(value_type = Option<String>)]
    artist_ids: Option<Ids>,
    /// Tracks of each genre, most popular first.
    #[param(value_type = Option<String>)]
    genre_ids: Option<Ids>,
    /// Filter: in this genre or one below it.
    genre: Option<String>,
    /// Filter: one of these codes, comma-separated.
    #[param(value_type = Option<String>)]
    isrc: Option<Ids>,
    /// Filter: this very title, whatever its case.
    title: Option<String>,
    /// Filter.
    explicit: Option<bool>,
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
    fields: Fields<Track>,
    /// Lists: `false` spares the count.
    total: Option<bool>,
}

/// Tracks
#[utoipa::path(get, path = "/tracks", params(TracksQuery), responses((status = 200, body = Collection<Track>)))]
pub async fn list(State(db): State<Db>, Query(asked): Query<TracksQuery>) -> Result<Response, Problem> {
    asked_by(
        &[
            ("ids", asked.ids.is_some()),
            ("album_ids", asked.album_ids.is_some()),
            ("artist_ids", asked.artist_ids.is_some()),
            ("genre_ids", asked.genre_ids.is_some()),
        ],
        &[
            ("genre", asked.genre.is_some(), None),
            ("isrc", asked.isrc.is_some(), None),
            ("title", asked.title.is_some(), None),
            ("explicit", asked.explicit.is_some(), None),
            ("sort", asked.sort.is_some(), None),
            ("total", asked.total.is_some(), None),
            ("after", asked.ids.is_some() && asked.after.is_some(), None),
        ],
    )?;
    if let Some(ids) = &asked.ids {
        let rows: Vec<Track> = by_ids(&db, COLUMNS, "tracks", JOINS, ids).await?;
        return rest::rows(&rows, &asked.fields);
    }
    let (keys, key_field, members, order) = match (&asked.album_ids, &asked.artist_ids, &asked.genre_ids) {
        (Some(keys), ..) => (keys, "asked_for", "tracks t WHERE t.album_id = k.value", AS_PLAYED),
        (_, Some(keys), _) => (keys, "asked_for", "tracks t WHERE t.artist_id = k.value", POPULARITY),
        (.., Some(keys)) => (keys, "genre_id", "genre_tracks t WHERE t.genre_id = k.value", POPULARITY),
        _ => return listed(&db, &asked).await,
    };
    let query = ByKey {
        columns: COLUMNS,
        table: "tracks",
        joins: JOINS,
        key_field,
        keys,
        members,
        order,
        limit: asked.limit.get(),
    };
    let rows: Vec<Track> = query.fetch(&db, asked.after.as_ref(), |_| {}).await?;
    rest::rows_by_key(&rows, |row| row.place(order), &asked.fields)
}

async fn listed(db: &Db, asked: &TracksQuery) -> Result<Response, Problem> {
    let listing = Listing {
        columns: COLUMNS,
        table: "tracks",
        joins: JOINS,
        genre: asked.genre.as_deref().map(|genre| (genre, "genre_tracks")),
        order: match asked.sort.unwrap_or_default() {
            Sort::Popularity => POPULARITY,
            Sort::Title => NAME,
        },
        limit: asked.limit.get(),
        with_total: asked.total.unwrap_or(true),
    };
    let page = listing
        .fetch::<Track>(db, asked.after.as_ref(), |sql| {
            if let Some(isrc) = &asked.isrc {
                sql.push(" AND t.isrc IN (SELECT value FROM json_each(").push_bind(isrc.to_json()).push("))");
            }
            if let Some(title) = &asked.title {
                sql.push(" AND t.sort_key = ").push_bind(title.to_lowercase());
            }
            if let Some(explicit) = asked.explicit {
                sql.push(" AND t.explicit = ").push_bind(explicit);
            }
        })
        .await?;
    page.answer(&asked.fields)
}

/// How one row is to be sent.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TrackQuery {
    #[param(value_type = Option<String>)]
    #[serde(default)]
    fields: Fields<Track>,
}

/// One track
#[utoipa::path(get, path = "/tracks/{id}", params(("id" = String, Path), TrackQuery), responses((status = 200, body = Track)))]
pub async fn one(
    State(db): State<Db>,
    Path(id): Path<String>,
    Query(asked): Query<TrackQuery>,
) -> Result<Response, Problem> {
    let rows: Vec<Track> = by_ids(&db, COLUMNS, "tracks", JOINS, &Ids::one(&id)).await?;
    match rows.first() {
        Some(row) => rest::row(row, &asked.fields),
        None => Err(Problem::not_found(format!("no track `{id}`"))),
    }
}

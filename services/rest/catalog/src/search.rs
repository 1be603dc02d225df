//! Full-text search over artists, albums and tracks: best matches first, with totals and facets.
//!
//! Matches come in three tiers (the whole name, its beginning, anywhere in name and creator), each by popularity.
//! Documents are numbered by popularity, which is the order in which the index lists its matches: a page is read off
//! the index without sorting, however many matches there are.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rest::{Cursor, Db, Limit, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::listing::Sql;
use crate::terms::Wanted;

/// Counting stops here: nobody pages further, and every request's work stays bounded.
const COUNTED: i64 = 10_000;
/// Longer than any name; what is longer is not a search.
const LONGEST_QUERY: usize = 200;

/// What to look for, and where.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words, at most 200 characters; the last one may be unfinished.
    q: String,
    /// Comma-separated: `artist`, `album`, `track`; all of them when left out.
    #[param(value_type = Option<String>)]
    types: Option<Types>,
    /// Only in this genre or one below it.
    genre: Option<String>,
    /// Only from the ten years that begin with this one, e.g. 1990.
    decade: Option<i64>,
    /// Whether to count what the other filters would give.
    facets: Option<bool>,
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    #[serde(default)]
    limit: Limit<20, 100>,
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
}

/// Matches, best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Found {
    items: Vec<Hit>,
    /// Send it as `after` for the next page; null on the last one.
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
    /// How many match; counting stops at 10000.
    total: i64,
    /// Only when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<Facets>,
}

/// Which thing matches; ask for it by id.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hit {
    /// `artist`, `album` or `track`.
    #[serde(rename = "type")]
    kind: String,
    id: String,
    /// How well its name matches.
    #[serde(rename = "match")]
    tier: Tier,
    #[schema(value_type = String)]
    cursor: Cursor,
}

/// What of the name was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Tier {
    Whole,
    Beginning,
    Anywhere,
}

/// Counts per value, most frequent first; each ignores the filter of its own kind, so that it shows the alternatives.
#[derive(Debug, Serialize, ToSchema)]
pub struct Facets {
    types: Vec<Facet>,
    genres: Vec<Facet>,
    decades: Vec<Facet>,
}

/// One value and how many matches have it.
#[derive(Debug, Serialize, sqlx::FromRow, ToSchema)]
pub struct Facet {
    value: String,
    count: i64,
}

/// Full-text search
#[utoipa::path(get, path = "/search", params(SearchQuery), responses((status = 200, body = Found)))]
pub async fn search(State(db): State<Db>, Query(asked): Query<SearchQuery>) -> Result<Response, Problem> {
    if asked.q.chars().count() > LONGEST_QUERY {
        return Err(Problem::parameter("q", format!("longer than {LONGEST_QUERY} characters")));
    }
    let start: Option<(Tier, i64)> = asked.after.as_ref().map(|cursor| cursor.keys("search")).transpose()?;
    let Some(wanted) = Wanted::from_text(&asked.q) else {
        let facets = asked.facets.unwrap_or(false).then(|| Facets {
            types: Vec::new(),
            genres: Vec::new(),
            decades: Vec::new(),
        });
        return rest::json(StatusCode::OK, &Found { items: Vec::new(), next: None, total: 0, facets });
    };
    let filters =
        Filters { types: asked.types.as_ref(), genre: asked.genre.as_deref(), decade: asked.decade };
    let mut items = page(&db, &wanted, filters, start, asked.limit.and_one()).await?;
    let more = items.len() > asked.limit.get() as usize;
    items.truncate(asked.limit.get() as usize);
    let next = if more { items.last().map(|hit| hit.cursor.clone()) } else { None };
    let total = count(&db, &wanted, filters).await?;
    let facets =
        if asked.facets.unwrap_or(false) { Some(facets(&db, &wanted, filters).await?) } else { None };
    rest::json(StatusCode::OK, &Found { items, next, total, facets })
}

/// Goes through the tiers until the page is full.
async fn page(
    db: &Db,
    wanted: &Wanted,
    filters: Filters<'_>,
    start: Option<(Tier, i64)>,
    limit: i64,
) -> Result<Vec<Hit>, Problem> {
    let Wanted { whole, beginning, anywhere } = wanted;
    let tiers = [
        (Tier::Whole, whole.clone()),
        (Tier::Beginning, format!("({beginning}) NOT ({whole})")),
        (Tier::Anywhere, format!("({anywhere}) NOT ({beginning})")),
    ];
    let skipped = start.map_or(0, |(tier, _)| tier as usize);
    let mut hits: Vec<Hit> = Vec::new();
    for (tier, expression) in tiers.into_iter().skip(skipped) {
        let after = start.filter(|(started, _)| *started == tier).map_or(0, |(_, n)| n);
        let room = limit - i64::try_from(hits.len()).unwrap_or(limit);
        if room <= 0 {
            break;
        }
        let mut sql = Sql::new("SELECT d.n, d.type, d.id");
        filters.push_matches(&mut sql, &expression);
        sql.push(" AND i.rowid > ").push_bind(after).push(" ORDER BY i.rowid LIMIT ").push_bind(room);
        let rows: Vec<(i64, String, String)> = sql.build_query_as().fetch_all(db.reads()).await?;
        hits.extend(rows.into_iter().map(|(n, kind, id)| Hit {
            kind,
            id,
            tier,
            cursor: Cursor::new("search", (tier, n)),
        }));
    }
    Ok(hits)
}

async fn count(db: &Db, wanted: &Wanted, filters: Filters<'_>) -> Result<i64, Problem> {
    let mut sql = Sql::new("SELECT count(*) FROM (SELECT 1");
    filters.push_matches(&mut sql, &wanted.anywhere);
    sql.push(" LIMIT ").push_bind(COUNTED).push(")");
    Ok(sql.build_query_scalar().fetch_one(db.reads()).await?)
}

async fn facets(db: &Db, wanted: &Wanted, filters: Filters<'_>) -> Result<Facets, Problem> {
    let types = Filters { types: None, ..filters };
    let genres = Filters { genre: None, ..filters };
    let decades = Filters { decade: None, ..filters };
    Ok(Facets {
        types: facet(db, wanted, types, "SELECT m.type AS value", "").await?,
        genres: facet(db, wanted, genres, "SELECT g.value AS value", ", json_each(m.genre_ids) g").await?,
        decades: facet(
            db,
            wanted,
            decades,
            "SELECT CAST(m.decade AS TEXT) AS value",
            " WHERE m.decade IS NOT NULL",
        )
        .await?,
    })
}

async fn facet(
    db: &Db,
    wanted: &Wanted,
    filters: Filters<'_>,
    value: &'static str,
    rest: &'static str,
) -> Result<Vec<Facet>, Problem> {
    let mut sql = Sql::new(value);
    sql.push(", count(*) AS count FROM (SELECT d.type, d.decade, d.genre_ids");
    filters.push_matches(&mut sql, &wanted.anywhere);
    sql.push(" LIMIT ").push_bind(COUNTED).push(") m").push(rest);
    sql.push(" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 50");
    Ok(sql.build_query_as().fetch_all(db.reads()).await?)
}

#[derive(Clone, Copy)]
struct Filters<'a> {
    types: Option<&'a Types>,
    genre: Option<&'a str>,
    decade: Option<i64>,
}

impl Filters<'_> {
    fn push_matches(self, sql: &mut Sql, expression: &str) {
        sql.push(
            " FROM search_index i CROSS JOIN search_documents d ON d.n = i.rowid WHERE search_index MATCH ",
        );
        sql.push_bind(expression.to_owned());
        if let Some(types) = self.types {
            sql.push(" AND d.type IN (SELECT value FROM json_each(").push_bind(types.0.clone()).push("))");
        }
        if let Some(genre) = self.genre {
            sql.push(" AND EXISTS (SELECT 1 FROM json_each(d.genre_ids) WHERE value = ");
            sql.push_bind(genre.to_owned()).push(")");
        }
        if let Some(decade) = self.decade {
            sql.push(" AND d.decade = ").push_bind(decade);
        }
    }
}

/// A list of types, as a JSON array.
#[derive(Clone, Debug)]
struct Types(String);

impl<'de> Deserialize<'de> for Types {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const KNOWN: [&str; 3] = ["artist", "album", "track"];
        let text = String::deserialize(deserializer)?;
        let types: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        match types.iter().find(|name| !KNOWN.contains(name)) {
            Some(name) => Err(serde::de::Error::custom(format_args!(
                "no type `{name}`; known ones: {}",
                KNOWN.join(", ")
            ))),
            None if types.is_empty() => Err(serde::de::Error::custom("names no type")),
            None => Ok(Self(serde_json::Value::from(types).to_string())),
        }
    }
}

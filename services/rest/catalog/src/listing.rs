//! What all collections share: the one key they are asked by, keyset order, rows of many keys at once.

use rest::{Cursor, Ids, Page, Problem};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, QueryBuilder, Sqlite};

pub type Sql = QueryBuilder<Sqlite>;

/// An ordering by one expression, ties broken by id.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub name: &'static str,
    pub by: &'static str,
    pub id: &'static str,
    pub descending: bool,
    pub numeric: bool,
}

pub const POPULARITY: Order =
    Order { name: "popularity", by: "t.popularity", id: "t.id", descending: true, numeric: true };
/// The same, read off a genre's own list.
const POPULARITY_IN_GENRE: Order = Order { by: "g.popularity", id: "g.id", ..POPULARITY };
pub const NAME: Order =
    Order { name: "name", by: "t.sort_key", id: "t.id", descending: false, numeric: false };

/// A row that can say where it stands in an order.
pub trait Placed {
    fn place(&self, order: Order) -> Cursor;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Place {
    Number(i64, String),
    Text(String, String),
}

impl Order {
    pub fn cursor(self, value: impl Serialize, id: &str) -> Cursor {
        Cursor::new(self.name, (value, id))
    }

    /// Where `after` points to; 400 when it was made for another order.
    pub fn place(self, after: Option<&Cursor>) -> Result<Option<Place>, Problem> {
        let Some(cursor) = after else { return Ok(None) };
        let place = if self.numeric {
            let (value, id) = cursor.keys(self.name)?;
            Place::Number(value, id)
        } else {
            let (value, id) = cursor.keys(self.name)?;
            Place::Text(value, id)
        };
        Ok(Some(place))
    }

    /// ` AND …` for the rows after a place. The first comparison alone narrows an index; the second settles ties.
    pub fn push_after(self, sql: &mut Sql, place: Option<&Place>) {
        let beyond = if self.descending { "<" } else { ">" };
        let by = self.by;
        let mut push = |bind: &dyn Fn(&mut Sql), id: &String| {
            sql.push(format_args!(" AND {by} {beyond}= "));
            bind(sql);
            sql.push(format_args!(" AND ({by} {beyond} "));
            bind(sql);
            sql.push(" OR ").push(self.id).push(" > ").push_bind(id.clone()).push(")");
        };
        match place {
            None => {}
            Some(Place::Number(value, id)) => push(
                &|sql| {
                    sql.push_bind(*value);
                },
                id,
            ),
            Some(Place::Text(value, id)) => push(
                &|sql| {
                    sql.push_bind(value.clone());
                },
                id,
            ),
        }
    }

    /// `t.popularity DESC, t.id`
    pub fn push_order(self, sql: &mut Sql) {
        sql.push(self.by).push(if self.descending { " DESC, " } else { ", " }).push(self.id);
    }
}

/// Which of the alternative keys a request asks by; two of them at once are refused, and so is what does not go with
/// the one given. Each filter says which key it may accompany, if any.
pub fn asked_by(
    keys: &[(&'static str, bool)],
    filters: &[(&'static str, bool, Option<&'static str>)],
) -> Result<Option<&'static str>, Problem> {
    let mut given = keys.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
    let Some(key) = given.next() else { return Ok(None) };
    if let Some(other) = given.next() {
        return Err(Problem::parameter(other, format!("does not go with `{key}`; ask by one of them")));
    }
    match filters.iter().find(|(_, given, with)| *given && *with != Some(key)) {
        Some((filter, ..)) => Err(Problem::parameter(*filter, format!("does not go with `{key}`"))),
        None => Ok(Some(key)),
    }
}

/// The rows with these ids, as far as there are any.
pub async fn by_ids<R>(
    db: &rest::Db,
    columns: &str,
    table: &str,
    joins: &str,
    ids: &Ids,
) -> Result<Vec<R>, Problem>
where
    R: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
{
    let mut sql = Sql::new("SELECT ");
    sql.push(columns).push(format_args!(" FROM {table} t{joins}"));
    sql.push(" WHERE t.id IN (SELECT value FROM json_each(").push_bind(ids.to_json()).push("))");
    Ok(sql.build_query_as().fetch_all(db.reads()).await?)
}

/// Rows of many keys: at most `limit` for each, every one carrying its key as `key_field`. `members` is what follows
/// `SELECT t.id FROM` for one key, `k.value`; conditions of the caller's own come from `filter`.
pub struct ByKey<'a> {
    pub columns: &'a str,
    pub table: &'a str,
    pub joins: &'a str,
    pub key_field: &'a str,
    pub keys: &'a Ids,
    pub members: &'a str,
    pub order: Order,
    pub limit: u32,
}

impl ByKey<'_> {
    pub async fn fetch<R>(
        self,
        db: &rest::Db,
        after: Option<&Cursor>,
        filter: impl FnOnce(&mut Sql),
    ) -> Result<Vec<R>, Problem>
    where
        R: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let place = self.order.place(after)?;
        let mut sql = Sql::new("SELECT k.value AS ");
        sql.push(self.key_field).push(", ").push(self.columns);
        sql.push(" FROM json_each(").push_bind(self.keys.to_json()).push(") k");
        sql.push(format_args!(" CROSS JOIN {} t{}", self.table, self.joins));
        sql.push(" WHERE t.id IN (SELECT t.id FROM ").push(self.members);
        filter(&mut sql);
        self.order.push_after(&mut sql, place.as_ref());
        sql.push(" ORDER BY ");
        self.order.push_order(&mut sql);
        sql.push(" LIMIT ").push_bind(i64::from(self.limit)).push(") ORDER BY k.key, ");
        self.order.push_order(&mut sql);
        Ok(sql.build_query_as().fetch_all(db.reads()).await?)
    }
}

/// One page of everything that passes a filter, with the total unless it is not wanted.
pub struct Listing<'a> {
    pub columns: &'a str,
    pub table: &'a str,
    /// What the columns need besides the table.
    pub joins: &'a str,
    /// The genre that rows are to be in, and the table that lists a genre's rows.
    pub genre: Option<(&'a str, &'a str)>,
    pub order: Order,
    pub limit: u32,
    pub with_total: bool,
}

impl Listing<'_> {
    pub async fn fetch<R>(
        self,
        db: &rest::Db,
        after: Option<&Cursor>,
        filter: impl Fn(&mut Sql),
    ) -> Result<Page<R>, Problem>
    where
        R: for<'r> FromRow<'r, SqliteRow> + Send + Unpin + Placed,
    {
        let order = match self.genre {
            Some(_) if self.order.name == POPULARITY.name => POPULARITY_IN_GENRE,
            _ => self.order,
        };
        let place = order.place(after)?;
        let mut sql = Sql::new("SELECT ");
        sql.push(self.columns);
        self.push_source(&mut sql, self.joins);
        filter(&mut sql);
        order.push_after(&mut sql, place.as_ref());
        sql.push(" ORDER BY ");
        order.push_order(&mut sql);
        sql.push(" LIMIT ").push_bind(i64::from(self.limit) + 1);
        let rows: Vec<R> = sql.build_query_as().fetch_all(db.reads()).await?;
        let page = Page::of(rows, self.limit, |row| row.place(order));
        if !self.with_total {
            return Ok(page);
        }
        let mut count = Sql::new("SELECT count(*)");
        self.push_source(&mut count, "");
        filter(&mut count);
        let total: i64 = count.build_query_scalar().fetch_one(db.reads()).await?;
        Ok(page.with_total(total.unsigned_abs()))
    }

    /// A genre's own list leads where there is one: it is in the order of popularity already.
    fn push_source(&self, sql: &mut Sql, joins: &str) {
        match self.genre {
            Some((genre, list)) => {
                sql.push(format_args!(" FROM {list} g CROSS JOIN {} t ON t.n = g.n{joins}", self.table));
                sql.push(" WHERE g.genre_id = ").push_bind(genre.to_owned());
            }
            None => {
                sql.push(format_args!(" FROM {} t{joins} WHERE 1", self.table));
            }
        }
    }
}

/// The genre list of a row, stored as a JSON array.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct GenreIds(Vec<String>);

impl TryFrom<String> for GenreIds {
    type Error = serde_json::Error;

    fn try_from(json: String) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&json).map(Self)
    }
}

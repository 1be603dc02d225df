//! Answers: one row, or a collection of rows with cursors, a next page and a total.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::Problem;
use crate::fields::{Fields, Sparse};
use crate::params::Cursor;

/// Rows by id: found ones, in any order; unknown ids are absent.
pub fn rows<R: Serialize>(rows: &[R], fields: &Fields<R>) -> Result<Response, Problem> {
    json(StatusCode::OK, &Items { rows: rows.iter().map(|row| (row, None)), fields, next: None, total: None })
}

/// One row.
pub fn row<R: Serialize>(row: &R, fields: &Fields<R>) -> Result<Response, Problem> {
    json(StatusCode::OK, &Sparse { row, cursor: None, fields })
}

/// One page of an ordered collection.
#[derive(Debug)]
pub struct Page<R> {
    /// Each with the cursor that continues after it.
    pub rows: Vec<(R, Cursor)>,
    /// Where the next page starts; none on the last one.
    pub next: Option<Cursor>,
    /// All rows that match, over all pages, where that is known.
    pub total: Option<u64>,
}

impl<R> Page<R> {
    /// From rows asked with `LIMIT` one more than wanted: the surplus row proves that there is a next page.
    pub fn of(rows: Vec<R>, limit: u32, cursor: impl Fn(&R) -> Cursor) -> Self {
        let wanted = limit as usize;
        let more = rows.len() > wanted;
        let rows: Vec<(R, Cursor)> = rows
            .into_iter()
            .take(wanted)
            .map(|row| {
                let cursor = cursor(&row);
                (row, cursor)
            })
            .collect();
        let next = if more { rows.last().map(|(_, cursor)| cursor.clone()) } else { None };
        Self { rows, next, total: None }
    }

    pub fn with_total(mut self, total: u64) -> Self {
        self.total = Some(total);
        self
    }
}

impl<R: Serialize> Page<R> {
    /// `{"items": […], "next": …, "total": …}`.
    pub fn answer(&self, fields: &Fields<R>) -> Result<Response, Problem> {
        let rows = self.rows.iter().map(|(row, cursor)| (row, Some(cursor)));
        json(StatusCode::OK, &Items { rows, fields, next: Some(self.next.as_ref()), total: self.total })
    }
}

/// Rows of many keys in one answer (`?owner_ids=a,b&limit=5`): every row carries its key and its cursor; there is no
/// common next page, a key's own continues after its last row's cursor.
pub fn rows_by_key<R: Serialize>(
    rows: &[R],
    cursor: impl Fn(&R) -> Cursor,
    fields: &Fields<R>,
) -> Result<Response, Problem> {
    let cursors: Vec<Cursor> =
        if fields.wants("cursor") { rows.iter().map(cursor).collect() } else { Vec::new() };
    let rows = rows.iter().enumerate().map(|(index, row)| (row, cursors.get(index)));
    json(StatusCode::OK, &Items { rows, fields, next: None, total: None })
}

/// Any value as JSON.
pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value)?;
    Ok((status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response())
}

/// How a collection looks on the wire; for documentation (`body = Collection<Row>`).
#[derive(Debug, Serialize, ToSchema)]
pub struct Collection<T> {
    pub items: Vec<T>,
    /// Send it as `after` for the next page; null on the last page, absent where there are no pages.
    pub next: Option<String>,
    /// How many there are over all pages, where that is known.
    pub total: Option<u64>,
}

struct Items<'a, I, R> {
    rows: I,
    fields: &'a Fields<R>,
    next: Option<Option<&'a Cursor>>,
    total: Option<u64>,
}

impl<'a, I, R> Serialize for Items<'a, I, R>
where
    I: Iterator<Item = (&'a R, Option<&'a Cursor>)> + Clone,
    R: Serialize + 'a,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("Collection", 3)?;
        body.serialize_field("items", &Rows { rows: self.rows.clone(), fields: self.fields })?;
        if let Some(next) = self.next {
            body.serialize_field("next", &next)?;
        }
        if let Some(total) = self.total {
            body.serialize_field("total", &total)?;
        }
        body.end()
    }
}

struct Rows<'a, I, R> {
    rows: I,
    fields: &'a Fields<R>,
}

impl<'a, I, R> Serialize for Rows<'a, I, R>
where
    I: Iterator<Item = (&'a R, Option<&'a Cursor>)> + Clone,
    R: Serialize + 'a,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for (row, cursor) in self.rows.clone() {
            list.serialize_element(&Sparse { row, cursor, fields: self.fields })?;
        }
        list.end()
    }
}

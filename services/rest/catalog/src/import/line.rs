//! What a line of an import file looks like, and what its values must be.

use rest::{LineError, Time, is_id};
use serde::Deserialize;

/// One line of an import file. The format is documented in `IMPORT.md`, which `import --help` prints.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Line {
    Genre(Genre),
    Artist(Artist),
    Album(Album),
    Track(Track),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genre {
    pub id: String,
    pub name: String,
    pub parent_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artist {
    pub id: String,
    pub name: String,
    pub sort_name: Option<String>,
    pub country: Option<String>,
    pub formed_year: Option<i64>,
    pub bio: Option<String>,
    pub genre_ids: Vec<String>,
    pub popularity: i64,
    pub monthly_listeners: i64,
    pub updated_at: Option<Time>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Album {
    pub id: String,
    pub artist_id: String,
    pub title: String,
    pub kind: String,
    pub released_on: String,
    pub upc: Option<String>,
    pub label: Option<String>,
    pub genre_ids: Option<Vec<String>>,
    pub popularity: i64,
    pub updated_at: Option<Time>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Track {
    pub id: String,
    pub album_id: String,
    pub artist_id: Option<String>,
    pub title: String,
    #[serde(default = "first_disc")]
    pub disc: i64,
    pub position: i64,
    pub duration_ms: i64,
    pub isrc: Option<String>,
    #[serde(default)]
    pub explicit: bool,
    pub popularity: i64,
    pub previous_popularity: Option<i64>,
    pub updated_at: Option<Time>,
}

fn first_disc() -> i64 {
    1
}

pub fn check_id(field: &str, id: &str) -> Result<(), LineError> {
    if is_id(id) {
        Ok(())
    } else {
        Err(format!("{field}: `{id}` is not of the form [A-Za-z0-9_-]{{1,64}}").into())
    }
}

pub fn check_text(field: &str, text: &str) -> Result<(), LineError> {
    if text.trim().is_empty() || text.chars().count() > 500 {
        return Err(format!("{field}: must have 1 to 500 characters").into());
    }
    Ok(())
}

pub fn check_range(field: &str, value: i64, least: i64, most: i64) -> Result<(), LineError> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(format!("{field}: {value} is not between {least} and {most}").into())
    }
}

//! `catalog import`: one line, one row, checked and stored.

mod line;

use std::collections::HashSet;

use rest::{Import, LineError, Time};
use sqlx::SqliteConnection;

use self::line::{Album, Artist, Genre, Line, Track, check_id, check_range, check_text};
use crate::{derived, terms};

/// Knows the genres seen so far, and the time that rows without one of their own are given.
pub struct CatalogImport {
    genres: Option<HashSet<String>>,
    now: Time,
}

impl Default for CatalogImport {
    fn default() -> Self {
        Self { genres: None, now: Time::now() }
    }
}

impl Import for CatalogImport {
    type Line = Line;

    const FORMAT: &'static str = include_str!("../IMPORT.md");

    async fn line(&mut self, tx: &mut SqliteConnection, line: Line) -> Result<(), LineError> {
        match line {
            Line::Genre(genre) => self.genre(tx, genre).await,
            Line::Artist(artist) => self.artist(tx, artist).await,
            Line::Album(album) => self.album(tx, album).await,
            Line::Track(track) => self.track(tx, track).await,
        }
    }

    async fn settle(tx: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        derived::rebuild(tx).await
    }
}

// A row is touched only when something in it differs, so that importing a file again leaves `updated_at` alone.

impl CatalogImport {
    async fn genre(&mut self, tx: &mut SqliteConnection, genre: Genre) -> Result<(), LineError> {
        check_id("id", &genre.id)?;
        check_text("name", &genre.name)?;
        let known = self.known_genres(tx).await?;
        if let Some(parent) = &genre.parent_id
            && !known.contains(parent)
        {
            return Err(format!("parent_id: no genre `{parent}`; import it first").into());
        }
        known.insert(genre.id.clone());
        sqlx::query(
            "INSERT INTO genres (id, name, parent_id) VALUES (?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, parent_id = excluded.parent_id",
        )
        .bind(genre.id)
        .bind(genre.name)
        .bind(genre.parent_id)
        .execute(tx)
        .await?;
        Ok(())
    }

    async fn artist(&mut self, tx: &mut SqliteConnection, artist: Artist) -> Result<(), LineError> {
        check_id("id", &artist.id)?;
        check_text("name", &artist.name)?;
        check_range("popularity", artist.popularity, 0, 1_000_000)?;
        check_range("monthly_listeners", artist.monthly_listeners, 0, i64::MAX)?;
        if let Some(year) = artist.formed_year {
            check_range("formed_year", year, 1000, 9999)?;
        }
        if let Some(country) = &artist.country
            && !(country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase()))
        {
            return Err(
                format!("country: `{country}` is not two capital letters (ISO 3166-1 alpha-2)").into()
            );
        }
        let genre_ids = self.genre_list(tx, &artist.genre_ids).await?;
        let sort_name = artist.sort_name.unwrap_or_else(|| artist.name.clone());
        sqlx::query(
            "INSERT INTO artists (id, name, name_key, sort_name, sort_key, terms, country, formed_year, bio, genre_ids,
                                  popularity, monthly_listeners, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, coalesce(?13, ?14))
             ON CONFLICT (id) DO UPDATE SET
                 name = excluded.name, name_key = excluded.name_key, sort_name = excluded.sort_name,
                 sort_key = excluded.sort_key, terms = excluded.terms, country = excluded.country,
                 formed_year = excluded.formed_year, bio = excluded.bio, genre_ids = excluded.genre_ids,
                 popularity = excluded.popularity, monthly_listeners = excluded.monthly_listeners,
                 updated_at = excluded.updated_at
             WHERE (name, sort_name, country, formed_year, bio, genre_ids, popularity, monthly_listeners)
                 IS NOT (excluded.name, excluded.sort_name, excluded.country, excluded.formed_year, excluded.bio,
                         excluded.genre_ids, excluded.popularity, excluded.monthly_listeners)
                 OR (?13 IS NOT NULL AND updated_at <> ?13)",
        )
        .bind(artist.id)
        .bind(&artist.name)
        .bind(artist.name.to_lowercase())
        .bind(&sort_name)
        .bind(sort_name.to_lowercase())
        .bind(terms::for_index(&artist.name))
        .bind(artist.country)
        .bind(artist.formed_year)
        .bind(artist.bio)
        .bind(genre_ids)
        .bind(artist.popularity)
        .bind(artist.monthly_listeners)
        .bind(artist.updated_at)
        .bind(self.now)
        .execute(tx)
        .await?;
        Ok(())
    }

    async fn album(&mut self, tx: &mut SqliteConnection, album: Album) -> Result<(), LineError> {
        check_id("id", &album.id)?;
        check_text("title", &album.title)?;
        check_range("popularity", album.popularity, 0, 1_000_000)?;
        if !["album", "single", "ep"].contains(&album.kind.as_str()) {
            return Err(format!("kind: `{}` is none of album, single, ep", album.kind).into());
        }
        // Parsed and written again, so that days compare as text.
        let released_on =
            album.released_on.parse::<jiff::civil::Date>().ok().filter(|day| day.year() >= 1000);
        let Some(released_on) = released_on else {
            return Err(format!("released_on: `{}` is not a day like 1997-09-22", album.released_on).into());
        };
        if let Some(upc) = &album.upc
            && !((12..=14).contains(&upc.len()) && upc.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(format!("upc: `{upc}` is not 12 to 14 digits").into());
        }
        let genre_ids = match &album.genre_ids {
            Some(list) => Some(self.genre_list(tx, list).await?),
            None => None,
        };
        let stored = sqlx::query(
            "INSERT INTO albums (id, artist_id, title, sort_key, terms, kind, released_on, upc, label, own_genre_ids,
                                 popularity, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, coalesce(?12, ?13))
             ON CONFLICT (id) DO UPDATE SET
                 artist_id = excluded.artist_id, title = excluded.title, sort_key = excluded.sort_key,
                 terms = excluded.terms, kind = excluded.kind, released_on = excluded.released_on,
                 upc = excluded.upc, label = excluded.label, own_genre_ids = excluded.own_genre_ids,
                 popularity = excluded.popularity, updated_at = excluded.updated_at
             WHERE (artist_id, title, kind, released_on, upc, label, own_genre_ids, popularity)
                 IS NOT (excluded.artist_id, excluded.title, excluded.kind, excluded.released_on, excluded.upc,
                         excluded.label, excluded.own_genre_ids, excluded.popularity)
                 OR (?12 IS NOT NULL AND updated_at <> ?12)",
        )
        .bind(album.id)
        .bind(&album.artist_id)
        .bind(&album.title)
        .bind(album.title.to_lowercase())
        .bind(terms::for_index(&album.title))
        .bind(album.kind)
        .bind(released_on.to_string())
        .bind(album.upc)
        .bind(album.label)
        .bind(genre_ids)
        .bind(album.popularity)
        .bind(album.updated_at)
        .bind(self.now)
        .execute(tx)
        .await;
        match stored {
            Err(error) if is_dangling(&error) => {
                Err(format!("artist_id: no artist `{}`; import it first", album.artist_id).into())
            }
            stored => Ok(stored.map(drop)?),
        }
    }

    async fn track(&mut self, tx: &mut SqliteConnection, track: Track) -> Result<(), LineError> {
        check_id("id", &track.id)?;
        check_text("title", &track.title)?;
        check_range("popularity", track.popularity, 0, 1_000_000)?;
        check_range("disc", track.disc, 1, 1000)?;
        check_range("position", track.position, 1, 99_999)?;
        check_range("duration_ms", track.duration_ms, 0, 1_000_000_000)?;
        if let Some(previous) = track.previous_popularity {
            check_range("previous_popularity", previous, 0, 1_000_000)?;
        }
        if let Some(isrc) = &track.isrc
            && !(isrc.len() == 12 && isrc.bytes().all(|b| b.is_ascii_alphanumeric()))
        {
            return Err(format!("isrc: `{isrc}` is not 12 letters and digits").into());
        }
        // Selecting from the album gives the default artist, and no row at all when there is no such album.
        let stored = sqlx::query(
            "INSERT INTO tracks (id, album_id, artist_id, title, sort_key, terms, disc, position, duration_ms, isrc,
                                 explicit, popularity, previous_popularity, updated_at)
             SELECT ?1, b.id, coalesce(?3, b.artist_id), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, coalesce(?14, ?15)
             FROM albums b WHERE b.id = ?2
             ON CONFLICT (id) DO UPDATE SET
                 album_id = excluded.album_id, artist_id = excluded.artist_id, title = excluded.title,
                 sort_key = excluded.sort_key, terms = excluded.terms, disc = excluded.disc,
                 position = excluded.position, duration_ms = excluded.duration_ms, isrc = excluded.isrc,
                 explicit = excluded.explicit, popularity = excluded.popularity,
                 previous_popularity = excluded.previous_popularity,
                 -- One statement for both, so that a missing album is told from an unchanged row.
                 updated_at = CASE
                     WHEN ?14 IS NOT NULL THEN ?14
                     WHEN (album_id, artist_id, title, disc, position, duration_ms, isrc, explicit, popularity,
                           previous_popularity)
                         IS NOT (excluded.album_id, excluded.artist_id, excluded.title, excluded.disc,
                                 excluded.position, excluded.duration_ms, excluded.isrc, excluded.explicit,
                                 excluded.popularity, excluded.previous_popularity) THEN excluded.updated_at
                     ELSE updated_at END",
        )
        .bind(track.id)
        .bind(&track.album_id)
        .bind(&track.artist_id)
        .bind(&track.title)
        .bind(track.title.to_lowercase())
        .bind(terms::for_index(&track.title))
        .bind(track.disc)
        .bind(track.position)
        .bind(track.duration_ms)
        .bind(track.isrc)
        .bind(track.explicit)
        .bind(track.popularity)
        .bind(track.previous_popularity)
        .bind(track.updated_at)
        .bind(self.now)
        .execute(tx)
        .await;
        match stored {
            Err(error) if is_dangling(&error) => Err(format!(
                "artist_id: no artist `{}`; import it first",
                track.artist_id.unwrap_or_default()
            )
            .into()),
            Ok(done) if done.rows_affected() == 0 => {
                Err(format!("album_id: no album `{}`; import it first", track.album_id).into())
            }
            stored => Ok(stored.map(drop)?),
        }
    }

    async fn known_genres(&mut self, tx: &mut SqliteConnection) -> Result<&mut HashSet<String>, LineError> {
        let known = match self.genres.take() {
            Some(known) => known,
            None => {
                let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM genres").fetch_all(tx).await?;
                ids.into_iter().collect()
            }
        };
        Ok(self.genres.insert(known))
    }

    /// Checks a list of genres and makes it the JSON array that is stored.
    async fn genre_list(&mut self, tx: &mut SqliteConnection, ids: &[String]) -> Result<String, LineError> {
        let known = self.known_genres(tx).await?;
        match ids.iter().find(|id| !known.contains(*id)) {
            Some(id) => Err(format!("genre_ids: no genre `{id}`; import it first").into()),
            None => Ok(serde_json::Value::from(ids).to_string()),
        }
    }
}

fn is_dangling(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|cause| cause.is_foreign_key_violation())
}

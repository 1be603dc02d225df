//! What follows from the imported rows: counts, genre contents, charts, the search index. Rebuilt whole, in SQL.

use sqlx::SqliteConnection;

use crate::terms::END;

/// Everything, in the order in which one thing needs another.
pub async fn rebuild(tx: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    for statement in [COUNTS, LINEAGE, GENRES, CHARTS, DOCUMENTS] {
        sqlx::raw_sql(statement).execute(&mut *tx).await?;
    }
    sqlx::query(INDEX).bind(format!(" {END}")).execute(&mut *tx).await?;
    sqlx::raw_sql(
        "DROP TABLE temp.lineage; DROP TABLE temp.album_genres; PRAGMA analysis_limit = 1000; ANALYZE;",
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Only rows that change are written: an import of three albums should not rewrite a million rows.
const COUNTS: &str = "
    UPDATE artists SET album_count = s.albums
    FROM (SELECT a.n, (SELECT count(*) FROM albums b WHERE b.artist_id = a.id) AS albums FROM artists a) s
    WHERE s.n = artists.n AND artists.album_count <> s.albums;
    UPDATE albums SET track_count = s.tracks, duration_ms = s.duration
    FROM (SELECT b.n, count(t.n) AS tracks, coalesce(sum(t.duration_ms), 0) AS duration
          FROM albums b LEFT JOIN tracks t ON t.album_id = b.id GROUP BY b.n) s
    WHERE s.n = albums.n AND (albums.track_count <> s.tracks OR albums.duration_ms <> s.duration);
";

/// Each genre with itself and all above it, and the genres of each album in that sense. `UNION` ends a cycle.
const LINEAGE: &str = "
    CREATE TEMP TABLE lineage (id TEXT, above TEXT, PRIMARY KEY (id, above)) WITHOUT ROWID;
    WITH RECURSIVE up (id, above) AS (
        SELECT id, id FROM main.genres
        UNION
        SELECT up.id, g.parent_id FROM up JOIN main.genres g ON g.id = up.above WHERE g.parent_id IS NOT NULL
    ) INSERT INTO temp.lineage SELECT id, above FROM up;
    CREATE TEMP TABLE album_genres (id TEXT, genre_id TEXT, PRIMARY KEY (id, genre_id)) WITHOUT ROWID;
    INSERT OR IGNORE INTO temp.album_genres
    SELECT b.id, l.above
    FROM main.albums b JOIN main.artists a ON a.id = b.artist_id
    JOIN json_each(coalesce(b.own_genre_ids, a.genre_ids)) g JOIN temp.lineage l ON l.id = g.value;
";

const GENRES: &str = "
    DELETE FROM genre_artists;
    INSERT OR IGNORE INTO genre_artists (genre_id, popularity, id, n)
    SELECT l.above, a.popularity, a.id, a.n
    FROM artists a JOIN json_each(a.genre_ids) g JOIN temp.lineage l ON l.id = g.value;
    DELETE FROM genre_leaders;
    INSERT INTO genre_leaders (genre_id, n)
    SELECT genre_id, n FROM (
        SELECT genre_id, n, row_number() OVER (PARTITION BY genre_id ORDER BY popularity DESC, id) AS place
        FROM genre_artists)
    WHERE place <= 200;
    DELETE FROM genre_albums;
    INSERT INTO genre_albums (genre_id, popularity, id, n)
    SELECT g.genre_id, b.popularity, b.id, b.n FROM temp.album_genres g JOIN albums b ON b.id = g.id;
    DELETE FROM genre_tracks;
    INSERT INTO genre_tracks (genre_id, popularity, id, n)
    SELECT g.genre_id, t.popularity, t.id, t.n FROM temp.album_genres g JOIN tracks t ON t.album_id = g.id
    ORDER BY g.genre_id, t.popularity DESC, t.id;
    UPDATE genres SET
        artist_count = (SELECT count(*) FROM genre_artists x WHERE x.genre_id = genres.id),
        album_count = (SELECT count(*) FROM genre_albums x WHERE x.genre_id = genres.id),
        track_count = (SELECT count(*) FROM genre_tracks x WHERE x.genre_id = genres.id);
";

/// A hundred places each. Where a track stood before is found among everything that was as popular then, but only the
/// first hundred of that time have a previous rank.
const CHARTS: &str = "
    DELETE FROM charts;
    DELETE FROM chart_entries;
    INSERT INTO chart_entries (chart_id, rank, track_id)
    SELECT 'top-global', row_number() OVER (ORDER BY popularity DESC, id), id
    FROM (SELECT popularity, id FROM tracks ORDER BY popularity DESC, id LIMIT 100);
    INSERT INTO chart_entries (chart_id, rank, track_id)
    SELECT 'top-' || genre_id, rank, id FROM (
        SELECT genre_id, id, row_number() OVER (PARTITION BY genre_id ORDER BY popularity DESC, id) AS rank
        FROM genre_tracks)
    WHERE rank <= 100;
    UPDATE chart_entries SET previous_rank = p.rank
    FROM (
        SELECT 'top-global' AS chart_id, id,
            row_number() OVER (ORDER BY coalesce(previous_popularity, popularity) DESC, id) AS rank
        FROM tracks
        UNION ALL
        SELECT 'top-' || x.genre_id, t.id,
            row_number() OVER (PARTITION BY x.genre_id ORDER BY coalesce(t.previous_popularity, t.popularity) DESC, t.id)
        FROM genre_tracks x JOIN tracks t ON t.n = x.n
    ) p
    WHERE p.rank <= 100 AND p.chart_id = chart_entries.chart_id AND p.id = chart_entries.track_id;
    INSERT INTO charts (id, title, updated_at)
    SELECT e.chart_id, CASE e.chart_id WHEN 'top-global' THEN 'Top 100' ELSE 'Top 100: ' || g.name END,
        max(t.updated_at)
    FROM chart_entries e JOIN tracks t ON t.id = e.track_id
    LEFT JOIN genres g ON e.chart_id = 'top-' || g.id
    GROUP BY e.chart_id;
";

const DOCUMENTS: &str = "
    DELETE FROM search_documents;
    INSERT INTO search_documents (n, type, id, decade, genre_ids)
    SELECT row_number() OVER (ORDER BY popularity DESC, rank, id), type, id, decade, genre_ids
    FROM (
        SELECT 0 AS rank, 'artist' AS type, a.id, a.popularity, a.formed_year / 10 * 10 AS decade,
            (SELECT json_group_array(above) FROM (
                SELECT DISTINCT l.above FROM json_each(a.genre_ids) g JOIN temp.lineage l ON l.id = g.value))
            AS genre_ids
        FROM artists a
        UNION ALL
        SELECT 1, 'album', b.id, b.popularity, CAST(substr(b.released_on, 1, 3) AS INTEGER) * 10,
            (SELECT json_group_array(genre_id) FROM temp.album_genres g WHERE g.id = b.id)
        FROM albums b
        UNION ALL
        SELECT 2, 'track', t.id, t.popularity, CAST(substr(b.released_on, 1, 3) AS INTEGER) * 10,
            (SELECT json_group_array(genre_id) FROM temp.album_genres g WHERE g.id = b.id)
        FROM tracks t JOIN albums b ON b.id = t.album_id
    );
    INSERT INTO search_index (search_index) VALUES ('delete-all');
";

const INDEX: &str = "
    INSERT INTO search_index (rowid, name, creator)
    SELECT d.n,
        CASE d.type
            WHEN 'artist' THEN (SELECT coalesce(terms, name) FROM artists WHERE id = d.id)
            WHEN 'album' THEN (SELECT coalesce(terms, title) FROM albums WHERE id = d.id)
            ELSE (SELECT coalesce(terms, title) FROM tracks WHERE id = d.id)
        END || ?,
        CASE d.type
            WHEN 'artist' THEN ''
            WHEN 'album' THEN (
                SELECT coalesce(a.terms, a.name) FROM albums b JOIN artists a ON a.id = b.artist_id WHERE b.id = d.id)
            ELSE (
                SELECT coalesce(a.terms, a.name) FROM tracks t JOIN artists a ON a.id = t.artist_id WHERE t.id = d.id)
        END
    FROM search_documents d ORDER BY d.n
";

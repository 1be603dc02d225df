-- What is imported. `n` is a row's number inside this database; the world knows `id`.
-- `sort_key` and `name_key` are lower-cased; `terms` is the name prepared for the search index where that differs.

CREATE TABLE genres (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    parent_id    TEXT REFERENCES genres (id),
    artist_count INTEGER NOT NULL DEFAULT 0,
    album_count  INTEGER NOT NULL DEFAULT 0,
    track_count  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX genres_by_parent ON genres (parent_id, id);

CREATE TABLE artists (
    n                 INTEGER PRIMARY KEY,
    id                TEXT NOT NULL UNIQUE,
    name              TEXT NOT NULL,
    name_key          TEXT NOT NULL,
    sort_name         TEXT NOT NULL,
    sort_key          TEXT NOT NULL,
    terms             TEXT,
    country           TEXT,
    formed_year       INTEGER,
    bio               TEXT,
    genre_ids         TEXT NOT NULL, -- a JSON array
    popularity        INTEGER NOT NULL,
    monthly_listeners INTEGER NOT NULL,
    album_count       INTEGER NOT NULL DEFAULT 0,
    updated_at        INTEGER NOT NULL -- milliseconds since 1970, UTC
) STRICT;
CREATE INDEX artists_by_popularity ON artists (popularity DESC, id);
CREATE INDEX artists_by_name ON artists (sort_key, id);
CREATE INDEX artists_named ON artists (name_key);
CREATE INDEX artists_by_country ON artists (country, popularity DESC, id);

CREATE TABLE albums (
    n             INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    artist_id     TEXT NOT NULL REFERENCES artists (id),
    title         TEXT NOT NULL,
    sort_key      TEXT NOT NULL,
    terms         TEXT,
    kind          TEXT NOT NULL,
    released_on   TEXT NOT NULL, -- YYYY-MM-DD
    upc           TEXT,
    label         TEXT,
    own_genre_ids TEXT, -- a JSON array; the artist's when null
    popularity    INTEGER NOT NULL,
    track_count   INTEGER NOT NULL DEFAULT 0,
    duration_ms   INTEGER NOT NULL DEFAULT 0,
    updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX albums_of_artist ON albums (artist_id, released_on DESC, id);
CREATE INDEX albums_by_release ON albums (released_on DESC, id);
CREATE INDEX albums_by_popularity ON albums (popularity DESC, id);
CREATE INDEX albums_by_title ON albums (sort_key, id);
CREATE INDEX albums_by_upc ON albums (upc) WHERE upc IS NOT NULL;

CREATE TABLE tracks (
    n                   INTEGER PRIMARY KEY,
    id                  TEXT NOT NULL UNIQUE,
    album_id            TEXT NOT NULL REFERENCES albums (id),
    artist_id           TEXT NOT NULL REFERENCES artists (id),
    title               TEXT NOT NULL,
    sort_key            TEXT NOT NULL,
    terms               TEXT,
    disc                INTEGER NOT NULL,
    position            INTEGER NOT NULL,
    duration_ms         INTEGER NOT NULL,
    isrc                TEXT,
    explicit            INTEGER NOT NULL,
    popularity          INTEGER NOT NULL,
    previous_popularity INTEGER,
    updated_at          INTEGER NOT NULL
) STRICT;
CREATE INDEX tracks_of_album ON tracks (album_id, disc, position, id);
CREATE INDEX tracks_of_artist ON tracks (artist_id, popularity DESC, id);
CREATE INDEX tracks_by_popularity ON tracks (popularity DESC, id);
CREATE INDEX tracks_by_title ON tracks (sort_key, id);
CREATE INDEX tracks_by_isrc ON tracks (isrc) WHERE isrc IS NOT NULL;

-- What is derived after an import. A genre has all that the genres below it have.

CREATE TABLE genre_artists (
    genre_id   TEXT NOT NULL,
    popularity INTEGER NOT NULL,
    id         TEXT NOT NULL,
    n          INTEGER NOT NULL,
    PRIMARY KEY (genre_id, popularity DESC, id)
) STRICT, WITHOUT ROWID;

-- The best known artists of each genre: whom others are compared with.
CREATE TABLE genre_leaders (
    genre_id TEXT NOT NULL,
    n        INTEGER NOT NULL,
    PRIMARY KEY (genre_id, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE genre_albums (
    genre_id   TEXT NOT NULL,
    popularity INTEGER NOT NULL,
    id         TEXT NOT NULL,
    n          INTEGER NOT NULL,
    PRIMARY KEY (genre_id, popularity DESC, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE genre_tracks (
    genre_id   TEXT NOT NULL,
    popularity INTEGER NOT NULL,
    id         TEXT NOT NULL,
    n          INTEGER NOT NULL,
    PRIMARY KEY (genre_id, popularity DESC, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE charts (
    id         TEXT PRIMARY KEY,
    title      TEXT NOT NULL,
    country    TEXT,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE chart_entries (
    chart_id      TEXT NOT NULL,
    rank          INTEGER NOT NULL,
    track_id      TEXT NOT NULL,
    previous_rank INTEGER,
    PRIMARY KEY (chart_id, rank)
) STRICT, WITHOUT ROWID;

-- Numbered by popularity: the index lists its matches by number, so the best known come first without sorting.
CREATE TABLE search_documents (
    n         INTEGER PRIMARY KEY,
    type      TEXT NOT NULL,
    id        TEXT NOT NULL,
    decade    INTEGER,
    genre_ids TEXT NOT NULL -- a JSON array, with the genres above
) STRICT;

CREATE VIRTUAL TABLE search_index USING fts5 (
    name, creator,
    content = '', columnsize = 0, prefix = '2 3', tokenize = 'unicode61 remove_diacritics 2'
);

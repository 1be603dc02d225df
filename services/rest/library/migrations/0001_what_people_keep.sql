-- Times are milliseconds since 1970, UTC.

CREATE TABLE playlists (
    id          TEXT PRIMARY KEY,
    owner_id    TEXT NOT NULL,
    title       TEXT NOT NULL,
    description TEXT NOT NULL,
    public      INTEGER NOT NULL CHECK (public IN (0, 1)),
    version     INTEGER NOT NULL,
    track_count INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX playlists_of_owner ON playlists (owner_id, updated_at DESC, id DESC);

-- Positions of a playlist are 0, 1, 2, … without gaps; every write keeps it so.
CREATE TABLE entries (
    entry_id    TEXT PRIMARY KEY,
    playlist_id TEXT NOT NULL REFERENCES playlists ON DELETE CASCADE,
    position    INTEGER NOT NULL CHECK (position >= 0),
    track_id    TEXT NOT NULL,
    added_at    INTEGER NOT NULL,
    added_by    TEXT NOT NULL
) STRICT;
CREATE INDEX entries_in_order ON entries (playlist_id, position);

CREATE TABLE likes (
    user_id  TEXT NOT NULL,
    track_id TEXT NOT NULL,
    liked_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, track_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX likes_newest_first ON likes (user_id, liked_at DESC, track_id DESC);
CREATE INDEX likes_of_track ON likes (track_id);

CREATE TABLE follows (
    user_id     TEXT NOT NULL,
    artist_id   TEXT NOT NULL,
    followed_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, artist_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX follows_newest_first ON follows (user_id, followed_at DESC, artist_id DESC);
CREATE INDEX follows_of_artist ON follows (artist_id);

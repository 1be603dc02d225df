-- Times are milliseconds since 1970, days are days since 1970; UTC.

-- Every report ever taken: its key is why a play counts once, for ever.
CREATE TABLE plays (
    user_id   TEXT NOT NULL,
    report_id TEXT NOT NULL,
    track_id  TEXT NOT NULL,
    played_at INTEGER NOT NULL,
    ms_played INTEGER NOT NULL,
    PRIMARY KEY (user_id, report_id)
) STRICT, WITHOUT ROWID;

-- Kept with every play, in its transaction: all plays of a track, ...
CREATE TABLE play_counts (
    track_id TEXT PRIMARY KEY,
    -- Plays from before this service kept them one by one.
    earlier  INTEGER NOT NULL DEFAULT 0,
    counted  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- ... its plays per day, from which trends are read, ...
CREATE TABLE plays_per_day (
    day      INTEGER NOT NULL,
    track_id TEXT NOT NULL,
    plays    INTEGER NOT NULL,
    PRIMARY KEY (day, track_id)
) STRICT, WITHOUT ROWID;

-- ... and each user's latest play of each track.
CREATE TABLE recent_plays (
    user_id   TEXT NOT NULL,
    track_id  TEXT NOT NULL,
    played_at INTEGER NOT NULL,
    ms_played INTEGER NOT NULL,
    PRIMARY KEY (user_id, track_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX recent_plays_newest_first ON recent_plays (user_id, played_at DESC, track_id DESC);

CREATE TABLE comments (
    id         TEXT PRIMARY KEY,
    track_id   TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    body       TEXT NOT NULL,
    at_ms      INTEGER NOT NULL CHECK (at_ms >= 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX comments_newest_first ON comments (track_id, created_at DESC, id DESC);
CREATE INDEX comments_in_track ON comments (track_id, at_ms, id);

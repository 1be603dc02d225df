CREATE TABLE notes (
    id      INTEGER PRIMARY KEY,
    owner   TEXT NOT NULL,
    text    TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;

-- Times are milliseconds since 1970, UTC.

CREATE TABLE users (
    id           TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    email        TEXT NOT NULL,
    country      TEXT NOT NULL,
    locale       TEXT NOT NULL,
    bio          TEXT NOT NULL,
    public       INTEGER NOT NULL CHECK (public IN (0, 1)),
    plan         TEXT NOT NULL CHECK (plan IN ('free', 'premium', 'family')),
    avatar_seed  INTEGER NOT NULL,
    joined_at    INTEGER NOT NULL,
    version      INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;

CREATE TABLE partners (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    scope       TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- PKCS #8; made at the first start.
CREATE TABLE signing_keys (
    id         INTEGER PRIMARY KEY,
    private    BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- A code stays after its use until it expires, so that a second use is noticed.
CREATE TABLE codes (
    code_hash    BLOB PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    client_id    TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    scope        TEXT NOT NULL,
    nonce        TEXT,
    challenge    TEXT NOT NULL,
    expires_at   INTEGER NOT NULL,
    used         INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- All tokens that descend from one sign-in are a family: whoever uses one twice loses them all.
CREATE TABLE refresh_tokens (
    token_hash BLOB PRIMARY KEY,
    family     BLOB NOT NULL,
    user_id    TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    client_id  TEXT NOT NULL,
    scope      TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used       INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

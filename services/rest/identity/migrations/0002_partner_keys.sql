-- What a partner pays for: quotas go by it.
ALTER TABLE partners ADD COLUMN plan TEXT NOT NULL DEFAULT 'basic';

-- Of a key only its id can be read; the rest is its SHA-256.
CREATE TABLE partner_keys (
    id          TEXT PRIMARY KEY,
    partner_id  TEXT NOT NULL REFERENCES partners ON DELETE CASCADE,
    name        TEXT NOT NULL,
    scope       TEXT NOT NULL,
    digest      BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    revoked_at  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX partner_keys_by_partner ON partner_keys (partner_id);

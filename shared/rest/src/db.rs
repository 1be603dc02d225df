//! SQLite as a service's own store: one writer that queues, several readers that never wait for it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};
use tokio::sync::broadcast;

use crate::Problem;
use crate::events::Hint;

/// What an acknowledged write has to survive. A killed process loses nothing in either case (write-ahead log).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// People's own data: on the disk before it is acknowledged, so that a power cut loses nothing either.
    PowerLoss,
    /// Data that can be imported again: the disk may lag behind.
    ProcessCrash,
}

/// The chassis' own tables, beside those of the service's migrations.
const OWN_TABLES: &str = "
    CREATE TABLE IF NOT EXISTS _idempotency (
        caller      TEXT NOT NULL,
        key         TEXT NOT NULL,
        fingerprint BLOB NOT NULL,
        status      INTEGER NOT NULL,
        etag        TEXT,
        location    TEXT,
        body        BLOB NOT NULL,
        created_at  INTEGER NOT NULL,
        PRIMARY KEY (caller, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS _idempotency_by_age ON _idempotency (created_at);
    CREATE TABLE IF NOT EXISTS _events (
        id    INTEGER PRIMARY KEY AUTOINCREMENT,
        topic TEXT NOT NULL,
        kind  TEXT NOT NULL,
        data  TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS _events_by_topic ON _events (topic, id);
    CREATE TABLE IF NOT EXISTS _unsettled_import (file TEXT NOT NULL) STRICT;
";

/// How long a read or a write waits for its turn before the caller is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    reads: SqlitePool,
    writes: SqlitePool,
    hints: broadcast::Sender<Hint>,
}

impl Db {
    /// Opens or creates the file (and its folder), and brings its tables up to date.
    pub async fn open(file: &Path, migrations: &Migrator, durability: Durability) -> Result<Self, OpenError> {
        let at = |cause: String| OpenError { file: file.display().to_string(), cause };
        if let Some(folder) = file.parent()
            && !folder.as_os_str().is_empty()
        {
            std::fs::create_dir_all(folder).map_err(|e| at(e.to_string()))?;
        }
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match durability {
                Durability::PowerLoss => SqliteSynchronous::Full,
                Durability::ProcessCrash => SqliteSynchronous::Normal,
            })
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            .statement_cache_capacity(200);
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(PATIENCE)
                .idle_timeout(None)
                .max_lifetime(None)
                // A connection to a local file does not go stale; the ping would cost every read a round trip.
                .test_before_acquire(false)
        };
        let writes =
            pool().max_connections(1).connect_with(options.clone()).await.map_err(|e| at(e.to_string()))?;
        migrations.run(&writes).await.map_err(|e| at(e.to_string()))?;
        sqlx::raw_sql(OWN_TABLES).execute(&writes).await.map_err(|e| at(e.to_string()))?;
        let readers = std::thread::available_parallelism().map_or(4, |n| n.get() * 2).clamp(4, 16);
        let reads = pool()
            .max_connections(u32::try_from(readers).unwrap_or(4))
            .connect_with(options.pragma("query_only", "ON").pragma("cache_size", "-8192"))
            .await
            .map_err(|e| at(e.to_string()))?;
        let (hints, _) = broadcast::channel(1024);
        Ok(Self(Arc::new(Inner { reads, writes, hints })))
    }

    /// For queries; connections that refuse to write.
    pub fn reads(&self) -> &SqlitePool {
        &self.0.reads
    }

    /// The one connection that writes. Prefer [`Db::begin`], or [`crate::Write::begin`] in a handler.
    pub fn writes(&self) -> &SqlitePool {
        &self.0.writes
    }

    /// A transaction that holds the write lock from its start, so it never fails half-way for want of it.
    pub async fn begin(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.0.writes.begin_with("BEGIN IMMEDIATE").await
    }

    /// Ready means: answers a query.
    pub async fn check(&self) -> Result<(), Problem> {
        sqlx::query("SELECT 1").execute(self.reads()).await?;
        Ok(())
    }

    /// Folds the log into the file and closes it.
    pub async fn close(&self) {
        self.0.reads.close().await;
        self.0.writes.close().await;
    }

    pub(crate) fn hints(&self) -> &broadcast::Sender<Hint> {
        &self.0.hints
    }
}

/// The database could not be opened or migrated.
#[derive(Debug)]
pub struct OpenError {
    file: String,
    cause: String,
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot open the database {}: {}", self.file, self.cause)
    }
}

impl std::error::Error for OpenError {}

/// Now, in milliseconds since 1970, UTC: how times are stored.
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

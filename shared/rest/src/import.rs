//! Loading JSON Lines: one transaction per file, faults reported as `file:line: reason`, nothing kept of a faulty file.

use std::fmt;
use std::fs::File;
use std::future::Future;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use sqlx::SqliteConnection;
use tokio::time::timeout;

use crate::db::Db;

/// No line of any format is longer than this many bytes; what is longer is not JSON Lines.
const LONGEST_LINE: u64 = 1 << 20;

/// How often whoever waits is told how far it is.
const SAID_EVERY: Duration = Duration::from_secs(1);

/// The writer's page cache while much is written, up to half a gibibyte, and otherwise (SQLite counts in negative KiB).
/// Rows arrive in an order that is not their indices': where those do not fit, nearly every row throws out a page, which
/// goes through the log, and brings another one in.
const ROOMY: &str = "PRAGMA cache_size = -524288";
const USUAL: &str = "PRAGMA cache_size = -2000; PRAGMA shrink_memory";

/// How a service reads one line and stores it. A new value is made for every file.
pub trait Import: Default + Send + 'static {
    /// One line, usually an enum tagged by `type`.
    type Line: DeserializeOwned + Send;

    /// The format, for `import --help`.
    const FORMAT: &'static str;

    /// Stores one line; the same line again changes nothing (upsert).
    fn line(
        &mut self,
        tx: &mut SqliteConnection,
        line: Self::Line,
    ) -> impl Future<Output = Result<(), LineError>> + Send;

    /// Once after all files, in a transaction of its own: rebuilds whatever is derived from the rows. If the process is
    /// killed before this is done, the next start of the service does it.
    fn settle(_tx: &mut SqliteConnection) -> impl Future<Output = Result<(), sqlx::Error>> + Send {
        async { Ok(()) }
    }
}

/// Why a line was not taken.
#[derive(Debug)]
pub enum LineError {
    Invalid(String),
    Database(sqlx::Error),
}

impl From<String> for LineError {
    fn from(reason: String) -> Self {
        Self::Invalid(reason)
    }
}

impl From<&str> for LineError {
    fn from(reason: &str) -> Self {
        Self::Invalid(reason.to_owned())
    }
}

impl From<sqlx::Error> for LineError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(cause) if cause.is_foreign_key_violation() => Self::Invalid(
                "refers to something that is not there; import what it refers to first".to_owned(),
            ),
            sqlx::Error::Database(cause) if cause.is_unique_violation() || cause.is_check_violation() => {
                Self::Invalid(cause.message().to_owned())
            }
            _ => Self::Database(error),
        }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(reason) => f.write_str(reason),
            Self::Database(error) => write!(f, "database: {error}"),
        }
    }
}

/// The file that was not imported, where it failed, and why.
#[derive(Debug)]
pub struct ImportError {
    file: PathBuf,
    line: Option<u64>,
    reason: String,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for ImportError {}

/// Imports the files in the order given and returns how many rows were stored. The first faulty file stops it; the
/// files before it stay imported, and settled.
pub async fn import_files<I: Import>(db: &Db, files: &[PathBuf]) -> Result<u64, ImportError> {
    let mut rows = 0;
    let mut outcome = Ok(());
    for file in files {
        match import_file::<I>(db, file).await {
            Ok(count) => rows += count,
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    let settled = settle::<I>(db).await.map_err(|error| ImportError {
        file: files.last().cloned().unwrap_or_default(),
        line: None,
        reason: format!(
            "its rows are stored, but bringing what is derived from them up to date failed: {error}"
        ),
    });
    outcome.and(settled).map(|()| rows)
}

async fn import_file<I: Import>(db: &Db, path: &Path) -> Result<u64, ImportError> {
    let fail = |line: Option<u64>, reason: String| ImportError { file: path.to_owned(), line, reason };
    let file = File::open(path).map_err(|e| fail(None, e.to_string()))?;
    let size = file.metadata().map_or(0, |m| m.len());
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let mut tx = db.begin().await.map_err(|e| fail(None, format!("database: {e}")))?;
    let mut progress = Progress::new(path, size);
    sqlx::raw_sql(ROOMY).execute(&mut *tx).await.map_err(|e| fail(None, format!("database: {e}")))?;
    let mut importer = I::default();
    let mut buffer = Vec::new();
    let (mut number, mut rows, mut bytes) = (0_u64, 0_u64, 0_u64);
    loop {
        buffer.clear();
        number += 1;
        let read = reader
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut buffer)
            .map_err(|e| fail(Some(number), e.to_string()))?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        if read as u64 == LONGEST_LINE && buffer.last() != Some(&b'\n') {
            return Err(fail(Some(number), format!("the line is longer than {LONGEST_LINE} bytes")));
        }
        if buffer.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let line = serde_json::from_slice(&buffer).map_err(|e| fail(Some(number), reason(&e)))?;
        importer.line(&mut tx, line).await.map_err(|e| fail(Some(number), e.to_string()))?;
        rows += 1;
        progress.tick(rows, bytes);
    }
    sqlx::query("INSERT INTO _unsettled_import (file) VALUES (?)")
        .bind(path.display().to_string())
        .execute(&mut *tx)
        .await
        .map_err(|e| fail(None, format!("database: {e}")))?;
    tx.commit().await.map_err(|e| fail(None, format!("database: {e}")))?;
    progress.done(rows);
    Ok(rows)
}

/// serde_json's own words, with its column and without its line (which is always 1).
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let said = text.split(" at line ").next().unwrap_or_default();
    if error.column() == 0 { said.to_owned() } else { format!("{said} (column {})", error.column()) }
}

/// Brings derived data up to date if an import left that undone.
pub(crate) async fn settle<I: Import>(db: &Db) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    let left = sqlx::query("DELETE FROM _unsettled_import").execute(&mut *tx).await?.rows_affected();
    if left > 0 {
        let started = Instant::now();
        sqlx::raw_sql(ROOMY).execute(&mut *tx).await?;
        let mut settling = pin!(I::settle(&mut tx));
        // Nobody should wonder whether anything is happening.
        loop {
            match timeout(SAID_EVERY, &mut settling).await {
                Ok(done) => break done?,
                Err(_) => say(&format!("derived data: at it for {:.0} s", started.elapsed().as_secs_f64())),
            }
        }
    }
    tx.commit().await?;
    if left > 0 {
        sqlx::raw_sql(USUAL).execute(db.writes()).await?;
    }
    Ok(())
}

struct Progress {
    name: String,
    size: u64,
    started: Instant,
    said: Instant,
}

impl Progress {
    fn new(path: &Path, size: u64) -> Self {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Self { name, size, started: Instant::now(), said: Instant::now() }
    }

    fn tick(&mut self, rows: u64, bytes: u64) {
        // The clock is cheap, but not free a million times.
        if rows.is_multiple_of(256) && self.said.elapsed() >= SAID_EVERY {
            self.said = Instant::now();
            let percent = (bytes * 100).checked_div(self.size).unwrap_or(100).min(100);
            say(&format!("{}: {rows} rows, {percent} %", self.name));
        }
    }

    fn done(&self, rows: u64) {
        say(&format!("{}: {rows} rows in {:.1} s", self.name, self.started.elapsed().as_secs_f64()));
    }
}

fn say(text: &str) {
    eprintln!("import: {text}");
}

//! Imports: derived data is settled once, and also after an import that was interrupted.

use rest::{Db, Durability};
use serde_json::json;

use crate::notes::{Lines, Notes};

async fn versions(notes: &Notes) -> Vec<i64> {
    sqlx::query_scalar("SELECT version FROM notes ORDER BY id")
        .fetch_all(notes.running.db.reads())
        .await
        .unwrap()
}

#[tokio::test]
async fn files_are_whole_or_absent_and_settled_once() {
    let notes = Notes::start().await;
    let file = |name: &str, texts: &[&str]| {
        let path = notes.folder.path().join(name);
        let lines: String =
            texts.iter().map(|text| format!("{}\n", json!({ "owner": "ann", "text": text }))).collect();
        std::fs::write(&path, lines).unwrap();
        path
    };
    let files = [file("a", &["1", "2"]), file("b", &["3"]), file("c", &["4", "bad"]), file("d", &["5"])];
    let error = rest::import_files::<Lines>(&notes.running.db, &files).await.unwrap_err();
    assert_eq!(error.to_string(), format!("{}:2: text: is bad", files[2].display()));
    assert_eq!(versions(&notes).await, [101, 101, 101]);

    let long = notes.folder.path().join("long");
    std::fs::write(&long, "x".repeat((1 << 20) + 1)).unwrap();
    let error = rest::import_files::<Lines>(&notes.running.db, &[long]).await.unwrap_err();
    assert!(error.to_string().ends_with(":1: the line is longer than 1048576 bytes"), "{error}");
}

#[tokio::test]
async fn an_interrupted_import_is_settled_at_the_next_start() {
    let notes = Notes::start().await;
    notes.post(None, "x").send().await.unwrap();
    // What a killed import leaves: rows and a note that their consequences are due.
    sqlx::query("INSERT INTO _unsettled_import (file) VALUES ('f')")
        .execute(notes.running.db.writes())
        .await
        .unwrap();
    let Notes { running, folder, .. } = notes;
    running.shutdown().await;
    let notes = Notes::over(folder).await;
    assert_eq!(versions(&notes).await, [101]);
    let Notes { running, folder, .. } = notes;
    running.shutdown().await;
    assert_eq!(versions(&Notes::over(folder).await).await, [101], "once");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("text.db");
    std::fs::write(&file, "this is not a database, but long enough to be looked at ".repeat(40)).unwrap();
    static NONE: sqlx::migrate::Migrator = sqlx::migrate!("tests/migrations");
    let error = Db::open(&file, &NONE, Durability::PowerLoss).await.unwrap_err();
    assert!(error.to_string().contains("text.db") && error.to_string().contains("not a database"), "{error}");
}

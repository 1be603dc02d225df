//! A small catalogue that is up, and how to ask it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A running service over a database of its own.
pub struct House {
    pub running: rest::Running,
    client: reqwest::Client,
    folder: TempDir,
}

impl House {
    /// Imports `lines` with the real command, then serves.
    pub async fn with(lines: &[Value]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = write(folder.path(), "all.jsonl", lines);
        let output = import(folder.path(), &[&file]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self::over(folder).await
    }

    /// Serves what is in the folder's database.
    pub async fn over(folder: TempDir) -> Self {
        let running =
            catalog::service().start(rest::Settings::for_test(folder.path())).await.expect("it starts");
        Self { running, client: reqwest::Client::new(), folder }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub async fn response(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.running.url())).send().await.unwrap()
    }

    pub async fn request(&self, path: &str, header: (&str, &str)) -> Response {
        self.client
            .get(format!("{}{path}", self.running.url()))
            .header(header.0, header.1)
            .send()
            .await
            .unwrap()
    }

    /// The body of an answer that must be a success.
    pub async fn get(&self, path: &str) -> Value {
        let response = self.response(path).await;
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// One field of every item.
    pub async fn items(&self, path: &str, field: &str) -> Vec<String> {
        let body = self.get(path).await;
        let items = body["items"].as_array().expect("items");
        items
            .iter()
            .map(|item| match &item[field] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            })
            .collect()
    }
}

/// Runs `catalog import` on a database in `folder`.
pub fn import(folder: &Path, files: &[&PathBuf]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_catalog"))
        .arg("--set")
        .arg(format!("database={}", folder.join("test.db").display()))
        .arg("import")
        .args(files)
        .output()
        .unwrap()
}

pub fn write(folder: &Path, name: &str, lines: &[Value]) -> PathBuf {
    let path = folder.join(name);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&path, text).unwrap();
    path
}

pub fn genre(id: &str, parent: Option<&str>) -> Value {
    json!({"type": "genre", "id": id, "name": id.to_uppercase(), "parent_id": parent})
}

pub fn artist(id: &str, name: &str, genres: &[&str], popularity: i64) -> Value {
    json!({"type": "artist", "id": id, "name": name, "genre_ids": genres, "popularity": popularity,
           "monthly_listeners": popularity * 10})
}

pub fn album(id: &str, artist: &str, title: &str, released_on: &str, popularity: i64) -> Value {
    json!({"type": "album", "id": id, "artist_id": artist, "title": title, "kind": "album",
           "released_on": released_on, "popularity": popularity})
}

pub fn track(id: &str, album: &str, title: &str, position: i64, popularity: i64) -> Value {
    json!({"type": "track", "id": id, "album_id": album, "title": title, "position": position,
           "duration_ms": 180_000, "popularity": popularity})
}

/// Names in four scripts; two artists in one genre, one below another.
pub fn sample() -> Vec<Value> {
    let mut single = album("al-4", "ar-3", "群青日和", "2004-09-08", 600);
    single["kind"] = json!("single");
    single["upc"] = json!("123456789012");
    let mut isrc = track("tr-1", "al-1", "Jóga", 2, 700);
    isrc["isrc"] = json!("GBAQT9700055");
    isrc["explicit"] = json!(true);
    let mut rising = track("tr-2", "al-1", "Hunter", 1, 650);
    rising["previous_popularity"] = json!(900);
    let mut icelandic = artist("ar-1", "Björk", &["art-pop"], 900);
    icelandic["country"] = json!("IS");
    icelandic["formed_year"] = json!(1993);
    vec![
        genre("pop", None),
        genre("art-pop", Some("pop")),
        genre("rock", None),
        icelandic,
        artist("ar-2", "Кино", &["rock"], 850),
        artist("ar-3", "東京事変", &["rock", "art-pop"], 800),
        artist("ar-4", "Sigur Rós", &["art-pop", "rock"], 950),
        album("al-1", "ar-1", "Homogenic", "1997-09-22", 800),
        album("al-2", "ar-1", "Vespertine", "2001-08-27", 700),
        album("al-3", "ar-2", "Группа крови", "1988-01-05", 750),
        single,
        isrc,
        rising,
        track("tr-3", "al-2", "Pagan Poetry", 1, 640),
        track("tr-4", "al-3", "Звезда по имени Солнце", 1, 690),
        track("tr-5", "al-4", "群青日和", 1, 600),
    ]
}

//! The files in which clients register their documents, whatever tool wrote them: `.graphql` files, one document each,
//! and `.json` manifests of Apollo's (`apollo-persisted-query-manifest`), Relay's and graphql-codegen's tools (a map of ids
//! to texts). Other files, hidden ones and folders are nobody's business.

use crate::graphql::persisted::{digest, hex};
use serde::Deserialize;
use serde_json::Value;
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

/// A document as a client has registered it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registered {
    /// As the client sends it, or would.
    pub text: Arc<str>,
    /// The manifest's own, and the SHA-256 of the text, in hex. A file often ends with a line break that is not sent: its
    /// text without white space around it has an id, too.
    pub ids: Vec<String>,
    /// Where it is.
    pub file: String,
    /// Which of a manifest it is, as a person would look for it.
    pub entry: Option<String>,
}

/// What is wrong with a file, or with a document in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The file, or the folder.
    pub file: String,
    /// Where in it.
    pub place: Option<String>,
    /// In a sentence.
    pub reason: String,
}

impl Problem {
    pub(super) fn new(file: &str, place: Option<String>, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), place, reason: reason.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{}, {place}: {}", self.file, self.reason),
            None => write!(f, "{}: {}", self.file, self.reason),
        }
    }
}

/// All that a folder has.
#[derive(Debug, Default)]
pub struct Manifests {
    /// In the order of the files' names.
    pub registered: Vec<Registered>,
    /// Files, or parts of them, that are not as they should be.
    pub problems: Vec<Problem>,
}

/// A file as it was seen: if it is the same, so is what it says.
#[derive(PartialEq, Eq, Debug)]
pub struct Stamp {
    path: PathBuf,
    modified: Option<SystemTime>,
    bytes: u64,
}

/// Of every file that counts.
pub(super) fn stamps(folder: &Path) -> Vec<Stamp> {
    let files = files(folder).unwrap_or_default();
    let stamp = |path: PathBuf| {
        let known = fs::metadata(&path).ok();
        let modified = known.as_ref().and_then(|known| known.modified().ok());
        Stamp { modified, bytes: known.map_or(0, |known| known.len()), path }
    };
    files.into_iter().map(stamp).collect()
}

/// Reads a folder of registered documents: `schema/<bff>/operations`.
pub fn read(folder: &Path) -> Manifests {
    let mut manifests = Manifests::default();
    match files(folder) {
        Ok(files) => files.iter().for_each(|file| manifests.read(file)),
        Err(error) => {
            let there = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
            let reason = format!("the folder of registered documents cannot be read: {error}");
            manifests.problems.push(Problem::new(&there.display().to_string(), None, reason));
        }
    }
    manifests
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        let counts = path.extension().is_some_and(|extension| extension == "graphql" || extension == "json");
        // Asked of what a link leads to: mounted folders are full of them.
        if counts && !hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Apollo's manifest.
#[derive(Deserialize)]
struct Apollo {
    format: String,
    version: u64,
    operations: Vec<ApolloOperation>,
}

#[derive(Deserialize)]
struct ApolloOperation {
    id: String,
    #[serde(default)]
    name: Option<String>,
    body: String,
}

impl Manifests {
    fn read(&mut self, path: &Path) {
        let file = path.display().to_string();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.wrong(&file, None, error.to_string()),
        };
        if path.extension().is_some_and(|extension| extension == "graphql") {
            let without = text.trim();
            let mut ids = vec![hex(&digest(text.as_bytes()))];
            if without.len() < text.len() {
                ids.push(hex(&digest(without.as_bytes())));
            }
            self.registered.push(Registered { ids, file, entry: None, text: text.into() });
            return;
        }
        match serde_json::from_str(&text) {
            Ok(Value::Object(map)) if map.get("format").is_some_and(Value::is_string) => {
                self.apollo(&file, Value::Object(map));
            }
            Ok(Value::Object(map)) => {
                for (id, text) in map {
                    match text {
                        Value::String(text) => self.add(&file, format!("id {id}"), id, text),
                        _ => self.wrong(&file, Some(format!("id {id}")), NOT_A_TEXT),
                    }
                }
            }
            Ok(_) => self.wrong(&file, None, "it is neither Apollo's manifest nor a map of ids to documents"),
            Err(error) => {
                let place = format!("line {}, column {}", error.line(), error.column());
                self.wrong(&file, Some(place), format!("it is not JSON: {error}"));
            }
        }
    }

    fn apollo(&mut self, file: &str, manifest: Value) {
        let manifest: Apollo = match serde_json::from_value(manifest) {
            Ok(manifest) => manifest,
            Err(error) => return self.wrong(file, None, format!("it is not Apollo's manifest: {error}")),
        };
        if (manifest.format.as_str(), manifest.version) != ("apollo-persisted-query-manifest", 1) {
            let Apollo { format, version, .. } = manifest;
            let reason = format!(
                "its format is `{format}`, version {version}; what is read is `apollo-persisted-query-manifest`, version 1"
            );
            return self.wrong(file, None, reason);
        }
        for ApolloOperation { id, name, body } in manifest.operations {
            let entry = format!("operation {}", name.as_deref().unwrap_or(&id));
            self.add(file, entry, id, body);
        }
    }

    fn add(&mut self, file: &str, entry: String, id: String, text: String) {
        let mut ids = vec![hex(&digest(text.as_bytes()))];
        // As it is asked for: without the prefix.
        let id = id.strip_prefix("sha256:").unwrap_or(&id).to_owned();
        if !ids.contains(&id) {
            ids.push(id);
        }
        self.registered.push(Registered {
            ids,
            file: file.to_owned(),
            entry: Some(entry),
            text: text.into(),
        });
    }

    fn wrong(&mut self, file: &str, place: Option<String>, reason: impl Into<String>) {
        self.problems.push(Problem::new(file, place, reason));
    }
}

const NOT_A_TEXT: &str = "what it names is not a document's text";

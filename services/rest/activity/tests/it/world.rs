//! A running service, and people who talk to it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kit::{Front, Person, Place as _, json};
use rest::{Running, Settings};
use tempfile::TempDir;

pub struct World {
    pub front: Front,
    running: Option<Running>,
    folder: TempDir,
}

impl World {
    pub async fn start() -> Self {
        let mut world =
            Self { front: Front::start().await, running: None, folder: tempfile::tempdir().unwrap() };
        world.up().await;
        world
    }

    async fn up(&mut self) {
        let mut settings = Settings::for_test(self.folder.path());
        settings.common.auth.trusted.insert(Front::NAME.to_owned(), self.front.url().parse().unwrap());
        self.running = Some(activity::service().start(settings).await.unwrap());
    }

    pub fn url(&self) -> String {
        self.running.as_ref().unwrap().url()
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }

    /// Imports lines through the binary, as an operator does.
    pub fn import(&self, lines: &str) -> Output {
        let file = self.folder.path().join("lines.jsonl");
        std::fs::write(&file, lines).unwrap();
        command(&self.database()).arg("import").arg(file).output().unwrap()
    }

    /// Somebody with a token that fits this service.
    pub fn user(&self, id: &str) -> Person {
        self.holder(Some(self.front.token("activity", id, json!({"scope": "openid activity"}))))
    }

    pub fn nobody(&self) -> Person {
        self.holder(None)
    }

    pub fn holder(&self, token: Option<String>) -> Person {
        Person::new(self.url(), token)
    }
}

/// The real binary on a database.
pub fn command(database: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_activity"));
    command.arg("--set").arg(format!("database={}", database.display()));
    command
}

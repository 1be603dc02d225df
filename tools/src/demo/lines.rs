//! A JSON Lines file being written: complete under its name, or not there at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

pub struct Lines {
    path: PathBuf,
    part: PathBuf,
    file: BufWriter<File>,
    written: u64,
    /// When progress was last told; `None` for a file that is always short.
    told: Option<Instant>,
}

impl Lines {
    pub fn create(folder: &Path, name: &str) -> io::Result<Self> {
        fs::create_dir_all(folder).map_err(|error| about(folder, &error))?;
        let path = folder.join(name);
        let part = folder.join(format!("{name}.part"));
        let file = File::create(&part).map_err(|error| about(&part, &error))?;
        Ok(Self { path, part, file: BufWriter::new(file), written: 0, told: None })
    }

    /// Tells once a second on the standard error how far the file is.
    pub fn telling(mut self) -> Self {
        self.told = Some(Instant::now());
        self
    }

    pub fn write(&mut self, mut line: Value) -> io::Result<()> {
        // Whether a map keeps its order of insertion is decided by whoever else uses serde_json in a build.
        line.sort_all_objects();
        serde_json::to_writer(&mut self.file, &line)
            .map_err(io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"))
            .map_err(|error| about(&self.part, &error))?;
        self.written += 1;
        // Looking at the clock costs as much as a line, so do it seldom.
        if self.written.is_multiple_of(4_096)
            && self.told.is_some_and(|told| told.elapsed() >= Duration::from_secs(1))
        {
            self.told = Some(Instant::now());
            eprintln!("{}: {} lines", self.path.display(), self.written);
        }
        Ok(())
    }

    /// Gives the file its name; until now an interrupted run left only a `.part`.
    pub fn finish(self) -> io::Result<u64> {
        let Self { path, part, file, written, .. } = self;
        file.into_inner().map_err(|error| about(&part, error.error()))?;
        fs::rename(&part, &path).map_err(|error| about(&path, &error))?;
        Ok(written)
    }
}

fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))
}

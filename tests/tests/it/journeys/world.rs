//! A demo world in databases: generated and imported once per build of the binaries, copied for each test.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The REST services, in the order in which they are started.
pub const SERVICES: [&str; 4] = ["identity", "catalog", "library", "activity"];

/// How large a world is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// About so many tracks.
    pub tracks: u32,
    pub users: u32,
}

/// Enough for every screen to have something on it.
pub const SMALL: Size = Size { tracks: 500, users: 20 };

/// Copies the world's databases into a folder.
pub fn copy(size: Size, into: &Path) {
    let world = imported(size);
    for service in SERVICES {
        let file = format!("{service}.db");
        fs::copy(world.join(&file), into.join(&file)).unwrap();
    }
}

/// The folder with the world's databases; tests of the same build share it, whatever process they run in.
fn imported(size: Size) -> PathBuf {
    let worlds = Path::new(env!("CARGO_TARGET_TMPDIR")).join("worlds");
    fs::create_dir_all(&worlds).unwrap();
    let name = format!("{}-{}-{:016x}", size.tracks, size.users, build());
    let world = worlds.join(&name);
    let lock = File::create(worlds.join(format!("{}-{}.lock", size.tracks, size.users))).unwrap();
    lock.lock().unwrap();
    if !world.exists() {
        // What older builds have left.
        let siblings = fs::read_dir(&worlds).unwrap().map(|entry| entry.unwrap().path());
        let prefix = format!("{}-{}-", size.tracks, size.users);
        let old = siblings.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&prefix));
        old.for_each(|path| fs::remove_dir_all(path).unwrap());
        let making = tempfile::tempdir_in(&worlds).unwrap();
        make(size, making.path());
        fs::rename(making.keep(), &world).unwrap();
    }
    world
}

/// Which build of the binaries this is.
fn build() -> u64 {
    let mut hasher = DefaultHasher::new();
    for binary in SERVICES.into_iter().chain(["bff"]) {
        let file = fs::metadata(kit::binary(binary)).unwrap();
        (file.len(), file.modified().unwrap()).hash(&mut hasher);
    }
    hasher.finish()
}

fn make(size: Size, folder: &Path) {
    let demo = folder.join("demo");
    let (tracks, users) = (size.tracks.to_string(), size.users.to_string());
    let generated = Command::new(kit::binary("bff"))
        .args(["demo", "--scale", &tracks, "--users", &users, "--out"])
        .arg(&demo)
        .output()
        .unwrap();
    succeeded(&generated);
    for service in SERVICES {
        let mut files: Vec<_> =
            fs::read_dir(demo.join(service)).unwrap().map(|entry| entry.unwrap().path()).collect();
        // Numbered in the order in which they must be imported.
        files.sort();
        succeeded(&import(service, folder, &files));
    }
}

/// `<service> import FILE…` into the service's database in that folder.
pub fn import(service: &str, folder: &Path, files: &[PathBuf]) -> Output {
    let database = format!("database={}", database(service, folder));
    let mut command = Command::new(kit::binary(service));
    command.args(["--profile", "development", "--set", &database, "import"]).args(files);
    command.output().unwrap()
}

/// Where a service's database is.
pub fn database(service: &str, folder: &Path) -> String {
    folder.join(format!("{service}.db")).display().to_string()
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

//! The walls of the house: who may depend on whom, and what `shared` may not know.

use kit::workspace;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The example domain's nouns. Where one of them is needed in `shared`, something is in the wrong place.
const NOUNS: [&str; 8] = ["artist", "album", "playlist", "song", "music", "genre", "tracks", "podcast"];

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn folder(manifest: &Value) -> PathBuf {
    Path::new(manifest.as_str().unwrap()).strip_prefix(workspace()).unwrap().parent().unwrap().to_owned()
}

fn sources(under: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(under).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path
            .extension()
            .is_some_and(|kind| ["rs", "toml", "sql", "html"].contains(&kind.to_str().unwrap()))
        {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_service_depends_on_shared_alone_and_shared_on_no_service() {
    let packages = packages();
    assert!(packages.len() >= 12, "the workspace is the whole house");
    for package in &packages {
        let here = folder(&package["manifest_path"]);
        for dependency in package["dependencies"].as_array().unwrap() {
            let Some(path) = dependency["path"].as_str() else { continue };
            let there = Path::new(path).strip_prefix(workspace()).unwrap();
            let for_tests = dependency["kind"] == "dev";
            let allowed = if here.starts_with("services") {
                there.starts_with("shared") || (for_tests && there == Path::new("tests"))
            } else {
                !there.starts_with("services")
                    && (!here.starts_with("shared") || there.starts_with("shared") || for_tests)
            };
            assert!(allowed, "{} may not depend on {}", here.display(), there.display());
        }
    }
}

#[test]
fn shared_names_no_business_noun() {
    let mut found = Vec::new();
    for path in sources(&workspace().join("shared")) {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            let words = line.split(|c: char| !c.is_ascii_alphabetic()).flat_map(snake_words);
            for word in words {
                let word = word.to_lowercase();
                if NOUNS.iter().any(|noun| word == *noun || word.strip_suffix('s') == Some(noun)) {
                    let path = path.strip_prefix(workspace()).unwrap().display();
                    found.push(format!("{path}:{}: {word}", number + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "shared knows of the example domain:\n{}", found.join("\n"));
}

/// `AlbumsOf` is two words.
fn snake_words(word: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in word.chars() {
        if c.is_uppercase() {
            words.push(String::new());
        }
        words.last_mut().unwrap().push(c);
    }
    words
}

#[test]
fn every_main_is_thin() {
    for main in sources(&workspace().join("services")).iter().filter(|path| path.ends_with("src/main.rs")) {
        let lines = fs::read_to_string(main).unwrap().lines().count();
        assert!(
            lines < 20,
            "{} has {lines} lines: a main says what is served, the library how",
            main.display()
        );
    }
}

#[test]
fn the_committed_schema_is_the_codes() {
    let mut checked = 0;
    for entry in fs::read_dir(workspace().join("schema")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let bff = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let output = Command::new(kit::binary(&bff)).arg("schema").output().unwrap();
        assert!(output.status.success(), "{bff}: {}", String::from_utf8_lossy(&output.stderr));
        let committed = fs::read_to_string(folder.join("schema.graphql")).unwrap();
        let code = String::from_utf8(output.stdout).unwrap();
        assert!(
            committed == code,
            "schema/{bff}/schema.graphql is not what the code says: run `make schema` and review its diff"
        );
        checked += 1;
    }
    assert!(checked >= 3, "every BFF has its schema committed");
}

#[test]
fn the_committed_reference_of_errors_is_the_codes() {
    let committed = fs::read_to_string(workspace().join("schema/errors.md")).unwrap();
    assert!(
        committed == bff::code::reference(),
        "schema/errors.md is not what shared/src/code.rs says: run `make schema` and review its diff"
    );
}

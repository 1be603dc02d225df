//! `schema/<bff>/budgets.toml`: what each operation may cost, and what it is asked with to see what it costs.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

use super::{Failure, compare::Budget, operations::Operation};

/// A BFF's budgets.
#[derive(Debug)]
pub(super) struct File {
    pub(super) bff: String,
    pub(super) path: PathBuf,
    text: String,
    pub(super) budgets: BTreeMap<String, Budget>,
    variables: BTreeMap<String, Value>,
}

/// What a new file begins with.
const HEAD: &str = "\
# What each registered operation may cost: calls to upstreams, and waves (calls that wait for each other). `make budgets`
# holds it against what they do cost, with few rows and with many; `bff budgets --write` writes what they cost now.
";

#[derive(Deserialize)]
struct Read {
    #[serde(default)]
    variables: BTreeMap<String, toml::Value>,
    #[serde(flatten)]
    budgets: BTreeMap<String, Budget>,
}

/// The file of every BFF that has operations, whether or not it is there yet.
pub(super) fn read(root: &Path, operations: &[Operation]) -> Result<Vec<File>, Failure> {
    let mut bffs: Vec<&String> = operations.iter().map(|operation| &operation.bff).collect();
    bffs.dedup();
    bffs.into_iter()
        .map(|bff| File::read(bff.clone(), root.join("schema").join(bff).join("budgets.toml")))
        .collect()
}

/// The same files, as they are now.
pub(super) fn read_again(files: Vec<File>) -> Result<Vec<File>, Failure> {
    files.into_iter().map(|file| File::read(file.bff, file.path)).collect()
}

impl File {
    fn read(bff: String, path: PathBuf) -> Result<Self, Failure> {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => HEAD.to_owned(),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let read: Read = toml::from_str(&text).map_err(|error| wrong(&error))?;
        let json = |(name, value)| Ok((name, serde_json::to_value(value).map_err(|error| wrong(&error))?));
        let variables = read.variables.into_iter().map(json).collect::<Result<_, Failure>>()?;
        Ok(Self { bff, text, budgets: read.budgets, variables, path })
    }

    /// What an operation is asked with: with few rows, and with many.
    pub(super) fn variables(&self, operation: &str) -> Result<[Value; 2], Failure> {
        match self.variables.get(operation) {
            None => Ok([Value::Null, Value::Null]),
            Some(both @ Value::Object(_)) => Ok([both.clone(), both.clone()]),
            Some(Value::Array(each)) if each.len() == 2 && each.iter().all(Value::is_object) => {
                Ok([each[0].clone(), each[1].clone()])
            }
            Some(_) => Err(format!(
                "{}: variables.{operation} is neither a table nor a list of two (with few rows, with many)",
                self.path.display()
            )),
        }
    }

    /// Writes these budgets; comments and variables stay.
    pub(super) fn write(&self, budgets: &[(&str, Budget)]) -> Result<(), Failure> {
        fs::write(&self.path, written(&self.text, budgets))
            .map_err(|error| format!("{}: {error}", self.path.display()))
    }
}

/// The text with these budgets: lines of others go, new ones come behind the last, or below the first comment.
fn written(text: &str, budgets: &[(&str, Budget)]) -> String {
    let line = |(name, Budget { calls, waves }): &(&str, Budget)| {
        format!("{name} = {{ calls = {calls}, waves = {waves} }}")
    };
    let mut lines: Vec<String> = Vec::new();
    let mut missing: Vec<&(&str, Budget)> = budgets.iter().collect();
    let mut behind = None;
    let mut in_table = false;
    for old in text.lines() {
        if old.starts_with('[') {
            in_table = true;
            behind = behind.or_else(|| Some(lines.iter().position(String::is_empty).unwrap_or(lines.len())));
        }
        let name = old.split_once('=').map(|(name, _)| name.trim()).filter(|name| !in_table && is_name(name));
        let Some(name) = name else {
            lines.push(old.to_owned());
            continue;
        };
        if let Some(at) = missing.iter().position(|(known, _)| *known == name) {
            let comment = old.split_once('}').map_or("", |(_, comment)| comment);
            lines.push(line(missing.remove(at)) + comment);
            behind = Some(lines.len());
        }
    }
    let behind = behind.unwrap_or(lines.len());
    lines.splice(behind..behind, missing.into_iter().map(line));
    lines.join("\n") + "\n"
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "# What it costs.\nGone = { calls = 1, waves = 1 }\n\
        Home = { calls = 9, waves = 9 } # two shelves\n\n# With what.\n[variables]\nHome = { id = \"a\" }\n";

    fn budget(calls: u32, waves: u32) -> Budget {
        Budget { calls, waves }
    }

    #[test]
    fn writing_keeps_comments_and_variables() {
        assert_eq!(
            written(OLD, &[("Home", budget(5, 2)), ("New", budget(1, 1))]),
            "# What it costs.\nHome = { calls = 5, waves = 2 } # two shelves\nNew = { calls = 1, waves = 1 }\n\n\
             # With what.\n[variables]\nHome = { id = \"a\" }\n"
        );
    }

    #[test]
    fn a_new_file_begins_with_what_it_is() {
        let new = written(HEAD, &[("Home", budget(5, 2))]);
        assert_eq!(new, format!("{HEAD}Home = {{ calls = 5, waves = 2 }}\n"));
        let with_variables =
            written("# It.\n\n# With what.\n[variables]\nA = { x = 1 }\n", &[("A", budget(1, 1))]);
        assert_eq!(
            with_variables,
            "# It.\nA = { calls = 1, waves = 1 }\n\n# With what.\n[variables]\nA = { x = 1 }\n"
        );
    }

    #[test]
    fn variables_are_the_same_for_both_sizes_or_one_each() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("budgets.toml");
        let file = |text: &str| {
            fs::write(&path, text).unwrap();
            File::read("mobile".to_owned(), path.clone())
        };
        let read = file("A = { calls = 1, waves = 1 }\n[variables]\nA = [{ first = 3 }, { first = 60 }]\nB = { x = [1] }\nC = 1\n").unwrap();
        assert_eq!(read.budgets["A"], budget(1, 1));
        let first = |first| serde_json::json!({"first": first});
        assert_eq!(read.variables("A"), Ok([first(3), first(60)]));
        assert_eq!(read.variables("B"), Ok([serde_json::json!({"x": [1]}), serde_json::json!({"x": [1]})]));
        assert_eq!(read.variables("D"), Ok([Value::Null, Value::Null]));
        assert!(read.variables("C").is_err_and(|failure| failure.contains("variables.C")));
        assert!(file("A = { calls = 1, wave = 1 }").is_err_and(|failure| failure.contains("budgets.toml")));
    }
}

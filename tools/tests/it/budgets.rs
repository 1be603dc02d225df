//! `bff budgets` over two fake services: what it prints, what it writes, and when it fails.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

struct Repository(TempDir);

impl Repository {
    /// A REST service `alpha` and a BFF `beta` with one query and one subscription.
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        for (folder, config) in [
            ("services/rest/alpha", "listen = \"127.0.0.1:7901\"\n"),
            ("services/beta", "listen = \"127.0.0.1:7902\"\nadmin = \"127.0.0.1:7903\"\n"),
        ] {
            let name = folder.rsplit('/').next().unwrap();
            repository.write(&format!("{folder}/Cargo.toml"), "");
            repository.write(&format!("{folder}/{name}.toml"), config);
            let bin = repository.0.path().join("bin");
            fs::create_dir_all(&bin).unwrap();
            fs::copy(env!("CARGO_BIN_EXE_fake-service"), bin.join(name)).unwrap();
        }
        repository
            .write("schema/beta/operations/home.graphql", "query Home($size: String) { items { thing } }");
        repository.write("schema/beta/operations/news.graphql", "subscription News { news }");
        repository
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn budgets(&self, lines: &str) {
        let variables = "[variables]\nHome = [{ size = \"few\" }, { size = \"many\" }]\n";
        self.write("schema/beta/budgets.toml", &format!("{lines}\n{variables}"));
    }

    /// What the query costs: keys and calls of the edge below its items.
    fn cost(&self, few: (u32, u32), many: (u32, u32)) {
        for (file, (keys, calls)) in [("few.json", few), ("many.json", many)] {
            self.write(
                file,
                &format!(
                    r#"{{"data": {{"items": []}}, "extensions": {{"fanout": {{"edges": [
                    {{"edge": "items", "question": "Items", "upstream": "alpha", "wave": 1, "asked": 1, "callsAtWorst": 1}},
                    {{"edge": "items.thing", "question": "ThingById", "upstream": "alpha", "wave": 2, "asked": {keys},
                      "callsAtWorst": {calls}}}]}}}}}}"#
                ),
            );
        }
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bff"));
        command.arg("budgets").arg("--root").arg(self.0.path()).arg("--bin").arg(self.0.path().join("bin"));
        let output = command.args(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

const NEWS: &str = "beta  News  a subscription: its BFF's own tests count an event's calls\n";

#[test]
fn within_its_budget_an_operation_is_ok() {
    let repository = Repository::new();
    repository.budgets("Home = { calls = 3, waves = 2 }");
    repository.cost((3, 1), (60, 1));
    let (code, shown, errors) = repository.run(&[]);
    assert_eq!(shown, format!("beta  Home  calls 2 ≤ 3  waves 2 ≤ 2  ok\n{NEWS}"), "{errors}");
    assert_eq!(code, Some(0));
}

#[test]
fn a_call_for_each_row_fails_and_names_the_edge() {
    let repository = Repository::new();
    repository.budgets("Home = { calls = 100, waves = 2 }");
    repository.cost((3, 3), (60, 60));
    let (code, shown, errors) = repository.run(&[]);
    let grown = "beta  Home  calls 61 ≤ 100  waves 2 ≤ 2  grows with rows\n        \
        items.thing asks ThingById of alpha for 60 keys in wave 2: 60 calls, where 3 keys took 3 calls\n";
    assert_eq!(shown, format!("{grown}{NEWS}"), "{errors}");
    assert_eq!(code, Some(1));
}

#[test]
fn what_has_no_budget_fails_until_one_is_written_and_what_has_one_must_be_there() {
    let repository = Repository::new();
    repository.budgets("Gone = { calls = 1, waves = 1 } # long ago");
    repository.cost((3, 1), (60, 1));
    let (code, shown, errors) = repository.run(&[]);
    assert!(
        shown.contains("Home  calls 2  waves 2  has no budget: `bff budgets --write` adds one\n"),
        "{shown}{errors}"
    );
    assert!(shown.contains("Gone  has a budget and is no operation"), "{shown}");
    assert_eq!(code, Some(1));

    let (code, shown, errors) = repository.run(&["--write"]);
    assert!(shown.contains("Home  calls 2 ≤ 2  waves 2 ≤ 2  ok"), "{shown}{errors}");
    assert_eq!(code, Some(0));
    let written = fs::read_to_string(repository.0.path().join("schema/beta/budgets.toml")).unwrap();
    assert!(written.starts_with("Home = { calls = 2, waves = 2 }\n"), "{written}");
    assert!(written.contains("[variables]\nHome = ["), "{written}");
}

#[test]
fn what_a_manifest_registers_has_a_budget_too() {
    let repository = Repository::new();
    repository.budgets("Home = { calls = 3, waves = 2 }");
    repository.cost((3, 1), (60, 1));
    let older =
        r#"{"a1": "query Home($size: String) { items { thing old } }", "a2": "query Other { items }"}"#;
    repository.write("schema/beta/operations/app.json", older);
    let (code, shown, errors) = repository.run(&[]);
    let of = "beta  Home   calls 2 ≤ 3  waves 2 ≤ 2  ok\n";
    assert!(shown.starts_with(&format!("{of}{of}")), "both of that name: {shown}{errors}");
    assert!(shown.contains("Other  calls 2  waves 2  has no budget"), "{shown}{errors}");
    assert_eq!(code, Some(1));
}

#[test]
fn an_answer_that_is_not_whole_counts_for_nothing() {
    let repository = Repository::new();
    repository.budgets("Home = { calls = 3, waves = 2 }");
    repository.write("few.json", r#"{"data": {"items": null}}"#);
    let (code, shown, errors) = repository.run(&[]);
    assert!(errors.contains("beta Home: it finds nothing; has it the right `variables`?"), "{shown}{errors}");
    assert_eq!((code, shown.as_str()), (Some(1), ""));
    assert!(!Path::new(".run").exists(), "nothing is left behind");
}

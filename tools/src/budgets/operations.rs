//! The operations that clients have registered in `schema/<bff>/operations`, read as the BFFs read them: `.graphql` files,
//! and the manifests that clients' builds write.

use bff::{
    async_graphql::parser::{
        parse_query,
        types::{DocumentOperations, OperationType},
    },
    graphql::manifest::{self, Manifests, Registered},
};
use std::{fs, path::Path, sync::Arc};

use super::Failure;

/// A registered operation. Of one name there may be several: older versions of an app go on sending theirs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Operation {
    pub(super) bff: String,
    pub(super) name: String,
    pub(super) document: Arc<str>,
    pub(super) is_subscription: bool,
}

/// Of all BFFs, by BFF and name.
pub(super) fn registered(root: &Path) -> Result<Vec<Operation>, Failure> {
    let schema = root.join("schema");
    let mut operations = Vec::new();
    for bff in names(&schema)? {
        let folder = schema.join(&bff).join("operations");
        if !folder.is_dir() {
            continue;
        }
        let Manifests { registered, problems } = manifest::read(&folder);
        if !problems.is_empty() {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            return Err(problems.join("\n"));
        }
        for registered in registered {
            for (name, is_subscription) in named(&registered)? {
                let document = registered.text.clone();
                operations.push(Operation { bff: bff.clone(), name, document, is_subscription });
            }
        }
    }
    operations.sort();
    // What is in a file and in a manifest is one operation.
    operations.dedup_by(|a, b| (&a.bff, &a.name, a.document.trim()) == (&b.bff, &b.name, b.document.trim()));
    Ok(operations)
}

/// The operations of a document: by their names they have budgets.
fn named(registered: &Registered) -> Result<Vec<(String, bool)>, Failure> {
    let Registered { text, file, entry, .. } = registered;
    let at = entry.as_ref().map_or_else(|| file.clone(), |entry| format!("{file}, {entry}"));
    let document = parse_query(text).map_err(|error| format!("{at}: {error}"))?;
    match document.operations {
        DocumentOperations::Single(_) => {
            Err(format!("{at}: there is no named operation: begin it with `query Name`"))
        }
        DocumentOperations::Multiple(operations) => {
            let is_subscription = |ty| ty == OperationType::Subscription;
            let named = operations.into_iter();
            Ok(named.map(|(name, it)| (name.to_string(), is_subscription(it.node.ty))).collect())
        }
    }
}

fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Result<Vec<(String, String)>, Failure> {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("schema/mobile/operations");
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
        let operations = registered(root.path())?;
        Ok(operations.into_iter().map(|operation| (operation.name, operation.document.to_string())).collect())
    }

    #[test]
    fn operations_are_read_from_whatever_registers_them() {
        let apollo = r#"{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
            {"id": "1", "name": "Do", "type": "mutation", "body": "mutation Do($x: Int) { a }"},
            {"id": "2", "name": "Home", "type": "query", "body": "query Home { a }"}]}"#;
        let map = r#"{"3": "fragment query on A { b } query Home { a b }", "4": "subscription News { n }"}"#;
        let files =
            [("home.graphql", "# What.\nquery Home { a }\n"), ("apollo.json", apollo), ("relay.json", map)];
        let text = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
        assert_eq!(
            read(&files).unwrap(),
            [
                ("Do", "mutation Do($x: Int) { a }"),
                ("Home", "# What.\nquery Home { a }\n"),
                ("Home", "fragment query on A { b } query Home { a b }"),
                ("Home", "query Home { a }"),
                ("News", "subscription News { n }"),
            ]
            .map(text)
        );
        let twice = [("home.graphql", "query Home { a }\n"), ("map.json", r#"{"1": "query Home { a }"}"#)];
        assert_eq!(read(&twice).unwrap().len(), 1, "once in a file, once in a manifest");
        let several = read(&[("all.graphql", "query A { a } query B { b }")]).unwrap();
        assert_eq!(several.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["A", "B"]);
    }

    #[test]
    fn what_cannot_have_a_budget_is_refused_by_its_place() {
        let refused = |name: &str, text: &str| read(&[(name, text)]).unwrap_err();
        let nameless = refused("map.json", r#"{"5": "{ a }"}"#);
        assert!(
            nameless.ends_with("map.json, id 5: there is no named operation: begin it with `query Name`")
        );
        assert!(refused("a.graphql", "query {").contains("a.graphql: "));
        assert!(refused("a.json", "[]").contains("neither Apollo's manifest nor a map"));
    }
}

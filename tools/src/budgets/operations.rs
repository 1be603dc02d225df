//! The operations that clients have registered: `schema/<bff>/operations/*.graphql`, one to a file.

use std::{fs, path::Path};

use super::Failure;

/// A registered operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Operation {
    pub(super) bff: String,
    pub(super) name: String,
    pub(super) document: String,
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
        for file in names(&folder)?.iter().filter(|name| name.ends_with(".graphql")) {
            let path = folder.join(file);
            let document =
                fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let (kind, name) = head(&document).ok_or_else(|| {
                format!("{}: there is no named operation: begin it with `query Name`", path.display())
            })?;
            let is_subscription = kind == "subscription";
            operations.push(Operation { bff: bff.clone(), name: name.to_owned(), is_subscription, document });
        }
    }
    operations.sort_by(|a, b| (&a.bff, &a.name).cmp(&(&b.bff, &b.name)));
    Ok(operations)
}

/// The operation's kind and name. It begins a line, as formatted documents do.
fn head(document: &str) -> Option<(&str, &str)> {
    document.lines().find_map(|line| {
        let (kind, rest) = line.trim_start().split_once(char::is_whitespace)?;
        let name = rest.trim_start().split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
        (["query", "mutation", "subscription"].contains(&kind) && !name.is_empty()).then_some((kind, name))
    })
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

    #[test]
    fn an_operation_is_known_by_its_head() {
        assert_eq!(head("# What.\nquery Home { a }"), Some(("query", "Home")));
        assert_eq!(head("fragment query on A { b }\nmutation Do($x: Int) { a }"), Some(("mutation", "Do")));
        assert_eq!(head("{ a }"), None);
        assert_eq!(head("query { a }"), None);
    }
}

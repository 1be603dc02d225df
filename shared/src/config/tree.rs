//! The layers of a configuration merged into one tree in which every leaf remembers who set it.

use std::{collections::BTreeMap, fmt};

use toml::de::{DeTable, DeValue};

/// Who set a value, as a person would look for it.
#[derive(Clone, Debug, Default)]
pub(super) enum Origin {
    #[default]
    Default,
    File {
        name: String,
        line: usize,
    },
    Environment(String),
    CommandLine(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { name, line } => write!(f, "{name}, line {line}"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::CommandLine(option) => f.write_str(option),
        }
    }
}

/// A value as its layer wrote it. Text from the environment or the command line has no type of its own yet.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    String(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Array(Vec<Node>),
    Table(BTreeMap<String, Node>),
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Tree(pub(super) BTreeMap<String, Node>);

impl Tree {
    /// Lays a TOML document on top; what cannot be read is reported with its line.
    pub(super) fn overlay_toml(&mut self, text: &str, name: &str, problems: &mut Vec<String>) {
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            problems.push(format!("{name}, line {line}: {}", error.message()));
        }
        if errors.is_empty() {
            merge(&mut self.0, read_table(document.into_inner(), text, name));
        }
    }

    /// Lays `SERVICE__SECTION__KEY` variables on top.
    pub(super) fn overlay_environment(
        &mut self,
        service: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) {
        let prefix = super::environment_name(service, "");
        let mut own: Vec<_> = environment
            .into_iter()
            .filter(|(name, _)| name.len() > prefix.len() && name.starts_with(&prefix))
            .collect();
        own.sort();
        for (name, value) in own {
            let lower = name[prefix.len()..].to_ascii_lowercase();
            let path: Vec<&str> = lower.split("__").collect();
            self.set(&path, &value, Origin::Environment(name));
        }
    }

    /// Sets one value, making the tables on the way.
    pub(super) fn set(&mut self, path: &[&str], text: &str, origin: Origin) {
        let Some((last, tables)) = path.split_last() else { return };
        let mut table = &mut self.0;
        for key in tables {
            let entry = table
                .entry(existing_key(table, key))
                .or_insert_with(|| Node { value: Value::Table(BTreeMap::new()), origin: origin.clone() });
            if !matches!(entry.value, Value::Table(_)) {
                *entry = Node { value: Value::Table(BTreeMap::new()), origin: origin.clone() };
            }
            let Value::Table(inner) = &mut entry.value else { return };
            table = inner;
        }
        table.insert(existing_key(table, last), Node { value: Value::Text(text.to_owned()), origin });
    }
}

/// A shell variable cannot contain a dash: `SOME_NAME` finds the `some-name` that the TOML introduced.
fn existing_key(table: &BTreeMap<String, Node>, key: &str) -> String {
    if table.contains_key(key) {
        return key.to_owned();
    }
    table.keys().find(|known| known.replace('-', "_") == key).cloned().unwrap_or_else(|| key.to_owned())
}

fn merge(base: &mut BTreeMap<String, Node>, over: BTreeMap<String, Node>) {
    for (key, node) in over {
        match (base.get_mut(&key), node) {
            (Some(Node { value: Value::Table(base), .. }), Node { value: Value::Table(over), .. }) => {
                merge(base, over)
            }
            (_, node) => {
                base.insert(key, node);
            }
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn read_table(table: DeTable<'_>, text: &str, name: &str) -> BTreeMap<String, Node> {
    table
        .into_iter()
        .map(|(key, value)| {
            let line = line_of(text, key.span().start);
            (key.into_inner().into_owned(), read_value(value.into_inner(), line, text, name))
        })
        .collect()
}

fn read_value(value: DeValue<'_>, line: usize, text: &str, name: &str) -> Node {
    let value = match value {
        DeValue::String(string) => Value::String(string.into_owned()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(integer) => Value::Integer(integer),
            Err(_) => Value::String(integer.as_str().to_owned()),
        },
        DeValue::Float(float) => match float.as_str().parse() {
            Ok(float) => Value::Float(float),
            Err(_) => Value::String(float.as_str().to_owned()),
        },
        DeValue::Boolean(boolean) => Value::Boolean(boolean),
        DeValue::Datetime(datetime) => Value::String(datetime.to_string()),
        DeValue::Array(items) => Value::Array(
            items
                .into_iter()
                .map(|item| {
                    let line = line_of(text, item.span().start);
                    read_value(item.into_inner(), line, text, name)
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(read_table(table, text, name)),
    };
    Node { value, origin: Origin::File { name: name.to_owned(), line } }
}

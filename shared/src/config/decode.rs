//! From the merged tree to typed settings: sections, and every problem with them at once.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};

use super::{
    reader::Root,
    tree::{Node, Tree, Value},
};

/// Keys that stand together at the top of a configuration: a struct that derives `Default`, `Serialize` and
/// `Deserialize` with `#[serde(default)]`. Two sections side by side are a tuple.
pub trait Section: Default + Serialize + DeserializeOwned {
    /// What types alone cannot say; one sentence per problem.
    fn check(&self) -> Vec<String> {
        Vec::new()
    }

    #[doc(hidden)]
    fn decode(decoder: &mut Decoder) -> Self {
        decoder.section()
    }

    #[doc(hidden)]
    fn print(&self, into: &mut toml::Table) {
        into.extend(toml::Table::try_from(self).unwrap_or_default());
    }
}

impl<A: Section, B: Section> Section for (A, B) {
    fn check(&self) -> Vec<String> {
        [self.0.check(), self.1.check()].concat()
    }

    fn decode(decoder: &mut Decoder) -> Self {
        (A::decode(decoder), B::decode(decoder))
    }

    fn print(&self, into: &mut toml::Table) {
        self.0.print(into);
        self.1.print(into);
    }
}

/// A service without keys of its own.
impl Section for () {
    fn decode(_: &mut Decoder) -> Self {}

    fn print(&self, _: &mut toml::Table) {}
}

/// Reads sections out of a tree and remembers what was wrong with it.
pub struct Decoder {
    tree: BTreeMap<String, Node>,
    /// The top-level keys of all sections read so far.
    known: Vec<&'static str>,
    problems: Vec<String>,
}

impl Decoder {
    pub(super) fn new(tree: Tree) -> Self {
        Self { tree: tree.0, known: Vec::new(), problems: Vec::new() }
    }

    /// Reads one section; a value that does not fit is reported, taken out, and the rest read again, so that one
    /// start shows every problem.
    fn section<T: Section>(&mut self) -> T {
        loop {
            let mut unknown = Vec::new();
            let mut fields: &'static [&'static str] = &[];
            let error =
                match T::deserialize(Root { tree: &self.tree, unknown: &mut unknown, fields: &mut fields }) {
                    Ok(section) => {
                        self.known.extend(fields);
                        for problem in unknown {
                            if !self.problems.contains(&problem) {
                                self.problems.push(problem);
                            }
                        }
                        return section;
                    }
                    Err(error) => error,
                };
            let path = error.path.join(".");
            match remove(&mut self.tree, &error.path) {
                Some(node) => self.problems.push(format!("{}: `{path}`: {}", node.origin, error.message)),
                None => {
                    // Nothing to take out, so reading again would fail again.
                    self.problems.push(format!("`{path}`: {}", error.message));
                    return T::default();
                }
            }
        }
    }

    /// All problems, once every section has been read: only now is it known which top-level keys nobody wants.
    pub(super) fn finish(mut self) -> Vec<String> {
        for (key, node) in &self.tree {
            if !self.known.contains(&key.as_str()) {
                self.problems.push(unknown_key(&[], key, node, &self.known));
            }
        }
        self.problems
    }
}

fn remove(table: &mut BTreeMap<String, Node>, path: &[String]) -> Option<Node> {
    let (first, rest) = path.split_first()?;
    if rest.is_empty() {
        return table.remove(first);
    }
    match &mut table.get_mut(first)?.value {
        Value::Table(inner) => remove(inner, rest),
        // A wrong element takes its whole array with it.
        _ => table.remove(first),
    }
}

pub(super) fn unknown_key(path: &[String], key: &str, node: &Node, known: &[&str]) -> String {
    let full = path.iter().map(String::as_str).chain([key]).collect::<Vec<_>>().join(".");
    let way_out = match nearest(key, known) {
        Some(near) => {
            let near = path.iter().map(String::as_str).chain([near]).collect::<Vec<_>>().join(".");
            format!("did you mean `{near}`?")
        }
        None => format!("the keys here are {}", listed(known)),
    };
    format!("{}: unknown key `{full}`; {way_out}", node.origin)
}

pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

pub(super) fn listed(words: &[&str]) -> String {
    let mut words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    words.sort();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

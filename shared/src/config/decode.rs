//! From the merged tree to typed settings: learns the known keys from the structs, collects every problem.

use std::{collections::BTreeMap, fmt};

use serde::{
    Serialize,
    de::{
        self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess,
        Visitor, value::StrDeserializer,
    },
};

use super::tree::{Node, Tree, Value};

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

fn unknown_key(path: &[String], key: &str, node: &Node, known: &[&str]) -> String {
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

fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

fn listed(words: &[&str]) -> String {
    let mut words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    words.sort();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

#[derive(Debug)]
struct Error {
    path: Vec<String>,
    message: String,
}

impl Error {
    fn under(mut self, key: &str) -> Self {
        self.path.insert(0, key.to_owned());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { path: Vec::new(), message: message.to_string() }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let suggestion =
            nearest(variant, expected).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Self::custom(format!("`{variant}` is not one of {}{suggestion}", listed(expected)))
    }
}

/// The top of the tree: keys that this section does not know may belong to another one.
struct Root<'a> {
    tree: &'a BTreeMap<String, Node>,
    unknown: &'a mut Vec<String>,
    fields: &'a mut &'static [&'static str],
}

impl<'de> Deserializer<'de> for Root<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Entries::new(self.tree, Vec::new(), None, self.unknown))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.fields = fields;
        visitor.visit_map(Entries::new(self.tree, Vec::new(), Some(fields), self.unknown))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The entries of a table; of a struct's table, only the fields it has.
struct Entries<'a> {
    entries: Vec<(&'a String, &'a Node)>,
    path: Vec<String>,
    unknown: &'a mut Vec<String>,
}

impl<'a> Entries<'a> {
    fn new(
        table: &'a BTreeMap<String, Node>,
        path: Vec<String>,
        fields: Option<&[&str]>,
        unknown: &'a mut Vec<String>,
    ) -> Self {
        let mut entries: Vec<_> = table
            .iter()
            .filter(|(key, _)| fields.is_none_or(|fields| fields.contains(&key.as_str())))
            .collect();
        entries.reverse();
        Self { entries, path, unknown }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, _)) = self.entries.last() else { return Ok(None) };
        let key: StrDeserializer<'_, Error> = key.as_str().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((key, node)) = self.entries.pop() else {
            return Err(de::Error::custom("a value without a key"));
        };
        let path = [self.path.as_slice(), std::slice::from_ref(key)].concat();
        seed.deserialize(Leaf { node, path, unknown: self.unknown }).map_err(|error| error.under(key))
    }
}

/// One node, read as whatever the field wants; untyped text is parsed as that type.
struct Leaf<'a> {
    node: &'a Node,
    path: Vec<String>,
    unknown: &'a mut Vec<String>,
}

impl Leaf<'_> {
    fn text(&self) -> Option<&str> {
        match &self.node.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty, $noun:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.text() {
                Some(text) => match text.trim().parse::<$type>() {
                    Ok(value) => visitor.$visit(value),
                    Err(_) => Err(de::Error::custom(format!(concat!("`{}` is not ", $noun), text))),
                },
                None => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Leaf<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Text(text) | Value::String(text) => visitor.visit_str(text),
            Value::Integer(integer) => visitor.visit_i64(*integer),
            Value::Float(float) => visitor.visit_f64(*float),
            Value::Boolean(boolean) => visitor.visit_bool(*boolean),
            Value::Array(items) => visitor.visit_seq(Items {
                items: items.iter().collect(),
                path: self.path,
                unknown: self.unknown,
            }),
            Value::Table(table) => visitor.visit_map(Entries::new(table, self.path, None, self.unknown)),
        }
    }

    parsed! {
        deserialize_bool visit_bool bool, "`true` or `false`";
        deserialize_i8 visit_i64 i64, "a whole number";
        deserialize_i16 visit_i64 i64, "a whole number";
        deserialize_i32 visit_i64 i64, "a whole number";
        deserialize_i64 visit_i64 i64, "a whole number";
        deserialize_u8 visit_u64 u64, "a whole number of 0 or more";
        deserialize_u16 visit_u64 u64, "a whole number of 0 or more";
        deserialize_u32 visit_u64 u64, "a whole number of 0 or more";
        deserialize_u64 visit_u64 u64, "a whole number of 0 or more";
        deserialize_f32 visit_f64 f64, "a number";
        deserialize_f64 visit_f64 f64, "a number";
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            // An empty variable, or `key = ""`, takes back what a lower layer set.
            Value::Text(text) | Value::String(text) if text.is_empty() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Some(text) = self.text() else { return self.deserialize_any(visitor) };
        let items: Vec<Node> = text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(|item| Node { value: Value::Text(item.to_owned()), origin: self.node.origin.clone() })
            .collect();
        visitor.visit_seq(Items { items: items.iter().collect(), path: self.path, unknown: self.unknown })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Value::Table(table) = &self.node.value else {
            let path = self.path.join(".");
            return Err(de::Error::custom(format!(
                "is a section; set one of its keys: {}",
                fields.iter().map(|field| format!("`{path}.{field}`")).collect::<Vec<_>>().join(", ")
            )));
        };
        for (key, node) in table {
            if !fields.contains(&key.as_str()) {
                self.unknown.push(unknown_key(&self.path, key, node, fields));
            }
        }
        visitor.visit_map(Entries::new(table, self.path, Some(fields), self.unknown))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Text(text) | Value::String(text) => {
                let variant: StrDeserializer<'_, Error> = text.trim().into_deserializer();
                visitor.visit_enum(variant)
            }
            _ => Err(de::Error::custom(format!("is not one of {}", listed(variants)))),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple tuple_struct map identifier ignored_any
    }
}

struct Items<'a> {
    items: std::collections::VecDeque<&'a Node>,
    path: Vec<String>,
    unknown: &'a mut Vec<String>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(node) = self.items.pop_front() else { return Ok(None) };
        seed.deserialize(Leaf { node, path: self.path.clone(), unknown: self.unknown }).map(Some)
    }
}

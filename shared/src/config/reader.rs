//! serde's view of the tree: a struct's own fields say which keys are known, a field's type what its text means.

use std::{collections::BTreeMap, fmt};

use serde::de::{
    self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
    value::StrDeserializer,
};

use super::{
    decode::{listed, nearest, unknown_key},
    tree::{Node, Value},
};

/// What is wrong, and where below the section.
#[derive(Debug)]
pub(super) struct Error {
    pub(super) path: Vec<String>,
    pub(super) message: String,
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
pub(super) struct Root<'a> {
    pub(super) tree: &'a BTreeMap<String, Node>,
    pub(super) unknown: &'a mut Vec<String>,
    pub(super) fields: &'a mut &'static [&'static str],
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

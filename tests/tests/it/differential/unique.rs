//! Finds a key that stands twice in one JSON object: a parser that keeps one of them would hide it.

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{collections::HashSet, fmt};

pub fn repeated_key(json: &str) -> Option<String> {
    serde_json::from_str::<Unique>(json).map_or_else(|error| Some(error.to_string()), |Unique(found)| found)
}

struct Unique(Option<String>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Look).map(Unique)
    }
}

struct Look;

impl<'de> Visitor<'de> for Look {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while let Some(Unique(found)) = items.next_element()? {
            if found.is_some() {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(found);
            }
        }
        Ok(None)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut seen = HashSet::new();
        let mut found = None;
        while let Some((key, Unique(below))) = fields.next_entry::<String, Unique>()? {
            found = found.or(below);
            if !seen.insert(key.clone()) {
                found = found.or(Some(key));
            }
        }
        Ok(found)
    }
}

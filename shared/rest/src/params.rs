//! The parameters that every collection shares: lists of ids, limits, cursors.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{self, DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};

use crate::Problem;

/// How many ids one request may list.
pub const MAX_IDS: usize = 200;

/// A comma-separated list of ids, each once, in the order given. An id that cannot exist is simply not found, so that
/// one bad id does not cost the other callers of a batch their answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids(Vec<String>);

impl Ids {
    pub fn one(id: &str) -> Self {
        Self(vec![id.to_owned()])
    }

    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// A JSON array, for `IN (SELECT value FROM json_each(?))`: one statement for every length of list.
    pub fn to_json(&self) -> String {
        serde_json::Value::from(self.0.clone()).to_string()
    }
}

impl std::ops::Deref for Ids {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut ids: Vec<String> = Vec::new();
        for id in text.split(',').map(str::trim).filter(|id| !id.is_empty()) {
            if ids.iter().any(|earlier| earlier == id) {
                continue;
            }
            if ids.len() == MAX_IDS {
                return Err(de::Error::custom(format_args!("lists more than {MAX_IDS} ids; ask in pages")));
            }
            ids.push(id.to_owned());
        }
        Ok(Self(ids))
    }
}

/// True for what an id may look like anywhere in the house: `[A-Za-z0-9_-]{1,64}`.
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// How many rows (per key, where keys are asked): between 1 and `MAX`, `DEFAULT` when not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit<const DEFAULT: u32, const MAX: u32>(u32);

impl<const DEFAULT: u32, const MAX: u32> Limit<DEFAULT, MAX> {
    pub fn get(self) -> u32 {
        self.0
    }

    /// One more than asked: whether there is a next page is known without a second query.
    pub fn and_one(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl<const DEFAULT: u32, const MAX: u32> Default for Limit<DEFAULT, MAX> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<'de, const DEFAULT: u32, const MAX: u32> Deserialize<'de> for Limit<DEFAULT, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.parse::<u32>() {
            Ok(n) if (1..=MAX).contains(&n) => Ok(Self(n)),
            _ => Err(de::Error::custom(format_args!("must be a whole number between 1 and {MAX}"))),
        }
    }
}

/// A place in an ordered collection: the ordering's name and the last row's sort values, as base64url of a JSON array.
/// Opaque to callers; a keyset, so rows that come or go elsewhere never shift a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// `keys` is the tuple of sort values that ends with something unique.
    pub fn new(order: &str, keys: impl Serialize) -> Self {
        let json = serde_json::to_vec(&(order, keys)).unwrap_or_default();
        Self(URL_SAFE_NO_PAD.encode(json))
    }

    /// The sort values, if this cursor was made for the same ordering; else 400 naming `after`.
    pub fn keys<T: DeserializeOwned>(&self, order: &str) -> Result<T, Problem> {
        let refuse =
            || Problem::parameter("after", "not a cursor of this listing; send one exactly as it was given");
        let json = URL_SAFE_NO_PAD.decode(&self.0).map_err(|_| refuse())?;
        let (made_for, keys): (String, T) = serde_json::from_slice(&json).map_err(|_| refuse())?;
        if made_for != order {
            return Err(refuse());
        }
        Ok(keys)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

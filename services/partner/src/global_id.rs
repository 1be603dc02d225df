//! Opaque ids that are unique over the whole API (Relay's Global Object Identification): base64url of `kind:id`.

use std::{
    borrow::Cow,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
};

use async_graphql::{
    ContextSelectionSet, ID, InputType, InputValueError, InputValueResult, OutputType, Positioned,
    ServerResult, Value, parser::types::Field, registry::Registry,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bff::{
    Fault, Leaf,
    fanout::{AsKey, Bubble, Key, Out, Param, Path, UrlBuilder},
};
use serde::{Deserialize, Deserializer};

/// What an id may be the id of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    Artist,
    Album,
    Track,
    Genre,
    Chart,
}

impl Kind {
    const ALL: [Kind; 5] = [Kind::Artist, Kind::Album, Kind::Track, Kind::Genre, Kind::Chart];

    /// As it stands in ids that partners have stored: never to be changed.
    fn as_str(self) -> &'static str {
        match self {
            Kind::Artist => "artist",
            Kind::Album => "album",
            Kind::Track => "track",
            Kind::Genre => "genre",
            Kind::Chart => "chart",
        }
    }
}

/// Something with a global id.
pub trait Identified {
    const KIND: Kind;
}

/// What a global id says.
///
/// # Errors
/// `BAD_USER_INPUT`: it was not made here.
pub fn decode(global: &str) -> Result<(Kind, String), Fault> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(global).ok()?).ok()?;
        let (kind, id) = text.split_once(':')?;
        let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind)?;
        let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (plain && (1..=64).contains(&id.len())).then(|| (kind, id.to_owned()))
    };
    read().ok_or_else(|| {
        Fault::bad_input("This is no ID of this API: pass an `id` exactly as this API answered it.")
    })
}

/// The id of a `T`: bare towards the upstream, global towards the partner.
pub struct Id<T> {
    bare: String,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// Of the upstream's id.
    pub fn bare(bare: impl Into<String>) -> Self {
        Self { bare: bare.into(), of: PhantomData }
    }
}

impl<T: Identified> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(format!("{}:{}", T::KIND.as_str(), self.bare)))
    }
}

// By hand, because derived ones would ask the same of `T`.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        Self::bare(self.bare.clone())
    }
}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bare == other.bare
    }
}
impl<T> Eq for Id<T> {}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bare.hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bare.fmt(f)
    }
}

impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::bare)
    }
}

impl<T> AsKey for Id<T> {
    fn as_key(&self) -> Key<'_> {
        self.bare.as_key()
    }
}

impl<T> Param for Id<T> {
    fn push(&self, name: &str, url: &mut UrlBuilder<'_>) {
        url.value(name, self.as_key());
    }
}

impl<T: Identified + 'static> Leaf for Id<T> {
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        self.to_string().put(out, path)
    }
}

impl<T: Identified + 'static> OutputType for Id<T> {
    fn type_name() -> Cow<'static, str> {
        <ID as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::String(self.to_string()))
    }
}

impl<T: Identified + 'static> InputType for Id<T> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <ID as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let global = ID::parse(value).map_err(InputValueError::propagate)?;
        match decode(&global) {
            Ok((kind, bare)) if kind == T::KIND => Ok(Self::bare(bare)),
            Ok((kind, _)) => Err(InputValueError::custom(format!(
                "this ID is of type {}, and one of type {} is wanted.",
                kind.as_str(),
                T::KIND.as_str()
            ))),
            Err(fault) => Err(InputValueError::custom(fault.message)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::Track;

    fn global(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    #[test]
    fn what_is_written_can_be_read_and_nothing_else_can() {
        let id = Id::<Track>::bare("tr-1").to_string();
        assert_eq!(decode(&id).unwrap(), (Kind::Track, "tr-1".to_owned()));
        let long = format!("track:{}", "x".repeat(65));
        for wrong in ["track:", "track", "user:us-1", "track:a,b", "track:é", "Track:tr-1", ":", "", &long] {
            assert!(decode(&global(wrong)).is_err(), "{wrong}");
        }
        for wrong in ["tr-1", "%%%", "dHJhY2s6dHItMQ==", "é", "\0", " dHJhY2s6dHItMQ"] {
            assert!(decode(wrong).is_err(), "{wrong}");
        }
    }
}

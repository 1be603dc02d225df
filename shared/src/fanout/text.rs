//! Text that stays where the upstream's answer has it: a row of ten strings costs ten counts, not ten allocations.

use super::{Bubble, Leaf, Out, Path, leaf::put_utf8};
use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value, parser::types::Field,
    registry::Registry,
};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, de};
use std::{borrow::Cow, cell::RefCell, fmt, ops::Deref};

/// A `String` for rows: a piece of the body it was read from, if no escape stands in it. GraphQL's `String`.
///
/// A row that is kept keeps its whole body: for what outlives requests, `String` is the better type.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Text(Bytes);

thread_local! {
    /// The body that is being read by this thread. Reading is synchronous: it is set and taken back in one call.
    static BODY: RefCell<Option<Bytes>> = const { RefCell::new(None) };
}

/// Reads `body` by `read`: texts in it may stay where they are.
pub(crate) fn reading<T>(body: &Bytes, read: impl FnOnce() -> T) -> T {
    let before = BODY.replace(Some(body.clone()));
    let result = read();
    BODY.set(before);
    result
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        // Made of a str, always: the check is what safety costs, and cannot fail.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text, E> {
                BODY.with_borrow(|body| {
                    let Some(body) = body else { return Ok(text.into()) };
                    let (whole, part) = (body.as_ptr_range(), text.as_bytes().as_ptr_range());
                    if part.start >= whole.start && part.end <= whole.end {
                        Ok(Text(body.slice_ref(text.as_bytes())))
                    } else {
                        Ok(text.into())
                    }
                })
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(text.into())
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Text, E> {
                Ok(text.into())
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl Leaf for Text {
    #[inline]
    fn put(&self, out: &mut Out, _: &Path<'_>) -> Result<(), Bubble> {
        put_utf8(&self.0, &mut out.buf);
        Ok(())
    }
}

impl super::AsKey for Text {
    fn as_key(&self) -> super::Key<'_> {
        super::Key::Text(self)
    }
}

impl OutputType for Text {
    fn type_name() -> Cow<'static, str> {
        <String as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <String as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::String(self.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_in_its_body_unless_it_was_escaped() {
        let body = Bytes::from_static(r#"["plain","es\"caped","é",""]"#.as_bytes());
        let texts: Vec<Text> =
            reading(&body, || serde_json::from_str(std::str::from_utf8(&body).unwrap()).unwrap());
        assert_eq!(texts.iter().map(|text| &**text).collect::<Vec<_>>(), ["plain", "es\"caped", "é", ""]);
        let inside = |text: &Text| body.as_ptr_range().contains(&text.0.as_ptr());
        assert!(inside(&texts[0]) && inside(&texts[2]));
        assert!(!inside(&texts[1]));
        // Outside of a reading, and of another's body, it is a copy.
        let other = Bytes::from_static(b"[]");
        let copied: Vec<Text> = reading(&other, || serde_json::from_str(r#"["x"]"#).unwrap());
        assert_eq!(&*copied[0], "x");
        assert_eq!(&*serde_json::from_str::<Text>("\"y\"").unwrap(), "y");
    }
}

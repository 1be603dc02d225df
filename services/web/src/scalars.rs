//! Values that GraphQL has no name for: days, moments, and counts that outgrow an `Int`.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use bff::{
    Leaf,
    fanout::{Bubble, Out, Path},
};
use serde::{Deserialize, Serialize};

/// A day, as the catalogue writes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Date(pub String);

/// A moment, as all services write it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DateTime(pub String);

/// How many, where an `Int` has no room: a hit's plays.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Count(pub u64);

/// The largest that a JavaScript number holds exactly.
const MOST: u64 = (1 << 53) - 1;

macro_rules! text {
    ($(#[$doc:meta])* $type:ident, $wanted:literal) => {
        $(#[$doc])*
        #[Scalar]
        impl ScalarType for $type {
            fn parse(value: Value) -> InputValueResult<Self> {
                match value {
                    Value::String(text) => Ok(Self(text)),
                    _ => Err(InputValueError::custom($wanted)),
                }
            }
            fn is_valid(value: &Value) -> bool {
                Self::parse(value.clone()).is_ok()
            }
            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }

        impl Leaf for $type {
            fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
                self.0.put(out, path)
            }
        }
    };
}
text! {
    /// A day, as `2026-09-30` (RFC 3339 `full-date`).
    Date, "a day is a string such as \"2026-09-30\""
}
text! {
    /// A moment, as `2026-09-30T12:00:00Z` (RFC 3339 `date-time`).
    DateTime, "a moment is a string such as \"2026-09-30T12:00:00Z\""
}

/// A whole number from 0 to 2^53 - 1: as many as a JavaScript number counts exactly.
#[Scalar]
impl ScalarType for Count {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => number
                .as_u64()
                .filter(|number| *number <= MOST)
                .map(Self)
                .ok_or_else(|| InputValueError::custom("a count is a whole number from 0 to 2^53 - 1")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }
    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }
    fn to_value(&self) -> Value {
        self.0.into()
    }
}

impl Leaf for Count {
    fn put(&self, out: &mut Out, _: &Path<'_>) -> Result<(), Bubble> {
        // More than that is nobody's count; the largest exact number is as true as any.
        out.buf.extend_from_slice(self.0.min(MOST).to_string().as_bytes());
        Ok(())
    }
}

//! Values that fail as they are told to, at the depth that they are told: `depth` lists down from the field's own.

use async_graphql::{Enum, Error, InputValueError, InputValueResult, Scalar, ScalarType};

/// No client is to see this.
pub const HIDDEN: &str = "hunter2";

#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Fine,
    Null,
    Error,
    Panic,
    /// An Int of more than 32 bits.
    Overflow,
}

pub type Item = Result<i64, Error>;

/// A scalar that is what it was told to be.
#[derive(Clone)]
pub struct Odd(Kind);

#[Scalar]
impl ScalarType for Odd {
    fn parse(value: async_graphql::Value) -> InputValueResult<Self> {
        match value {
            async_graphql::Value::Number(number) if number.as_i64() == Some(7) => Ok(Self(Kind::Fine)),
            _ => Err(InputValueError::custom("there is only 7")),
        }
    }

    fn to_value(&self) -> async_graphql::Value {
        assert!(self.0 != Kind::Panic, "a panic that says {HIDDEN}");
        if self.0 == Kind::Null { async_graphql::Value::Null } else { 7.into() }
    }
}

pub trait Made {
    fn made(kind: Kind, depth: i32) -> Self;
}

impl Made for Item {
    fn made(kind: Kind, depth: i32) -> Self {
        match (kind, depth) {
            (Kind::Error, 0) => Err(format!("an error that says {HIDDEN}").into()),
            _ => Ok(i64::made(kind, depth)),
        }
    }
}

impl Made for i64 {
    fn made(kind: Kind, depth: i32) -> Self {
        if (kind, depth) == (Kind::Overflow, 0) { 1 << 40 } else { 1 }
    }
}

impl Made for Odd {
    fn made(kind: Kind, depth: i32) -> Self {
        Self(if depth == 0 { kind } else { Kind::Fine })
    }
}

impl<T: Made> Made for Option<T> {
    fn made(kind: Kind, depth: i32) -> Self {
        ((kind, depth) != (Kind::Null, 0)).then(|| T::made(kind, depth))
    }
}

impl<T: Made> Made for Vec<T> {
    fn made(kind: Kind, depth: i32) -> Self {
        vec![T::made(Kind::Fine, 0), T::made(kind, depth - 1), T::made(Kind::Fine, 0)]
    }
}

/// What a resolver returns: an error or a panic of its own, or such a value.
pub fn resolved<T: Made>(kind: Kind, depth: i32) -> Result<T, Error> {
    match (kind, depth) {
        (Kind::Error, 0) => Err(format!("an error that says {HIDDEN}").into()),
        (Kind::Panic, 0) => panic!("a panic that says {HIDDEN}"),
        _ => Ok(T::made(kind, depth)),
    }
}

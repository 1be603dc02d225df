//! CompleteValue (§6.4.3) of what a root returned that the executor did not write: leaves, and lists of them.

use super::{
    Code, FAILED_ROOT, Fault, RAW,
    leaf::put_str,
    view::{Renaming, View},
};
use async_graphql::{Number, PathSegment, Pos, ServerError, Value};
use bytes::Bytes;
use std::sync::Arc;

/// A root's declared type, as far as its values must be looked at.
#[derive(Debug)]
pub(crate) struct Type {
    pub nullable: bool,
    of: Kind,
}

#[derive(Debug)]
enum Kind {
    List(Box<Type>),
    Int,
    /// An enum some of whose values are not there yet.
    Renamed(Arc<Renaming>),
    /// Typed values are what their type says; entities were written by the executor.
    Other,
}

impl Type {
    /// Whether it is a list of lists.
    pub fn nests(&self) -> bool {
        matches!(&self.of, Kind::List(item) if matches!(item.of, Kind::List(_)))
    }

    /// Of what stands in the schema, `[Int!]!`, for those who see this of it.
    pub fn seen(text: &str, view: Option<&View>) -> Self {
        let ty = Self::of(text);
        match view.and_then(|view| view.renaming(text)) {
            Some(renaming) => ty.renamed(renaming),
            None => ty,
        }
    }

    fn renamed(self, renaming: &Arc<Renaming>) -> Self {
        let of = match self.of {
            Kind::List(item) => Kind::List(Box::new(item.renamed(renaming))),
            _ => Kind::Renamed(renaming.clone()),
        };
        Self { of, ..self }
    }

    /// What is done to its values, if anything is.
    pub fn renaming(&self) -> Option<&Renaming> {
        match &self.of {
            Kind::List(item) => item.renaming(),
            Kind::Renamed(renaming) => Some(renaming),
            Kind::Int | Kind::Other => None,
        }
    }

    /// Of what stands in the schema: `[Int!]!`.
    pub fn of(text: &str) -> Self {
        let (text, nullable) = text.strip_suffix('!').map_or((text, true), |text| (text, false));
        let of = match (text.strip_prefix('[').and_then(|text| text.strip_suffix(']')), text) {
            (Some(item), _) => Kind::List(Box::new(Self::of(item))),
            (None, "Int") => Kind::Int,
            _ => Kind::Other,
        };
        Self { nullable, of }
    }
}

/// The text of a value that the executor wrote.
pub(crate) fn raw(value: &Value) -> Option<&Bytes> {
    match value {
        Value::Object(object) if object.len() == 1 => match object.get(RAW) {
            Some(Value::Binary(text)) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// Writes the value of one root.
pub(crate) struct Completing<'a> {
    /// Of the root, for errors' `locations`.
    pub pos: Pos,
    /// Of the value.
    pub path: Vec<PathSegment>,
    pub errors: &'a mut Vec<ServerError>,
    /// Each failure is logged once.
    pub logs: bool,
}

impl Completing<'_> {
    /// False, if the value is none where one must be: its error is told, and what is around it is to decide.
    pub fn put(&mut self, value: Option<&Value>, ty: &Type, body: &mut Vec<u8>) -> bool {
        let start = body.len();
        if self.written(value, ty, body) {
            return true;
        }
        body.truncate(start);
        body.extend_from_slice(b"null");
        ty.nullable
    }

    /// False, if it is to be null because of an error that is told.
    fn written(&mut self, value: Option<&Value>, ty: &Type, body: &mut Vec<u8>) -> bool {
        let value = match value {
            None | Some(Value::Null) => {
                if ty.nullable {
                    body.extend_from_slice(b"null");
                    return true;
                }
                return self.missing();
            }
            Some(value) => value,
        };
        match (raw(value), value, &ty.of) {
            // The executor has told why.
            (Some(text), ..) if *text == FAILED_ROOT => false,
            (Some(text), ..) => {
                let start = body.len();
                body.extend_from_slice(text);
                if let Some(renaming) = ty.renaming() {
                    renaming.rename(body, start);
                }
                ty.nullable || *text != b"null"[..]
            }
            (None, Value::List(items), Kind::List(of)) => self.items(items, of, body),
            (None, Value::Enum(name), Kind::Renamed(renaming)) => {
                put_str(renaming.of(name), body);
                true
            }
            (None, Value::Number(number), Kind::Int) if !is_int(number) => {
                self.impossible("An Int does not fit 32 bits.")
            }
            _ => {
                // Into memory, of values whose keys are text: cannot fail.
                let _ = serde_json::to_writer(body, value);
                true
            }
        }
    }

    fn items(&mut self, items: &[Value], of: &Type, body: &mut Vec<u8>) -> bool {
        body.push(b'[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            self.path.push(PathSegment::Index(index));
            let fits = self.put(Some(item), of, body);
            self.path.pop();
            if !fits {
                return false;
            }
        }
        body.push(b']');
        true
    }

    /// Nothing where something must be: told, unless there is an error of this place already.
    fn missing(&mut self) -> bool {
        let told = |error: &ServerError| error.path.is_empty() || error.path.starts_with(&self.path);
        let told = self.errors.iter().any(told);
        if told { false } else { self.impossible("A value that may not be null is missing.") }
    }

    fn impossible(&mut self, message: &'static str) -> bool {
        if self.logs {
            tracing::error!(graphql.error = message, "a leaf has no GraphQL value");
        }
        self.errors.push(Fault::new(Code::InternalServerError, message).at(self.pos, self.path.clone()));
        false
    }
}

/// GraphQL's Int is 32 bits wide (§3.5.1).
fn is_int(number: &Number) -> bool {
    number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
}

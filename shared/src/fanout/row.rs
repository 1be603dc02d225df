//! What a row type says of itself: its fields, and how its plan is made, gathered and written.

use super::{
    Bubble, Compiler, Cx, Deferred, Fault, Field, Gathering, Out, Path, plan::Occurrence,
    type_info::ObjectInfo,
};
use async_graphql::OutputType;
use std::borrow::Cow;

/// A type with a plan: an object, or an enum of objects (a union or an interface). `#[entity]` writes it.
pub trait Row: OutputType + Sized + Send + Sync + 'static {
    /// Its compiled selection.
    type Plan: Send + Sync + 'static;
    /// A level of gathered rows.
    type Level<'p>: Send;
    /// Top-level fields of the upstream's representation that this type reads: the sparse fieldset. None: all.
    const FIELDS: &'static [&'static str];

    /// Compiles what the document selects, in all the places that merge here.
    fn compile(compiler: &Compiler<'_>, occurrences: &[Occurrence<'_>]) -> Result<Self::Plan, Fault>;
    /// Answers all questions below these rows.
    fn gather<'p>(
        plan: &'p Self::Plan,
        rows: Vec<&'p Self>,
        cx: &'p Cx<'p>,
    ) -> Gathering<'p, Self::Level<'p>>;
    /// Writes the `i`th row.
    fn write(
        plan: &Self::Plan,
        level: &Self::Level<'_>,
        i: usize,
        out: &mut Out,
        path: &Path<'_>,
    ) -> Result<(), Bubble>;
    /// Finds what was put off of these rows and below.
    fn deferred<'s, 'p: 's>(plan: &'s Self::Plan, level: &'s Self::Level<'p>, found: &mut Deferred<'s>);
}

/// An object's fields by name. `#[entity]` writes it.
pub trait Entity: OutputType + Sized + Send + Sync + 'static {
    /// The GraphQL name.
    fn name() -> Cow<'static, str>;
    /// The field of that GraphQL name.
    fn field(name: &str) -> Option<Field<Self>>;
}

/// An object's fields that are functions. `#[edges]` writes it.
pub trait Edges: Sized + Send + Sync + 'static {
    /// The field of that GraphQL name.
    fn edge(name: &str) -> Option<Field<Self>>;
    /// Their types, arguments and descriptions.
    fn describe(object: &mut ObjectInfo<'_>);
}

/// A value that stands inside another row: an entity, perhaps none, or a list.
pub trait Nested: OutputType + Sync + 'static {
    /// Of what.
    type Row: Row;
    /// It may be absent.
    const NULLABLE: bool;
    /// It is a list.
    const MANY: bool;
    /// Lends the rows; false says null.
    fn lend<'p>(&'p self, rows: &mut Vec<&'p Self::Row>) -> bool;
}

impl<R: Row> Nested for R {
    type Row = R;
    const NULLABLE: bool = false;
    const MANY: bool = false;
    fn lend<'p>(&'p self, rows: &mut Vec<&'p R>) -> bool {
        rows.push(self);
        true
    }
}
impl<R: Row> Nested for Option<R> {
    type Row = R;
    const NULLABLE: bool = true;
    const MANY: bool = false;
    fn lend<'p>(&'p self, rows: &mut Vec<&'p R>) -> bool {
        rows.extend(self);
        self.is_some()
    }
}
impl<R: Row> Nested for Vec<R> {
    type Row = R;
    const NULLABLE: bool = false;
    const MANY: bool = true;
    fn lend<'p>(&'p self, rows: &mut Vec<&'p R>) -> bool {
        rows.extend(self);
        true
    }
}
impl<R: Row> Nested for Option<Vec<R>> {
    type Row = R;
    const NULLABLE: bool = true;
    const MANY: bool = true;
    fn lend<'p>(&'p self, rows: &mut Vec<&'p R>) -> bool {
        rows.extend(self.iter().flatten());
        self.is_some()
    }
}

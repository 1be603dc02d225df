//! The kinds of field that have something to gather: edges, values nested in the row, leaves that take arguments.

use super::{
    Bubble, Compiler, Cx, Fault, Gathering, Leaf, Many, Maybe, Merged, Nested, One, OptionalMany, Out, Path,
    Row, Shape,
    ask::{Asking, At},
    compose::Followed,
    fence::{self, fenced},
    gather::{Node, failed},
    plan::{Field, FieldGuard, How, LeafFn},
    write::Written,
};
use crate::request::RequestContext;
use async_graphql::{InputType, Name, Positioned, Value, parser::types::Field as DocumentField};
use async_graphql_value::Value as DocumentValue;
use std::{cell::Cell, marker::PhantomData};

/// The arguments of a field, as the document gives them.
pub struct Arguments<'a> {
    given: &'a [(Positioned<Name>, Positioned<DocumentValue>)],
    cx: &'a Cx<'a>,
}

impl Arguments<'_> {
    /// Reads an argument; `default` is what the schema says stands there when it is absent.
    pub fn read<T: InputType>(&self, name: &str, default: Option<fn() -> T>) -> Result<T, Fault> {
        let given = self.given.iter().find(|(given, _)| given.node == name);
        let value = given.and_then(|(_, value)| valued(&value.node, &|name| self.cx.variable(name)));
        match (value, default) {
            (None, Some(default)) => Ok(default()),
            (value, _) => T::parse(value).map_err(|error| {
                let error = error.into_server_error(Default::default());
                Fault::bad_input(format!("Argument \"{name}\": {}", error.message))
            }),
        }
    }
}

/// A value with its variables filled in. None: it is a variable that has no value, which is as if nothing stood there
/// (§6.4.1; in an input object §3.10, in a list it is null).
pub(crate) fn valued<'v>(
    value: &DocumentValue,
    variable: &impl Fn(&Name) -> Option<&'v Value>,
) -> Option<Value> {
    Some(match value {
        DocumentValue::Variable(name) => return variable(name).cloned(),
        DocumentValue::List(items) => {
            Value::List(items.iter().map(|item| valued(item, variable).unwrap_or_default()).collect())
        }
        DocumentValue::Object(fields) => Value::Object(
            fields
                .iter()
                .filter_map(|(name, field)| Some((name.clone(), valued(field, variable)?)))
                .collect(),
        ),
        constant => constant.clone().into_const().unwrap_or_default(),
    })
}

/// The typed arguments of a field: read once a request, not once a row.
pub trait Args: Send + Sync + Sized + 'static {
    /// Reads them all.
    fn read(arguments: &Arguments<'_>) -> Result<Self, Fault>;
}

impl Args for () {
    fn read(_: &Arguments<'_>) -> Result<Self, Fault> {
        Ok(())
    }
}

impl<R: Sync + 'static> Field<R> {
    /// The row's own value.
    pub fn leaf<V: Leaf>(put: LeafFn<R>) -> Self {
        Self { how: How::Leaf(put), guard: None, nullable: V::NULLABLE }
    }

    /// Rows that stand inside the row.
    pub fn nested<N: Nested>(get: fn(&R) -> &N) -> Self {
        Self {
            how: How::Node(Box::new(move |compiler, merged| {
                let lend: Lend<R, N::Row> = Box::new(move |row, rows| get(row).lend(rows));
                let plan = N::Row::compile(compiler, &merged.occurrences())?;
                Ok(match (N::MANY, N::NULLABLE) {
                    (false, false) => inside::<R, N::Row, One>(lend, plan),
                    (false, true) => inside::<R, N::Row, Maybe>(lend, plan),
                    (true, false) => inside::<R, N::Row, Many>(lend, plan),
                    (true, true) => inside::<R, N::Row, OptionalMany>(lend, plan),
                })
            })),
            guard: None,
            nullable: N::NULLABLE,
        }
    }

    /// Rows that the row lends, wherever it has them; `false` says null.
    pub fn lent<C: Row, S: Shape>(lend: for<'p> fn(&'p R, &mut Vec<&'p C>) -> bool) -> Self {
        Self {
            how: How::Node(Box::new(move |compiler, merged| {
                Ok(inside::<R, C, S>(Box::new(lend), C::compile(compiler, &merged.occurrences())?))
            })),
            guard: None,
            nullable: S::NULLABLE,
        }
    }

    /// Something to ask, from the row and its arguments.
    pub fn edge<A: Args, I: Asking>(ask: fn(&R, &A, &RequestContext) -> I) -> Self {
        Self {
            how: How::Node(Box::new(move |compiler: &Compiler<'_>, merged: &Merged<'_>| {
                Ok(Box::new(Edge {
                    ask,
                    plan: I::compile(compiler, merged)?,
                    document: merged.first.node.clone(),
                }) as Box<dyn Node<R>>)
            })),
            guard: None,
            nullable: I::NULLABLE,
        }
    }

    /// A leaf made of the row, its arguments and what is known of the request.
    pub fn computed<A: Args, V: Leaf + 'static>(compute: fn(&R, &A, &RequestContext) -> V) -> Self {
        Self {
            how: How::Node(Box::new(move |_, merged| {
                Ok(Box::new(Computed { compute, document: merged.first.node.clone() }) as Box<dyn Node<R>>)
            })),
            guard: None,
            nullable: V::NULLABLE,
        }
    }

    /// Only for callers whom the guard lets pass.
    #[must_use]
    pub fn guarded(mut self, guard: &'static dyn FieldGuard) -> Self {
        self.guard = Some(guard);
        self
    }
}

type Lend<R, C> = Box<dyn for<'p> Fn(&'p R, &mut Vec<&'p C>) -> bool + Send + Sync>;

fn inside<R: 'static, C: Row, S: Shape>(lend: Lend<R, C>, plan: C::Plan) -> Box<dyn Node<R>> {
    Box::new(Inside::<R, C, S> { lend, plan, shape: PhantomData })
}

/// Rows of a row: nothing is asked for them, though perhaps for what is below them.
struct Inside<R, C: Row, S> {
    lend: Lend<R, C>,
    plan: C::Plan,
    shape: PhantomData<fn() -> S>,
}

impl<R: 'static, C: Row, S: Shape> Node<R> for Inside<R, C, S> {
    fn gather<'p>(&'p self, level: &[&'p R], cx: &'p Cx<'p>) -> Gathering<'p, Box<dyn Written + 'p>> {
        let mut rows = Vec::with_capacity(level.len());
        let slots = level
            .iter()
            .map(|&row| {
                let from = rows.len();
                let there = (self.lend)(row, &mut rows);
                there.then_some((from, rows.len()))
            })
            .collect();
        let plan = &self.plan;
        C::gather(plan, rows, cx).map(move |level| {
            Box::new(At::<C, S> { slots, level, plan, shape: PhantomData }) as Box<dyn Written + 'p>
        })
    }
}

struct Edge<R, A, I: Asking> {
    ask: fn(&R, &A, &RequestContext) -> I,
    plan: I::Plan,
    document: DocumentField,
}

impl<R: 'static, A: Args, I: Asking> Node<R> for Edge<R, A, I> {
    fn gather<'p>(&'p self, level: &[&'p R], cx: &'p Cx<'p>) -> Gathering<'p, Box<dyn Written + 'p>> {
        let args = match A::read(&Arguments { given: &self.document.arguments, cx }) {
            Ok(args) => args,
            Err(fault) => return failed(fault, I::NULLABLE),
        };
        // Were a row's function to panic, its row alone has nothing to ask.
        let (asks, panicked) = fence::each(level, |row| (self.ask)(row, &args, cx.request));
        let asked = asks.len();
        let gathering = I::gather(asks, &self.plan, cx);
        if panicked.is_empty() {
            return gathering;
        }
        gathering.map(move |inner| {
            Box::new(Followed::but(&panicked, asked, inner, I::NULLABLE)) as Box<dyn Written + 'p>
        })
    }
}

struct Computed<R, A, V> {
    compute: fn(&R, &A, &RequestContext) -> V,
    document: DocumentField,
}

impl<R: Sync + 'static, A: Args, V: Leaf + 'static> Node<R> for Computed<R, A, V> {
    fn gather<'p>(&'p self, level: &[&'p R], cx: &'p Cx<'p>) -> Gathering<'p, Box<dyn Written + 'p>> {
        match A::read(&Arguments { given: &self.document.arguments, cx }) {
            Ok(args) => Gathering::Ready(Box::new(ToCompute {
                compute: self.compute,
                args,
                rows: level.to_vec(),
                request: cx.request,
                panicked: Cell::new(0),
            })),
            Err(fault) => failed(fault, V::NULLABLE),
        }
    }
}

/// Computed while it is written: nothing is kept for a row.
struct ToCompute<'p, R, A, V> {
    compute: fn(&R, &A, &RequestContext) -> V,
    args: A,
    rows: Vec<&'p R>,
    request: &'p RequestContext,
    /// For so many rows it did.
    panicked: Cell<usize>,
}

impl<R: Sync, A: Args, V: Leaf> Written for ToCompute<'_, R, A, V> {
    fn write(&self, i: usize, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let start = out.buf.len();
        if let Some(row) = self.rows.get(i)
            && self.panicked.get() < fence::MANY
        {
            match fenced(|| (self.compute)(row, &self.args, self.request).put(out, path)) {
                Ok(written) => return written,
                Err(_) => self.panicked.set(self.panicked.get() + 1),
            }
        }
        out.fail(&Fault::internal(), path.pos(), path);
        out.null_or_bubble(start, V::NULLABLE)
    }
}

//! Phase one: answers all questions below a level of rows, sibling fields at once.

use super::{
    Arena, Fault, Loader,
    defer::next_serial,
    fence::fenced,
    plan::{Kind, ObjectPlan, holds},
    row::Entity,
    write::{Failed, Written},
};
use crate::request::RequestContext;
use async_graphql::{Name, Pos, Value, Variables};
use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use std::panic::AssertUnwindSafe;

/// What a request's plans share.
pub struct Cx<'p> {
    /// Who asks, in which language, until when.
    pub request: &'p RequestContext,
    /// Answers questions.
    pub loader: &'p Loader,
    /// Keeps the rows.
    pub arena: &'p Arena,
    /// Coerced: defaults are filled in.
    pub variables: &'p Variables,
}

impl Cx<'_> {
    /// The value of a variable, if it has one.
    pub fn variable(&self, name: &Name) -> Option<&Value> {
        self.variables.get(name)
    }

    fn boolean(&self, name: &Name) -> Option<bool> {
        match self.variable(name) {
            Some(Value::Boolean(value)) => Some(*value),
            _ => None,
        }
    }
}

/// Something that may be there already: what needs no upstream is not a future.
pub enum Gathering<'p, T> {
    /// It is.
    Ready(T),
    /// It will be.
    Later(BoxFuture<'p, T>),
}

impl<'p, T: Send + 'p> Gathering<'p, T> {
    /// Changes what comes out.
    pub fn map<U: Send + 'p>(self, change: impl FnOnce(T) -> U + Send + 'p) -> Gathering<'p, U> {
        match self {
            Gathering::Ready(value) => Gathering::Ready(change(value)),
            Gathering::Later(future) => Gathering::Later(future.map(change).boxed()),
        }
    }

    /// Both, at the same time.
    pub fn zip<U: Send + 'p>(self, other: Gathering<'p, U>) -> Gathering<'p, (T, U)> {
        match (self, other) {
            (Gathering::Ready(a), Gathering::Ready(b)) => Gathering::Ready((a, b)),
            (Gathering::Ready(a), Gathering::Later(b)) => Gathering::Later(b.map(|b| (a, b)).boxed()),
            (Gathering::Later(a), Gathering::Ready(b)) => Gathering::Later(a.map(|a| (a, b)).boxed()),
            (Gathering::Later(a), Gathering::Later(b)) => {
                Gathering::Later(futures::future::join(a, b).boxed())
            }
        }
    }

    /// Waits for it.
    pub async fn wait(self) -> T {
        match self {
            Gathering::Ready(value) => value,
            Gathering::Later(future) => future.await,
        }
    }
}

/// A field that has something to gather.
pub trait Node<R>: Send + Sync {
    /// For all rows of a level at once.
    fn gather<'p>(&'p self, rows: &[&'p R], cx: &'p Cx<'p>) -> Gathering<'p, Box<dyn Written + 'p>>;
}

/// Rows of one object type that stand at one place of the plan.
pub struct Level<'p, R> {
    pub(super) rows: Vec<&'p R>,
    /// As many as the plan has fields; none, where all are leaves.
    pub(super) fields: Vec<Gathered<'p>>,
    /// Of the plan's fields in the answer, with their places in the document, if these are not the plan's.
    pub(super) order: Option<Vec<(usize, Pos)>>,
    /// Of one of whose objects something comes later; of others 0.
    pub(super) serial: u64,
}

/// What gathering made of a field.
pub(super) enum Gathered<'p> {
    /// A leaf: the row has it.
    Row,
    /// `@skip` or `@include` says no.
    Skipped,
    /// A node's answers, or its refusal.
    There(Box<dyn Written + 'p>),
}

impl Gathered<'_> {
    pub fn is_skipped(&self) -> bool {
        matches!(self, Gathered::Skipped)
    }
}

/// Gathers all nodes of an object's plan, at the same time.
pub fn gather_object<'p, R: Entity>(
    plan: &'p ObjectPlan<R>,
    rows: Vec<&'p R>,
    cx: &'p Cx<'p>,
) -> Gathering<'p, Level<'p, R>> {
    let objects = rows.len() as u64;
    cx.loader.stats().touch(objects.saturating_mul(plan.weight));
    if plan.flat || rows.is_empty() {
        return Gathering::Ready(Level { rows, fields: Vec::new(), order: None, serial: 0 });
    }
    let mut waiting = Vec::new();
    let mut fields = Vec::with_capacity(plan.fields.len());
    for (at, field) in plan.fields.iter().enumerate() {
        fields.push(if !holds(&field.conditions, |name| cx.boolean(name)) {
            Gathered::Skipped
        } else if let Some(Err(fault)) =
            field.guard.map(|guard| fenced(|| guard.check(cx.request)).and_then(|checked| checked))
        {
            Gathered::There(Box::new(Failed { fault, nullable: field.nullable }))
        } else if let Kind::Node(node) = &field.kind {
            cx.loader.stats().touch(objects.saturating_mul(field.weight));
            let nullable = field.nullable;
            match fenced(|| node.gather(&rows, cx)) {
                Ok(Gathering::Ready(written)) => Gathered::There(written),
                Ok(Gathering::Later(future)) => {
                    let fenced = AssertUnwindSafe(future).catch_unwind();
                    let written = fenced.map(move |written| match written {
                        Ok(written) => (at, written),
                        Err(_) => (at, Box::new(Failed { fault: Fault::internal(), nullable }) as _),
                    });
                    waiting.push(written.boxed());
                    Gathered::Row
                }
                Err(fault) => Gathered::There(Box::new(Failed { fault, nullable })),
            }
        } else {
            Gathered::Row
        });
    }
    let serial = if plan.cut.is_some() { next_serial() } else { 0 };
    let mut level = Level { rows, fields, order: plan.order(|name| cx.boolean(name)), serial };
    match waiting.len() {
        0 => Gathering::Ready(level),
        1 => {
            let Some(only) = waiting.pop() else { return Gathering::Ready(level) };
            Gathering::Later(
                async move {
                    let (at, written) = only.await;
                    level.put(at, written);
                    level
                }
                .boxed(),
            )
        }
        _ => Gathering::Later(
            async move {
                for (at, written) in join_all(waiting).await {
                    level.put(at, written);
                }
                level
            }
            .boxed(),
        ),
    }
}

impl<'p, R> Level<'p, R> {
    fn put(&mut self, at: usize, written: Box<dyn Written + 'p>) {
        if let Some(field) = self.fields.get_mut(at) {
            *field = Gathered::There(written);
        }
    }
}

/// A node whose arguments cannot be: the same for every row.
pub(super) fn failed<'p>(fault: Fault, nullable: bool) -> Gathering<'p, Box<dyn Written + 'p>> {
    Gathering::Ready(Box::new(Failed { fault, nullable }))
}

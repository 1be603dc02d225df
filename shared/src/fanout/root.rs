//! From a root of async-graphql into the executor and back: the whole subtree, as one raw value.

use super::{
    Arena, Ask, AskEach, Asking, Bubble, Code, Cx, Execution, Fault, Have, Out, Path, Question, Row, Shape,
    Step, Then, defer, loader::Loader,
};
use async_graphql::{
    ContextSelectionSet, Name, OutputType, PathSegment, Pos, Positioned, QueryPathSegment, ServerError,
    ServerResult, Value, parser::types::Field, registry::Registry,
};
use bytes::Bytes;
use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// The key of an object that stands for a raw JSON text: serde_json's own, which async-graphql's values know too.
///
/// Below a root the text is bytes, so that async-graphql carries it through as it is: neither checked nor copied. No
/// value that a resolver returns looks so, as no JSON has bytes.
pub(crate) const RAW: &str = "$serde_json::private::RawValue";
/// The raw text of a value that failed where null is not allowed.
pub(crate) const FAILED_ROOT: Bytes = Bytes::new();

/// Answers `ask` and all that is selected below, and wraps the text so that async-graphql carries it through.
pub(super) async fn resolve<A: Asking>(
    ask: A,
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
) -> ServerResult<Value> {
    let execution = execution(ctx, field)?;
    let (plan, size) = execution.plan(ctx, field, A::compile)?;
    let loader = execution.loader();
    if let Some(begun) = &execution.begun {
        let root = defer::Root {
            ask,
            plan,
            loader: loader.clone(),
            variables: ctx.query_env.variables.clone(),
            pos: field.pos,
            path: here(ctx),
            size: size.load(Relaxed),
            room: execution.room.load(Relaxed),
        };
        let resolved = defer::resolve(root, begun).await;
        let (written, out) = resolved.ok_or_else(|| Fault::internal().at(field.pos, here(ctx)))?;
        return Ok(finish(written, out, execution, &loader, &size, ctx));
    }
    let arena = Arena::default();
    let cx =
        Cx { request: loader.request(), loader: &loader, arena: &arena, variables: &ctx.query_env.variables };
    let gathered = A::gather(vec![ask], &plan, &cx).wait().await;
    let mut out = Out::new(size.load(Relaxed), execution.room.load(Relaxed), here(ctx));
    let written = gathered.write(0, &mut out, &Path::root(field.pos));
    Ok(finish(written, out, execution, &loader, &size, ctx))
}

/// The same for a row that a root returned as it is.
#[doc(hidden)]
pub async fn resolve_row<R: Row + Clone>(
    row: &R,
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
) -> ServerResult<Value> {
    let execution = execution(ctx, field)?;
    if execution.begun.is_some() {
        // It is lent for no longer than this, and what is put off needs it later.
        return resolve(Have::one(row.clone()), ctx, field).await;
    }
    let (plan, size) =
        execution.plan(ctx, field, |compiler, merged| R::compile(compiler, &merged.occurrences()))?;
    let loader = execution.loader();
    let arena = Arena::default();
    let cx =
        Cx { request: loader.request(), loader: &loader, arena: &arena, variables: &ctx.query_env.variables };
    let level = R::gather(&plan, vec![row], &cx).wait().await;
    let mut out = Out::new(size.load(Relaxed), execution.room.load(Relaxed), here(ctx));
    let written = R::write(&plan, &level, 0, &mut out, &Path::root(field.pos));
    Ok(finish(written, out, execution, &loader, &size, ctx))
}

fn execution<'a>(
    ctx: &'a ContextSelectionSet<'_>,
    field: &Positioned<Field>,
) -> ServerResult<&'a Arc<Execution>> {
    ctx.data_opt::<Arc<Execution>>().ok_or_else(|| {
        tracing::error!("an operation runs outside of the engine: execute it through bff::graphql::Engine");
        Fault::internal().at(field.pos, here(ctx))
    })
}

/// The text as a value, and the errors where async-graphql collects them.
fn finish(
    written: Result<(), Bubble>,
    mut out: Out,
    execution: &Execution,
    loader: &Loader,
    size: &AtomicUsize,
    ctx: &ContextSelectionSet<'_>,
) -> Value {
    size.fetch_max(out.buf.len() + 64, Relaxed);
    if out.is_full() {
        out.errors = vec![too_long(ctx.item.pos, here(ctx))];
    }
    for error in out.errors.drain(..) {
        ctx.add_error(error);
    }
    if written.is_ok() && !out.is_full() {
        execution.writes(out.buf.len());
        loader.stats().degraded(out.degraded);
    }
    let text = match written {
        Ok(()) => Bytes::from(out.buf),
        Err(Bubble) => FAILED_ROOT,
    };
    raw_value(text)
}

/// A JSON text, as async-graphql carries it through.
pub(crate) fn raw_value(text: Bytes) -> Value {
    Value::Object([(Name::new(RAW), Value::Binary(text))].into_iter().collect())
}

pub(super) fn too_long(pos: Pos, path: Vec<PathSegment>) -> ServerError {
    let message =
        "The answer would be longer than this server writes. Ask for fewer items, or for less of each.";
    Fault::new(Code::DocumentTooComplex, message).at(pos, path)
}

/// The path of the value that is being resolved.
pub(super) fn here(ctx: &ContextSelectionSet<'_>) -> Vec<PathSegment> {
    let segment = |segment: &QueryPathSegment<'_>| match segment {
        QueryPathSegment::Index(index) => PathSegment::Index(*index),
        QueryPathSegment::Name(name) => PathSegment::Field((*name).to_owned()),
    };
    let Some(node) = &ctx.path_node else { return Vec::new() };
    let mut path: Vec<_> = node.parents().map(|parent| segment(&parent.segment)).collect();
    path.insert(0, segment(&node.segment));
    path.reverse();
    path
}

macro_rules! output_type {
    ([$($generics:tt)*] $type:ty, $row:ty, $shape:ty) => {
        impl<$($generics)*> OutputType for $type {
            fn type_name() -> Cow<'static, str> {
                <$shape>::named(&<$row as OutputType>::type_name()).into()
            }

            fn qualified_type_name() -> String {
                <$shape>::qualified(&<$row as OutputType>::type_name())
            }

            fn create_type_info(registry: &mut Registry) -> String {
                <$row as OutputType>::create_type_info(registry);
                Self::qualified_type_name()
            }

            async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
                resolve(self.clone(), ctx, field).await
            }
        }
    };
}

output_type!([Q: Question, S: Shape] Ask<Q, S>, Q::Row, S);
output_type!([Q: Question] AskEach<Q>, Q::Row, super::OptionalMany);
output_type!([R: Row, S: Shape] Have<R, S>, R, S);

impl<P: Step, A: Asking + OutputType> OutputType for Then<P, A> {
    fn type_name() -> Cow<'static, str> {
        A::type_name()
    }

    fn qualified_type_name() -> String {
        A::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        A::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        resolve(self.clone(), ctx, field).await
    }
}

impl<V: super::Leaf + Clone + 'static> OutputType for super::Just<V> {
    fn type_name() -> Cow<'static, str> {
        V::type_name()
    }

    fn qualified_type_name() -> String {
        V::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        V::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        resolve(self.clone(), ctx, field).await
    }
}

/// Makes a [`Row`] and an output type of an [`Entity`](super::Entity): what `#[entity]` adds to the tables.
#[doc(hidden)]
#[macro_export]
macro_rules! __entity {
    ([$($generics:tt)*] $type:ty, |$registry:ident| $describe:block) => {
        $crate::__entity!([$($generics)*] $type, fields [], |$registry| $describe);
    };
    ([$($generics:tt)*] $type:ty, fields [$($field:literal),*], |$registry:ident| $describe:block) => {
        impl<$($generics)*> $crate::fanout::Row for $type {
            type Plan = $crate::fanout::ObjectPlan<Self>;
            type Level<'p> = $crate::fanout::Level<'p, Self>;
            const FIELDS: &'static [&'static str] = &[$($field),*];

            fn compile(
                compiler: &$crate::fanout::Compiler<'_>,
                occurrences: &[$crate::fanout::plan::Occurrence<'_>],
            ) -> ::std::result::Result<Self::Plan, $crate::Fault> {
                $crate::fanout::compile_object(compiler, occurrences)
            }
            fn gather<'p>(
                plan: &'p Self::Plan,
                rows: ::std::vec::Vec<&'p Self>,
                cx: &'p $crate::fanout::Cx<'p>,
            ) -> $crate::fanout::Gathering<'p, Self::Level<'p>> {
                $crate::fanout::gather_object(plan, rows, cx)
            }
            fn write(
                plan: &Self::Plan,
                level: &Self::Level<'_>,
                i: usize,
                out: &mut $crate::fanout::Out,
                path: &$crate::fanout::Path<'_>,
            ) -> ::std::result::Result<(), $crate::fanout::Bubble> {
                $crate::fanout::write_object(plan, level, i, out, path)
            }
            fn deferred<'s, 'p: 's>(
                plan: &'s Self::Plan,
                level: &'s Self::Level<'p>,
                found: &mut $crate::fanout::Deferred<'s>,
            ) {
                $crate::fanout::deferred_object(plan, level, found);
            }
        }

        impl<$($generics)*> $crate::async_graphql::OutputType for $type {
            fn type_name() -> ::std::borrow::Cow<'static, str> {
                <Self as $crate::fanout::Entity>::name()
            }
            fn create_type_info($registry: &mut $crate::async_graphql::registry::Registry) -> ::std::string::String $describe
            async fn resolve(
                &self,
                ctx: &$crate::async_graphql::ContextSelectionSet<'_>,
                field: &$crate::async_graphql::Positioned<$crate::async_graphql::parser::types::Field>,
            ) -> $crate::async_graphql::ServerResult<$crate::async_graphql::Value> {
                $crate::fanout::resolve_row(self, ctx, field).await
            }
        }
    };
}

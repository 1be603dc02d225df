//! What stands around root fields: a fence against panics, and the executor's guards as async-graphql's.

use super::run::{Seen, sees};
use crate::{
    fanout::{Completing, Execution, Fault, plan::GuardFn, raw_value},
    request::ContextExt,
};
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Guard, ObjectType, OutputType, PathSegment, Positioned,
    Response, ServerResult, SubscriptionType, Value, parser::types::Field, registry::Registry,
};
use futures::{FutureExt, Stream};
use std::{
    borrow::Cow,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// The name that a root runs under where it is not there yet for whoever asks. No GraphQL name, so no field of anybody's.
pub(super) const HIDDEN: &str = "?hidden";

/// What stands in the place of such a root.
fn fallback(ctx: &Context<'_>) -> Option<Value> {
    let operation = &ctx.data_opt::<Arc<Execution>>()?.operation;
    Some(raw_value(operation.root_at(ctx.item.pos)?.hidden.clone()?))
}

/// Stands around the roots: a panic in one is one masked error of that one. (An extension could do this too, but
/// async-graphql boxes a future for each of its hooks as soon as there is one.)
///
/// Shared from within: async-graphql's own `Arc` of roots does not tell whether there are any.
pub(super) struct Fenced<T> {
    roots: Arc<T>,
    pub seen: Arc<Seen>,
}

impl<T> Fenced<T> {
    pub fn new(roots: T) -> Self {
        Self { roots: Arc::new(roots), seen: Arc::default() }
    }
}

impl<T> Clone for Fenced<T> {
    fn clone(&self) -> Self {
        Self { roots: self.roots.clone(), seen: self.seen.clone() }
    }
}

impl<T: ObjectType> OutputType for Fenced<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        self.roots.resolve(ctx, field).await
    }
}

impl<T: ObjectType> ContainerType for Fenced<T> {
    fn is_empty() -> bool {
        T::is_empty()
    }

    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        if sees(&self.seen, ctx) {
            return Ok(None);
        }
        if ctx.item.node.name.node == HIDDEN {
            return Ok(fallback(ctx));
        }
        fenced(&*self.roots, ctx).await
    }
}

async fn fenced(root: &impl ObjectType, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
    AssertUnwindSafe(root.resolve_field(ctx))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Fault::internal().at(ctx.item.pos, vec![here(ctx)])))
}

fn here(ctx: &Context<'_>) -> PathSegment {
    PathSegment::Field(ctx.item.node.response_key().node.to_string())
}

impl<T: ObjectType> ObjectType for Fenced<T> {}

/// The same around mutations, which run one after the other: once all of `data` is to be null, because one that may not
/// be null is, no other is begun (§6.4.4 allows it, and graphql-js does so).
pub(super) struct Serial<T>(Arc<T>);

impl<T> Serial<T> {
    pub fn new(roots: T) -> Self {
        Self(Arc::new(roots))
    }
}

impl<T> Clone for Serial<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The roots of subscriptions, as both we and async-graphql have them.
pub(super) struct Heard<T>(Arc<T>);

impl<T> Heard<T> {
    pub fn new(roots: T) -> Self {
        Self(Arc::new(roots))
    }
}

impl<T> Clone for Heard<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: SubscriptionType> SubscriptionType for Heard<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    fn is_empty() -> bool {
        T::is_empty()
    }

    fn create_field_stream<'a>(
        &'a self,
        ctx: &'a Context<'_>,
    ) -> Option<Pin<Box<dyn Stream<Item = Response> + Send + 'a>>> {
        self.0.create_field_stream(ctx)
    }
}

/// Set when no other mutation of the request is to begin. In the context of every mutation.
#[derive(Default)]
pub(super) struct Over(AtomicBool);

impl<T: ObjectType> OutputType for Serial<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        self.0.resolve(ctx, field).await
    }
}

impl<T: ObjectType> ContainerType for Serial<T> {
    fn is_empty() -> bool {
        T::is_empty()
    }

    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let over = ctx.data_opt::<Over>();
        if over.is_some_and(|over| over.0.load(Relaxed)) {
            return Ok(None);
        }
        let resolved = fenced(&*self.0, ctx).await;
        if let Some(over) = over
            && fails(&resolved, ctx)
        {
            over.0.store(true, Relaxed);
        }
        resolved
    }
}

impl<T: ObjectType> ObjectType for Serial<T> {}

/// Whether there is no value where one must be.
fn fails(resolved: &ServerResult<Option<Value>>, ctx: &Context<'_>) -> bool {
    let operation = ctx.data_opt::<Arc<Execution>>().map(|execution| &execution.operation);
    let Some(root) = operation.and_then(|operation| operation.root_at(ctx.item.pos)) else { return false };
    let Ok(value) = resolved else { return !root.ty.nullable };
    // Only whether: the answer tells the errors when it is written.
    let mut completing =
        Completing { pos: root.pos, path: vec![here(ctx)], errors: &mut Vec::new(), logs: false };
    !completing.put(value.as_ref(), &root.ty, &mut Vec::new())
}

/// Makes a guard of the executor one of async-graphql, for roots: `#[graphql(guard = "Only(signed_in)")]`.
pub struct Only(pub GuardFn);

impl Guard for Only {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        Ok((self.0)(ctx.request()?)?)
    }
}

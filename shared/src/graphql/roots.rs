//! What stands around root fields: a fence against panics, and the executor's guards as async-graphql's.

use crate::{
    fanout::{Fault, plan::GuardFn},
    request::ContextExt,
};
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Guard, ObjectType, OutputType, PathSegment, Positioned,
    ServerResult, Value, parser::types::Field, registry::Registry,
};
use futures::FutureExt;
use std::{borrow::Cow, panic::AssertUnwindSafe};

/// Stands around the roots: a panic in one is one masked error of that one. (An extension could do this too, but
/// async-graphql boxes a future for each of its hooks as soon as there is one.)
pub(super) struct Fenced<T>(pub T);

impl<T: ObjectType> OutputType for Fenced<T> {
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

impl<T: ObjectType> ContainerType for Fenced<T> {
    fn is_empty() -> bool {
        T::is_empty()
    }

    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        AssertUnwindSafe(self.0.resolve_field(ctx)).catch_unwind().await.unwrap_or_else(|_| {
            let key = PathSegment::Field(ctx.item.node.response_key().node.to_string());
            Err(Fault::internal().at(ctx.item.pos, vec![key]))
        })
    }
}

impl<T: ObjectType> ObjectType for Fenced<T> {}

/// Makes a guard of the executor one of async-graphql, for roots: `#[graphql(guard = "Only(signed_in)")]`.
pub struct Only(pub GuardFn);

impl Guard for Only {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        Ok((self.0)(ctx.request()?)?)
    }
}

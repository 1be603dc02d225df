//! Where an error is in a list of lists, which a root written by hand returned.
//!
//! On its way up async-graphql takes an error of an inner list's item for one of the outer list's, and forgets where it was.
//! An extension sees it first where it was, and writes that down. There is one only around roots that return lists of lists:
//! with it, a future is boxed for each item.

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Object, PathSegment, Schema, ServerError, ServerResult, Value,
    async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, Extensions, NextResolve, ResolveInfo},
};
use futures::FutureExt;
use std::{
    any::Any,
    sync::{Arc, OnceLock},
};

/// An error's source, with its place in front.
struct Placed {
    path: Vec<PathSegment>,
    source: Option<Arc<dyn Any + Send + Sync>>,
}

struct Placing;

impl ExtensionFactory for Placing {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Placing {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        next.run(ctx, info).await.map_err(|mut error| {
            if error.source::<Placed>().is_none() {
                let source = error.source.take();
                error.source = Some(Arc::new(Placed { path: error.path.clone(), source }));
            }
            error
        })
    }
}

/// The error, with the place that was written down.
pub fn placed(mut error: ServerError) -> ServerError {
    if let Some(Placed { path, source }) = error.source::<Placed>() {
        let (path, source) = (path.clone(), source.clone());
        (error.path, error.source) = (path, source);
    }
    error
}

/// Sees what async-graphql makes of the extension: it alone does.
#[derive(Default)]
struct Seeing(Arc<OnceLock<Extensions>>);

#[Object]
impl Seeing {
    async fn seen(&self, ctx: &Context<'_>) -> bool {
        self.0.set(ctx.query_env.extensions.clone()).is_ok()
    }
}

/// What stands around the fields of a request whose errors are placed. None, if async-graphql does not call them any more
/// as it did.
pub fn placing() -> Option<Extensions> {
    let seeing = Seeing::default();
    let seen = seeing.0.clone();
    let schema = Schema::build(seeing, EmptyMutation, EmptySubscription).extension(Placing).finish();
    // Nothing in it waits.
    schema.execute("{ seen }").now_or_never()?;
    seen.get().cloned()
}

//! A root below which something is put off: answered as far as its answer goes, and gone on with later.

use super::{
    super::{Arena, Asking, Bubble, Cx, Loader, Out, Path},
    cut::Deferred,
    delivery::Begun,
};
use async_graphql::{PathSegment, Pos, Variables};
use futures::{
    FutureExt,
    channel::oneshot,
    future::{Either, select},
};
use std::sync::Arc;

/// What a root's subtree is asked with.
pub struct Root<A: Asking> {
    pub ask: A,
    pub plan: Arc<A::Plan>,
    pub loader: Arc<Loader>,
    pub variables: Variables,
    pub pos: Pos,
    /// The root's own path.
    pub path: Vec<PathSegment>,
    /// Bytes that its text takes, about.
    pub size: usize,
    /// Bytes that it may take.
    pub room: usize,
}

/// Answers a root. What is put off below it waits with the rows that it needs; None is a root that broke off.
pub async fn resolve<A: Asking>(root: Root<A>, begun: &Begun) -> Option<(Result<(), Bubble>, Out)> {
    let (tell, told) = oneshot::channel();
    let (go, may_go) = oneshot::channel::<()>();
    let delivery = begun.delivery.clone();
    let task = async move {
        let Root { ask, plan, loader, variables, pos, path, size, room } = root;
        let arena = Arena::default();
        let cx = Cx { request: loader.request(), loader: &loader, arena: &arena, variables: &variables };
        let gathered = A::gather(vec![ask], &plan, &cx).wait().await;
        let mut out = Out::new(size, room, path);
        let written = gathered.write(0, &mut out, &Path::root(pos));
        if written.is_err() || out.is_full() {
            out.cuts.clear();
        }
        let cuts = out.cuts.clone();
        // Who waits for it is the caller below, unless the request is over.
        let _ = tell.send((written, out));
        if !cuts.is_empty() && may_go.await.is_ok() {
            let mut found = Deferred::of(cuts);
            gathered.deferred(&mut found);
            found.run(&cx, &delivery).await;
        }
    };
    match select(told, task.boxed()).await {
        Either::Left((told, task)) => {
            let (written, mut out) = told.ok()?;
            let cuts = std::mem::take(&mut out.cuts);
            if !cuts.is_empty() {
                begun.put_off(cuts, task);
                // It is there to hear it.
                let _ = go.send(());
            }
            Some((written, out))
        }
        Either::Right(((), told)) => told.await.ok(),
    }
}

//! A list made of asks: each answered by itself, in the order they stand in, and all of them asked at once.
//!
//! Where a row knows the keys of others (`genre_ids`), or a caller names them (`nodes(ids:)`), a list question does not
//! fit: the list is the asker's, not the upstream's. The asks meet in batches as those of sibling rows do.

use super::{
    Bubble, Compiler, Cx, Fault, Gathering, Merged, Out, Path,
    ask::Asking,
    root::resolve,
    write::{Failed, Written},
};
use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value, parser::types::Field,
    registry::Registry,
};
use std::{borrow::Cow, sync::Arc};

/// Asks that make one list. `Each<Ask<Q>>` is `[T]!`: what does not exist or fails is null in its place.
/// `Option<Each<Ask<Q, One>>>` is `[T!]`: one failure makes the whole list null.
pub struct Each<A: Asking>(Arc<[A]>);

impl<A: Asking> Clone for Each<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Asking> FromIterator<A> for Each<A> {
    fn from_iter<I: IntoIterator<Item = A>>(asks: I) -> Self {
        Self(asks.into_iter().collect())
    }
}

impl<A: Asking> Asking for Each<A> {
    type Plan = A::Plan;
    const NULLABLE: bool = false;

    fn compile(compiler: &Compiler<'_>, merged: &Merged<'_>) -> Result<Self::Plan, Fault> {
        A::compile(compiler, merged)
    }

    fn gather<'p>(
        lists: Vec<Self>,
        plan: &'p Self::Plan,
        cx: &'p Cx<'p>,
    ) -> Gathering<'p, Box<dyn Written + 'p>> {
        let mut asks = Vec::with_capacity(lists.iter().map(|list| list.0.len()).sum());
        let lists = lists
            .into_iter()
            .map(|list| {
                let from = asks.len();
                asks.extend(list.0.iter().cloned());
                (from, asks.len())
            })
            .collect();
        A::gather(asks, plan, cx).map(|items| Box::new(Lists { lists, items }) as Box<dyn Written + 'p>)
    }
}

struct Lists<'p> {
    /// From and to among the items.
    lists: Vec<(usize, usize)>,
    items: Box<dyn Written + 'p>,
}

impl Written for Lists<'_> {
    fn write(&self, i: usize, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let Some(&(from, to)) = self.lists.get(i) else {
            out.fail(&Fault::internal(), path.pos(), path);
            return Err(Bubble);
        };
        let start = out.buf.len();
        out.buf.push(b'[');
        for (index, item) in (from..to).enumerate() {
            if index > 0 {
                out.buf.push(b',');
            }
            if self.items.write(item, out, &path.index(index)).is_err() {
                return out.null_or_bubble(start, false);
            }
        }
        out.buf.push(b']');
        Ok(())
    }
}

impl<A: Asking + OutputType> OutputType for Each<A> {
    fn type_name() -> Cow<'static, str> {
        format!("[{}]", A::qualified_type_name()).into()
    }

    fn qualified_type_name() -> String {
        format!("[{}]!", A::qualified_type_name())
    }

    fn create_type_info(registry: &mut Registry) -> String {
        A::create_type_info(registry);
        Self::qualified_type_name()
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        resolve(self.clone(), ctx, field).await
    }
}

/// Something to ask, or why it cannot be asked: an edge whose arguments make no sense, an item of a list that is none.
impl<A: Asking> Asking for Result<A, Fault> {
    type Plan = A::Plan;
    const NULLABLE: bool = A::NULLABLE;

    fn compile(compiler: &Compiler<'_>, merged: &Merged<'_>) -> Result<Self::Plan, Fault> {
        A::compile(compiler, merged)
    }

    fn gather<'p>(
        asks: Vec<Self>,
        plan: &'p Self::Plan,
        cx: &'p Cx<'p>,
    ) -> Gathering<'p, Box<dyn Written + 'p>> {
        let mut good = Vec::with_capacity(asks.len());
        let places = asks
            .into_iter()
            .map(|ask| {
                good.push(ask.map_err(|fault| Failed { fault, nullable: A::NULLABLE })?);
                Ok(good.len() - 1)
            })
            .collect();
        A::gather(good, plan, cx).map(|inner| Box::new(Sound { places, inner }) as Box<dyn Written + 'p>)
    }
}

struct Sound<'p> {
    places: Vec<Result<usize, Failed>>,
    inner: Box<dyn Written + 'p>,
}

impl Written for Sound<'_> {
    fn write(&self, i: usize, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        match self.places.get(i) {
            Some(Ok(at)) => self.inner.write(*at, out, path),
            Some(Err(failed)) => failed.write(i, out, path),
            None => Failed { fault: Fault::internal(), nullable: false }.write(i, out, path),
        }
    }
}

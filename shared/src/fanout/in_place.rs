//! A list with a place for each ask, for a caller who names things (`nodes(ids:)`): every answer stands where it was
//! asked for, whatever becomes of the others. The asks meet in batches as those of sibling rows do.

use super::{
    Bubble, Compiler, Cx, Deferred, Fault, Gathering, Merged, Out, Path,
    ask::Asking,
    root::resolve,
    write::{Failed, Written},
};
use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value, parser::types::Field,
    registry::Registry,
};
use std::{borrow::Cow, sync::Arc};

/// Asks that make one list: `InPlace<Ask<Q>>` is `[T]!`, in which what does not exist or fails is null in its place. So
/// does a place whose key is none: it has a failure instead of an ask.
pub struct InPlace<A: Asking>(Arc<[Result<A, Fault>]>);

impl<A: Asking> Clone for InPlace<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Asking> FromIterator<Result<A, Fault>> for InPlace<A> {
    fn from_iter<I: IntoIterator<Item = Result<A, Fault>>>(asks: I) -> Self {
        Self(asks.into_iter().collect())
    }
}

impl<A: Asking> Asking for InPlace<A> {
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
                let place = |ask: &Result<A, Fault>| {
                    asks.push(ask.clone().map_err(|fault| Failed { fault, nullable: A::NULLABLE })?);
                    Ok(asks.len() - 1)
                };
                list.0.iter().map(place).collect()
            })
            .collect();
        A::gather(asks, plan, cx).map(|items| Box::new(Lists { lists, items }) as Box<dyn Written + 'p>)
    }
}

struct Lists<'p> {
    /// By the row that asked: for each place, which of the items stands there.
    lists: Vec<Vec<Result<usize, Failed>>>,
    items: Box<dyn Written + 'p>,
}

impl Written for Lists<'_> {
    fn write(&self, i: usize, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let Some(places) = self.lists.get(i) else {
            out.fail(&Fault::internal(), path.pos(), path);
            return Err(Bubble);
        };
        let start = out.buf.len();
        out.buf.push(b'[');
        for (index, place) in places.iter().enumerate() {
            if index > 0 {
                out.buf.push(b',');
            }
            let here = path.index(index);
            let written = match place {
                Ok(item) => self.items.write(*item, out, &here),
                Err(failed) => failed.write(index, out, &here),
            };
            if written.is_err() {
                return out.null_or_bubble(start, false);
            }
        }
        out.buf.push(b']');
        Ok(())
    }

    fn deferred<'s>(&'s self, found: &mut Deferred<'s>) {
        self.items.deferred(found);
    }
}

impl<A: Asking + OutputType> OutputType for InPlace<A> {
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

//! A running operation: what its roots share.

use super::{Compiler, Fault, Merged, defer::Begun, loader::Loader, operation::Operation, root::here};
use async_graphql::{
    ContextSelectionSet, Positioned, ServerResult,
    parser::types::{Field, OperationType},
};
use parking_lot::Mutex;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// A running operation: what every root of it finds in its context.
pub(crate) struct Execution {
    pub loader: Arc<Loader>,
    pub operation: Arc<Operation>,
    /// Where it is noted what is put off.
    pub begun: Option<Arc<Begun>>,
    /// What the next event's questions are asked over, if whoever heard of it has made that already.
    next: Mutex<Option<Arc<Loader>>>,
    /// Why there will be no more events.
    end: Mutex<Option<Fault>>,
    /// How many bytes longer the answer may become. Roots answer each for itself, but all of them in one answer.
    pub(super) room: AtomicUsize,
}

impl Execution {
    pub fn new(loader: Arc<Loader>, operation: Arc<Operation>, begun: Option<Arc<Begun>>) -> Self {
        let room = begun.as_ref().map_or(loader.request().answer_bytes, |begun| begun.delivery.room());
        Self {
            loader,
            operation,
            begun,
            next: Mutex::default(),
            end: Mutex::default(),
            room: AtomicUsize::new(room),
        }
    }

    /// A root has become so long. Each event of a subscription is an answer by itself, of one root.
    pub(super) fn writes(&self, bytes: usize) {
        if self.operation.ty != OperationType::Subscription {
            let _ = self.room.fetch_update(Relaxed, Relaxed, |room| Some(room.saturating_sub(bytes)));
        }
    }

    /// The loader for a value of this operation. Each event of a subscription is a request of its own: it has its own
    /// deadline, and must not be answered from what was known at the last one.
    pub(super) fn loader(&self) -> Arc<Loader> {
        match self.operation.ty {
            OperationType::Subscription => {
                self.next.lock().take().unwrap_or_else(|| self.loader.for_next_event())
            }
            _ => self.loader.clone(),
        }
    }

    /// The next event is answered over this loader.
    pub fn answers_next(&self, loader: Arc<Loader>) {
        *self.next.lock() = Some(loader);
    }

    /// The subscription is about to end, for this reason.
    pub fn ends_with(&self, fault: Fault) {
        *self.end.lock() = Some(fault);
    }

    /// Why it ended, if there is a reason to tell.
    pub fn end(&self) -> Option<Fault> {
        self.end.lock().take()
    }

    /// A root's plan, compiled if it is the first that asks for it.
    pub(super) fn plan<P: Send + Sync + 'static>(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
        compile: impl FnOnce(&Compiler<'_>, &Merged<'_>) -> Result<P, Fault>,
    ) -> ServerResult<(Arc<P>, Arc<AtomicUsize>)> {
        let root = self.operation.root_at(field.pos).ok_or_else(Fault::internal);
        root.and_then(|root| {
            root.planned(|merged, private| {
                let operation = &self.operation;
                // What is put off may be asked beside anything.
                let alone = operation.roots.len() == 1 && operation.cutting.is_none();
                let compiler =
                    Compiler::new(merged.key(), &operation.fragments, &operation.registry, private, alone)
                        .at_root(operation.root_type(), &merged.first.node.name.node)
                        .seen(operation.view.as_deref());
                match &operation.cutting {
                    Some((cutting, within)) => compile(&compiler.cut(cutting, *within), merged),
                    None => compile(&compiler, merged),
                }
            })
        })
        .map_err(|fault| fault.at(field.pos, here(ctx)))
    }
}

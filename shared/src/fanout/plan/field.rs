//! What `#[entity]` and `#[edges]` write down of a field: how it is answered, and who may see it.

use super::{Compiler, Merged};
use crate::{
    fanout::{Bubble, Fault, Node, Out, Path},
    request::RequestContext,
};

/// Writes a row's own value.
pub type LeafFn<R> = fn(&R, &mut Out, &Path<'_>) -> Result<(), Bubble>;
/// Compiles a field that has something below it or before it.
pub type NodeFn<R> = Box<dyn FnOnce(&Compiler<'_>, &Merged<'_>) -> Result<Box<dyn Node<R>>, Fault>>;
/// Lets a caller see a field, or says why not. Asked once per field of a plan and request, not per row.
pub type GuardFn = fn(&RequestContext) -> Result<(), Fault>;

/// Whoever decides who may see a field: a function, or [`HasScope`](crate::auth::HasScope).
pub trait FieldGuard: Send + Sync {
    /// Lets a caller see it, or says why not. Asked once per field of a plan and request, not per row.
    fn check(&self, request: &RequestContext) -> Result<(), Fault>;

    /// The scope that it wants, for the schema.
    fn scope(&self) -> Option<&'static str> {
        None
    }
}

impl<F: Fn(&RequestContext) -> Result<(), Fault> + Send + Sync> FieldGuard for F {
    fn check(&self, request: &RequestContext) -> Result<(), Fault> {
        self(request)
    }
}

/// How a field of an entity is answered.
pub struct Field<R> {
    /// A leaf or a node.
    pub how: How<R>,
    /// Who may see it: everybody, if there is none.
    pub guard: Option<&'static dyn FieldGuard>,
    /// What stands there when the guard refuses: null, or the parent goes.
    pub nullable: bool,
}

/// The two kinds of field.
pub enum How<R> {
    /// The row's own value.
    Leaf(LeafFn<R>),
    /// Anything gathered first.
    Node(NodeFn<R>),
}

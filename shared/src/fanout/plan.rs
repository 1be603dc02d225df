//! Phase zero, once per document: what is selected below a root, with fragments merged and names looked up.

mod collect;
mod condition;
mod field;
mod object;

pub(super) use self::{
    collect::Collected,
    object::{Kind, compile_fields, tag},
};
pub use self::{
    collect::{Merged, Occurrence, Places},
    condition::{Condition, holds},
    field::{Field, FieldGuard, GuardFn, How, LeafFn},
    object::{ObjectPlan, compile_object},
};

use super::{
    Place, Scope,
    defer::{Cutting, SetId},
    view::{Renaming, View},
};
use async_graphql::{Name, Positioned, parser::types::FragmentDefinition, registry::Registry};
use std::{cell::Cell, collections::HashMap, sync::Arc};

/// The document and the schema, while plans are made.
#[derive(Clone)]
pub struct Compiler<'d> {
    /// By name.
    pub fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    /// For unions and interfaces.
    pub registry: &'d Registry,
    /// How many questions stand between the root and what is compiled: a call's wave.
    pub depth: u32,
    /// Something was compiled whose answer may differ from caller to caller.
    private: &'d Cell<bool>,
    /// The response keys from the root to what is compiled: an edge's name in the account of a fan-out.
    pub edge: Arc<str>,
    /// The edge whose answer is compiled here: what is asked below it is asked in the moment when it is there.
    pub origin: Arc<str>,
    /// Where the document is cut; None: nothing is put off.
    cutting: Option<&'d Cutting>,
    /// What all that is compiled here waits for.
    within: SetId,
    /// Nothing else of the operation is gathered beside what is compiled.
    alone: bool,
    /// What each object costs that the field leads to.
    weight: u64,
    /// What of the schema is there; None: all of it.
    view: Option<&'d View>,
}

impl<'d> Compiler<'d> {
    /// At the root with this key, `alone` if there is no other. `private` is set by what is compiled, if it is the
    /// caller's own.
    pub fn new(
        root: &str,
        fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
        registry: &'d Registry,
        private: &'d Cell<bool>,
        alone: bool,
    ) -> Self {
        Self {
            fragments,
            registry,
            depth: 0,
            private,
            edge: root.into(),
            origin: "".into(),
            cutting: None,
            within: SetId::default(),
            alone,
            weight: 1,
            view: None,
        }
    }

    /// The same for a root that stands in this type.
    #[must_use]
    pub(super) fn at_root(self, object: &str, field: &Name) -> Self {
        let weight = tag(self.registry, object, field).0.of_object();
        Self { weight, ..self }
    }

    /// The same for whoever sees this of the schema.
    #[must_use]
    pub(crate) fn seen(self, view: Option<&'d View>) -> Self {
        Self { view, ..self }
    }

    /// The same where the document is cut, for what waits for `within`.
    #[must_use]
    pub(crate) fn cut(self, cutting: &'d Cutting, within: SetId) -> Self {
        Self { cutting: Some(cutting), within, ..self }
    }

    pub(super) fn within(&self) -> SetId {
        self.within
    }

    /// The same for a part.
    pub(super) fn waiting_for(&self, set: SetId) -> Self {
        Self { within: set, ..self.clone() }
    }

    /// A question of this scope is asked here: whatever asks one says so, or its answers are taken for public.
    pub fn asks(&self, scope: Scope) {
        if scope == Scope::Caller {
            self.private.set(true);
        }
    }

    /// What is compiled behind a question's answer.
    #[must_use]
    pub fn deeper(&self) -> Self {
        Compiler { depth: self.depth + 1, edge: self.edge.clone(), origin: self.edge.clone(), ..*self }
    }

    /// What is compiled beside something else: both may ask at the same time.
    #[must_use]
    pub fn beside(&self) -> Self {
        Compiler { edge: self.edge.clone(), origin: self.origin.clone(), alone: false, ..*self }
    }

    /// What is compiled of a field below, each of whose objects costs so much.
    fn below(&self, key: &Name, weight: u64) -> Compiler<'_> {
        let edge = format!("{}.{key}", self.edge).into();
        Compiler { edge, origin: self.origin.clone(), weight, ..*self }
    }

    /// Where a question of this edge is asked; [`deeper`](Self::deeper) compiles its answer.
    pub(super) fn place(&self) -> Place {
        Place {
            wave: self.depth + 1,
            edge: self.edge.clone(),
            origin: self.origin.clone(),
            alone: self.alone,
        }
    }

    /// The JSON text in the place of a field that is not there yet.
    fn hidden(&self, object: &str, field: &str) -> Option<&'d [u8]> {
        Some(self.view?.hidden(object, field)?)
    }

    /// What is done to the values of a field, if they are an enum's some of which are not there yet.
    fn renaming(&self, object: &str, field: &str) -> Option<&'d Arc<Renaming>> {
        let view = self.view?;
        view.renaming(&self.registry.types.get(object)?.field_by_name(field)?.ty)
    }
}

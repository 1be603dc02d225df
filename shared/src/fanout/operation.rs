//! An operation of a prepared document: its roots, each with its plan once it has run, and to whom its answer belongs.

use super::{
    Fault, Merged, Type,
    defer::{Cutting, SetId},
    plan::{self, Condition, Places, holds},
    view::View,
};
use async_graphql::{
    Name, PathSegment, Pos, Positioned, Value, Variables,
    parser::types::{Field, FragmentDefinition, OperationType},
    registry::Registry,
};
use bytes::Bytes;
use std::{
    any::Any,
    cell::Cell,
    collections::HashMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

/// One operation of a prepared document: what is known of its roots, once for all requests.
pub(crate) struct Operation {
    pub ty: OperationType,
    pub roots: Vec<RootField>,
    pub fragments: Arc<HashMap<Name, Positioned<FragmentDefinition>>>,
    pub registry: Arc<Registry>,
    /// Unlike any other operation's that this process has seen.
    pub id: u64,
    /// Its answer was found to be the caller's own.
    private: AtomicBool,
    /// Where the document is cut, and what these roots wait for.
    pub(super) cutting: Option<(Arc<Cutting>, SetId)>,
    /// What of the schema is there for whom it is; None: all of it.
    pub view: Option<Arc<View>>,
}

/// A root field, with all its occurrences merged.
pub(crate) struct RootField {
    pub key: Name,
    /// `"key":`, as it is written.
    pub lead: Box<[u8]>,
    pub pos: Pos,
    pub ty: Type,
    pub conditions: Vec<Condition>,
    pub occurrences: Vec<(Condition, Positioned<Field>)>,
    pub places: Places,
    /// The JSON text that stands there for those who see less than the whole schema.
    pub hidden: Option<Bytes>,
    plan: OnceLock<Result<Planned, Fault>>,
}

#[derive(Clone)]
struct Planned {
    plan: Arc<dyn Any + Send + Sync>,
    /// The longest answer so far: the next buffer's size.
    size: Arc<AtomicUsize>,
    /// Something in it is the caller's own.
    private: bool,
}

impl RootField {
    pub fn new(merged: &Merged<'_>, ty: Type, hidden: Option<Bytes>) -> Self {
        Self {
            key: merged.key().clone(),
            lead: serde_json::to_vec(merged.key().as_str())
                .map(|mut lead| {
                    lead.push(b':');
                    lead
                })
                .unwrap_or_default()
                .into(),
            pos: merged.first.pos,
            ty,
            conditions: merged.conditions(),
            places: merged.places(),
            hidden,
            occurrences: merged
                .all
                .iter()
                .map(|(condition, field)| (condition.clone(), (*field).clone()))
                .collect(),
            plan: OnceLock::new(),
        }
    }

    /// In the schema.
    fn name(&self) -> &str {
        self.occurrences.first().map_or("", |(_, field)| field.node.name.node.as_str())
    }

    pub(super) fn planned<P: Send + Sync + 'static>(
        &self,
        compile: impl FnOnce(&Merged<'_>, &Cell<bool>) -> Result<P, Fault>,
    ) -> Result<(Arc<P>, Arc<AtomicUsize>), Fault> {
        let planned = self.plan.get_or_init(|| {
            let first = &self.occurrences.first().ok_or_else(Fault::internal)?.1;
            let all = self.occurrences.iter().map(|(condition, field)| (condition.clone(), field)).collect();
            let private = Cell::new(false);
            let plan = compile(&Merged::alone(first, all), &private)?;
            Ok(Planned {
                plan: Arc::new(plan),
                size: Arc::new(AtomicUsize::new(256)),
                private: private.get(),
            })
        });
        let Planned { plan, size, .. } = planned.clone()?;
        // A root has one type, so its plan has one too.
        let plan = plan.downcast::<P>().map_err(|_| Fault::internal())?;
        Ok((plan, size))
    }

    /// Known to be the same for every caller. What has no plan never is: it did not run yet, or a resolver written by
    /// hand answers it.
    fn is_public(&self) -> bool {
        let planned = self.plan.get().is_some_and(|plan| plan.as_ref().is_ok_and(|plan| !plan.private));
        planned
            || self.hidden.is_some()
            || self.occurrences.first().is_some_and(|(_, field)| field.node.name.node == "__typename")
    }
}

impl Operation {
    pub fn new(
        ty: OperationType,
        roots: Vec<RootField>,
        fragments: Arc<HashMap<Name, Positioned<FragmentDefinition>>>,
        registry: Arc<Registry>,
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Relaxed);
        Self {
            ty,
            roots,
            fragments,
            registry,
            id,
            private: AtomicBool::new(false),
            cutting: None,
            view: None,
        }
    }

    /// The same for those who see this of the schema.
    pub fn seen(self, view: Option<Arc<View>>) -> Self {
        Self { view, ..self }
    }

    /// The same where the document is cut, of the roots that wait for `within`.
    pub fn cut(self, cutting: Arc<Cutting>, within: SetId) -> Self {
        Self { cutting: Some((cutting, within)), ..self }
    }

    /// Known to be answered with the same bytes whoever asks: a query whose selected roots are all plans of public
    /// questions without a guard, that nobody was seen to look at the caller for.
    pub fn is_public(&self, variables: &Variables) -> bool {
        self.ty == OperationType::Query
            && !self.private.load(Relaxed)
            && self.selected(variables).iter().all(|root| root.is_public())
    }

    /// Its answer was made with a look at the caller: from now on nobody shares it.
    pub fn found_private(&self) {
        self.private.store(true, Relaxed);
    }

    /// The roots that a request selects, in the order of its answer.
    pub fn selected(&self, variables: &Variables) -> Vec<&RootField> {
        let selected =
            self.roots.iter().filter(|root| holds(&root.conditions, |name| boolean(variables, name)));
        let mut selected: Vec<_> = selected.collect();
        if self.roots.iter().any(|root| root.places.vary()) {
            selected.sort_by_key(|root| root.places.first(|name| boolean(variables, name)));
        }
        selected
    }

    /// The type that its roots are fields of.
    pub(super) fn root_type(&self) -> &str {
        match self.ty {
            OperationType::Query => Some(self.registry.query_type.as_str()),
            OperationType::Mutation => self.registry.mutation_type.as_deref(),
            OperationType::Subscription => self.registry.subscription_type.as_deref(),
        }
        .unwrap_or_default()
    }

    /// What those of the selected roots cost that have no objects below them, if they say so.
    pub fn leaves_cost(&self, variables: &Variables) -> u64 {
        let cost = |root: &&RootField| {
            let (tag, composite, list) = plan::tag(&self.registry, self.root_type(), root.name());
            if composite || root.hidden.is_some() { 0 } else { tag.of_leaf(list) }
        };
        self.selected(variables).iter().map(cost).fold(0, u64::saturating_add)
    }

    /// Where a root stands in the document, for this request.
    pub fn place(&self, key: &str, variables: &Variables) -> Option<Pos> {
        let root = self.roots.iter().find(|root| root.key.as_str() == key)?;
        root.places.first(|name| boolean(variables, name)).map(|(_, pos)| pos)
    }

    /// Which of the roots a path of the response begins with, counted in the order of the document.
    pub fn root_of(&self, path: &[PathSegment]) -> Option<usize> {
        match path.first() {
            Some(PathSegment::Field(key)) => self.roots.iter().position(|root| root.key.as_str() == key),
            _ => None,
        }
    }

    /// Whether a root returns a list of lists.
    pub fn nests(&self) -> bool {
        self.roots.iter().any(|root| root.ty.nests())
    }

    pub fn root_at(&self, pos: Pos) -> Option<&RootField> {
        self.roots.iter().find(|root| root.pos == pos)
    }
}

fn boolean(variables: &Variables, name: &Name) -> Option<bool> {
    match variables.get(name) {
        Some(Value::Boolean(value)) => Some(*value),
        _ => None,
    }
}

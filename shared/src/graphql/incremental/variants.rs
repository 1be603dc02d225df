//! An operation that puts something off, cut once for each assignment of the variables that this hangs on.

use super::{super::document::PreparedOperation, directive::DIRECTIVE};
use crate::fanout::{Cutting, Fault, Form, Shown};
use async_graphql::{
    Name, Positioned, Value as Given, Variables,
    parser::types::{FragmentDefinition, OperationDefinition, OperationType, Selection, SelectionSet},
};
use async_graphql_value::Value;
use parking_lot::Mutex;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// What an operation puts off.
pub struct Defers {
    definition: Positioned<OperationDefinition>,
    /// The variables in its conditions.
    conditions: Vec<Name>,
    variants: Mutex<HashMap<Case, Option<Arc<Variant>>>>,
}

type Case = (Form, Vec<Option<bool>>);
type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// An operation, cut.
pub struct Variant {
    /// The roots that are answered first, and what is not put off below them.
    pub first: Arc<PreparedOperation>,
    /// Those that are put off, by what they wait for.
    pub later: Vec<Arc<PreparedOperation>>,
    /// What is told of these.
    pub shown: Arc<Shown>,
}

impl Defers {
    /// So many are kept; what a client makes up beyond is cut for each of its requests.
    pub const VARIANTS: usize = 8;

    /// Of an operation, if there is a `@defer` in it.
    pub fn of(definition: &Positioned<OperationDefinition>, fragments: &Fragments) -> Option<Self> {
        if definition.node.ty == OperationType::Subscription {
            return None;
        }
        let mut found = Found { fragments, seen: HashSet::new(), defers: false, conditions: Vec::new() };
        found.look(&definition.node.selection_set.node);
        let Found { defers, conditions, .. } = found;
        defers.then(|| Self { definition: definition.clone(), conditions, variants: Mutex::default() })
    }

    /// The operation as these variables have it cut; `cut` does that. None: they put nothing off.
    pub fn variant(
        &self,
        variables: &Variables,
        form: Form,
        fragments: &Fragments,
        cut: impl FnOnce(&Positioned<OperationDefinition>, Arc<Cutting>) -> Result<Variant, Fault>,
    ) -> Result<Option<Arc<Variant>>, Fault> {
        let value = |name: &Name| match variables.get(name) {
            Some(Given::Boolean(value)) => Some(*value),
            _ => None,
        };
        let case = (form, self.conditions.iter().map(value).collect::<Vec<_>>());
        if let Some(known) = self.variants.lock().get(&case) {
            return Ok(known.clone());
        }
        let given = self.conditions.iter().zip(&case.1);
        let given = given.filter_map(|(name, value)| Some((name.clone(), (*value)?))).collect();
        let cutting = Arc::new(Cutting::new(form, given));
        let set = &self.definition.node.selection_set.node;
        let variant =
            if cutting.cuts(set, fragments) { Some(Arc::new(cut(&self.definition, cutting)?)) } else { None };
        let mut variants = self.variants.lock();
        if variants.len() < Self::VARIANTS {
            variants.insert(case, variant.clone());
        }
        Ok(variant)
    }
}

/// What a walk through an operation finds, each fragment looked at once.
struct Found<'d> {
    fragments: &'d Fragments,
    seen: HashSet<&'d Name>,
    defers: bool,
    conditions: Vec<Name>,
}

impl<'d> Found<'d> {
    fn look(&mut self, set: &'d SelectionSet) {
        for selection in &set.items {
            for directive in selection.node.directives() {
                self.defers |= directive.node.name.node == DIRECTIVE;
                if let Some(Value::Variable(name)) =
                    directive.node.get_argument("if").map(|value| &value.node)
                    && !self.conditions.contains(name)
                {
                    self.conditions.push(name.clone());
                }
            }
            match &selection.node {
                Selection::Field(field) => self.look(&field.node.selection_set.node),
                Selection::InlineFragment(fragment) => self.look(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let found = self.fragments.get_key_value(&spread.node.fragment_name.node);
                    if let Some((_, fragment)) = found.filter(|(name, _)| self.seen.insert(name)) {
                        self.look(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
}

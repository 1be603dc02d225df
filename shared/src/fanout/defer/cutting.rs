//! Where a document is cut: its `@defer`s as the plan meets them, and which of them each field waits for.

use super::super::plan::{Condition, Merged};
use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{Directive, FragmentDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value;
use parking_lot::Mutex;
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

/// Which of the two published forms of incremental delivery is spoken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Form {
    /// `pending`, `incremental`, `completed`: what several fragments select is delivered once.
    Current,
    /// That of the draft of 2022-08-24: each fragment is delivered with all that it selects.
    Former,
}

/// One `@defer`, at one place of the plan.
#[derive(Debug)]
pub struct Usage {
    pub(super) id: u32,
    /// Where it stands in the document.
    pos: Pos,
    pub(super) label: Option<String>,
    /// The one that it stands in, if it stands in one.
    pub(super) within: Option<Arc<Usage>>,
}

/// Fragments that wait for the same fields. None: the answer that everything begins with.
pub(super) type Set = Arc<[Arc<Usage>]>;

/// Which of the sets of a [`Cutting`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct SetId(usize);

/// How a document is cut where its conditions have these values.
pub(crate) struct Cutting {
    form: Form,
    /// The boolean variables.
    given: Vec<(Name, bool)>,
    next: AtomicU32,
    sets: Mutex<Vec<Set>>,
}

/// An object's fields, by what they wait for.
pub(crate) struct Split<'d> {
    /// For no more than the object itself.
    pub here: Vec<Merged<'d>>,
    /// In the order of the document.
    pub parts: Vec<(SetId, Vec<Merged<'d>>)>,
}

impl Cutting {
    pub fn new(form: Form, given: Vec<(Name, bool)>) -> Self {
        Self { form, given, next: AtomicU32::new(0), sets: Mutex::new(vec![Arc::from([])]) }
    }

    fn boolean(&self, name: &Name) -> Option<bool> {
        self.given.iter().find(|(given, _)| given == name).map(|(_, value)| *value)
    }

    /// Whether `@skip` and `@include` let this be selected.
    pub fn selects(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().all(|directive| match directive.node.name.node.as_str() {
            "skip" => self.value(&directive.node) == Some(false),
            "include" => self.value(&directive.node) == Some(true),
            _ => true,
        })
    }

    fn value(&self, directive: &Directive) -> Option<bool> {
        match directive.get_argument("if").map(|value| &value.node) {
            Some(Value::Boolean(value)) => Some(*value),
            Some(Value::Variable(name)) => self.boolean(name),
            _ => None,
        }
    }

    /// The `@defer` among the directives of a fragment that is in effect.
    pub fn active<'d>(&self, directives: &'d [Positioned<Directive>]) -> Option<&'d Positioned<Directive>> {
        let defer = directives.iter().find(|directive| directive.node.name.node == "defer")?;
        (self.value(&defer.node) != Some(false)).then_some(defer)
    }

    /// Whether anything of this is put off at all.
    pub fn cuts(
        &self,
        set: &SelectionSet,
        fragments: &HashMap<Name, Positioned<FragmentDefinition>>,
    ) -> bool {
        let mut seen = HashSet::new();
        let mut sets = vec![set];
        while let Some(set) = sets.pop() {
            for selection in set.items.iter().map(|selection| &selection.node) {
                if !self.selects(selection.directives()) {
                    continue;
                }
                if !matches!(selection, Selection::Field(_)) && self.active(selection.directives()).is_some()
                {
                    return true;
                }
                match selection {
                    Selection::Field(field) => sets.push(&field.node.selection_set.node),
                    Selection::InlineFragment(fragment) => sets.push(&fragment.node.selection_set.node),
                    Selection::FragmentSpread(spread) => {
                        let name = &spread.node.fragment_name.node;
                        if let Some(fragment) = fragments.get(name).filter(|_| seen.insert(name)) {
                            sets.push(&fragment.node.selection_set.node);
                        }
                    }
                }
            }
        }
        false
    }

    /// Under which `@defer` of the document a spread of a fragment is.
    pub fn of_spread(&self, around: &Condition, directives: &[Positioned<Directive>]) -> Option<Pos> {
        self.active(directives)
            .map(|defer| defer.pos)
            .or_else(|| around.usage.as_ref().map(|usage| usage.pos))
    }

    /// What is in a fragment stands under its `@defer`, if it has one; that is then one of `usages`.
    pub fn deferred(
        &self,
        around: Condition,
        directives: &[Positioned<Directive>],
        usages: &mut Vec<Arc<Usage>>,
    ) -> Condition {
        let Some(defer) = self.active(directives) else { return around };
        let label = match defer.node.get_argument("label").map(|label| &label.node) {
            Some(Value::String(label)) => Some(label.clone()),
            _ => None,
        };
        let id = self.next.fetch_add(1, Relaxed);
        let usage = Arc::new(Usage { id, pos: defer.pos, label, within: around.usage.clone() });
        usages.push(usage.clone());
        around.put_off(usage)
    }

    /// Divides the fields of an object in whose plan all fields wait for `within`.
    pub fn split<'d>(&self, within: SetId, merged: Vec<Merged<'d>>) -> Split<'d> {
        let mut split = Split { here: Vec::new(), parts: Vec::new() };
        for merged in merged {
            match self.form {
                Form::Current => {
                    let set = self.number(waited_for(&merged));
                    split.put(within, set, merged);
                }
                Form::Former => {
                    for usage in usages(&merged) {
                        let set = self.number(usage.iter().cloned().collect());
                        split.put(within, set, merged.under(usage.as_ref()));
                    }
                }
            }
        }
        split
    }

    fn number(&self, set: Vec<Arc<Usage>>) -> SetId {
        let same =
            |known: &Set| known.len() == set.len() && known.iter().zip(&set).all(|(a, b)| a.id == b.id);
        let mut sets = self.sets.lock();
        let known = sets.iter().position(same);
        SetId(known.unwrap_or_else(|| {
            sets.push(set.into());
            sets.len() - 1
        }))
    }

    pub(super) fn set(&self, id: SetId) -> Set {
        self.sets.lock().get(id.0).cloned().unwrap_or_default()
    }
}

impl<'d> Split<'d> {
    fn put(&mut self, within: SetId, set: SetId, merged: Merged<'d>) {
        if set == within {
            self.here.push(merged);
            return;
        }
        match self.parts.iter_mut().find(|(known, _)| *known == set) {
            Some((_, part)) => part.push(merged),
            None => self.parts.push((set, vec![merged])),
        }
    }
}

/// The fragments that a field waits for: none, if it stands outside of any; of one that stands within another, the
/// outer. Ascending.
fn waited_for(merged: &Merged<'_>) -> Vec<Arc<Usage>> {
    let mut set: Vec<Arc<Usage>> = Vec::new();
    for (condition, _) in &merged.all {
        let Some(usage) = &condition.usage else { return Vec::new() };
        if !set.iter().any(|known| known.id == usage.id) {
            set.push(usage.clone());
        }
    }
    let outer: Vec<u32> = set.iter().map(|usage| usage.id).collect();
    set.retain(|usage| {
        let around = std::iter::successors(usage.within.as_ref(), |usage| usage.within.as_ref());
        !around.into_iter().any(|around| outer.contains(&around.id))
    });
    set.sort_unstable_by_key(|usage| usage.id);
    set
}

/// The fragments that a field stands in, each once.
fn usages(merged: &Merged<'_>) -> Vec<Option<Arc<Usage>>> {
    let mut usages: Vec<Option<Arc<Usage>>> = Vec::new();
    for (condition, _) in &merged.all {
        let known = |known: &Option<Arc<Usage>>| {
            known.as_ref().map(|usage| usage.id) == condition.usage.as_ref().map(|usage| usage.id)
        };
        if !usages.iter().any(known) {
            usages.push(condition.usage.clone());
        }
    }
    usages
}

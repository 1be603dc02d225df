//! CollectFields (§6.3.2), once for all values of variables: what is selected on an object type, fragments merged.

use super::{
    super::defer::Usage,
    Compiler,
    condition::{self, Condition, met},
};
use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{Directive, Field as DocumentField, Selection, SelectionSet},
    registry::MetaType,
};
use std::{collections::HashMap, sync::Arc};

/// A selection set as it occurs in the document, under what is around it.
pub struct Occurrence<'d> {
    /// All that must hold for it to be selected.
    pub condition: Condition,
    /// The set.
    pub set: &'d SelectionSet,
}

/// All occurrences of one response key, merged (§6.3.2).
pub struct Merged<'d> {
    /// The first occurrence: name, arguments and place are its.
    pub first: &'d Positioned<DocumentField>,
    /// Each with its condition.
    pub all: Vec<(Condition, &'d Positioned<DocumentField>)>,
    /// Where each of them stands among the object's.
    places: Vec<usize>,
}

impl<'d> Merged<'d> {
    /// The occurrences of one key, alone.
    pub(in crate::fanout) fn alone(
        first: &'d Positioned<DocumentField>,
        all: Vec<(Condition, &'d Positioned<DocumentField>)>,
    ) -> Self {
        Self { first, all, places: Vec::new() }
    }

    /// Its occurrences in this fragment alone; outside of all, if it is none.
    pub(in crate::fanout) fn under(&self, usage: Option<&Arc<Usage>>) -> Self {
        let of = |condition: &Condition| match (&condition.usage, usage) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        let all: Vec<_> = self.all.iter().filter(|(condition, _)| of(condition)).cloned().collect();
        Self { first: all.first().map_or(self.first, |(_, field)| field), places: vec![0; all.len()], all }
    }

    /// Where it may stand in the answer.
    pub fn places(&self) -> Places {
        let occurrences = self.places.iter().zip(&self.all);
        Places(
            occurrences.map(|(place, (condition, field))| (*place, field.pos, condition.clone())).collect(),
        )
    }

    /// The selection sets that merge below.
    pub fn occurrences(&self) -> Vec<Occurrence<'d>> {
        self.all
            .iter()
            .map(|(condition, field)| Occurrence {
                condition: condition.clone(),
                set: &field.node.selection_set.node,
            })
            .collect()
    }

    /// The key in the response.
    pub fn key(&self) -> &'d Name {
        &self.first.node.response_key().node
    }

    /// Any of these must hold; none: always selected.
    pub fn conditions(&self) -> Vec<Condition> {
        if self.all.iter().any(|(condition, _)| condition.is_empty()) {
            return Vec::new();
        }
        self.all.iter().map(|(condition, _)| condition.clone()).collect()
    }
}

/// The places of a key among its object's fields, each under its condition. The first that holds counts (§6.3.2).
#[derive(Clone)]
pub struct Places(Vec<(usize, Pos, Condition)>);

impl Places {
    /// Not always the first one counts: the order of the answer's keys hangs on variables.
    pub fn vary(&self) -> bool {
        self.0.len() > 1 && self.0.first().is_some_and(|(.., condition)| !condition.is_empty())
    }

    /// The one that counts, and where that stands in the document. None: not selected.
    pub fn first(&self, variable: impl Fn(&Name) -> Option<bool>) -> Option<(usize, Pos)> {
        let mut places = self.0.iter();
        places.find(|(.., condition)| met(condition, &variable)).map(|(place, pos, _)| (*place, *pos))
    }
}

/// What is selected on an object type.
pub struct Collected<'d> {
    /// By response key, in the order of their first occurrence.
    pub merged: Vec<Merged<'d>>,
    /// The `@defer`s that were met, outer ones first.
    pub(crate) usages: Vec<Arc<Usage>>,
}

/// Fields by response key, in the order of their first occurrence.
#[derive(Default)]
struct Fields<'d> {
    merged: Vec<Merged<'d>>,
    usages: Vec<Arc<Usage>>,
    /// The fragments that were spread, and under which `@defer`, where the document is cut.
    spread: Vec<(&'d Name, Option<Pos>)>,
    at: HashMap<&'d str, usize>,
    count: usize,
}

impl<'d> Fields<'d> {
    /// Whether a fragment brings anything here that it did not bring before.
    fn spreads(&mut self, name: &'d Name, defer: Option<Pos>) -> bool {
        let known = |(known, at): &(&Name, Option<Pos>)| *known == name && (at.is_none() || *at == defer);
        if self.spread.iter().any(known) {
            return false;
        }
        self.spread.push((name, defer));
        true
    }

    fn add(&mut self, condition: Condition, field: &'d Positioned<DocumentField>) {
        let key = field.node.response_key().node.as_str();
        match self.at.get(key).and_then(|at| self.merged.get_mut(*at)) {
            Some(merged) => {
                merged.all.push((condition, field));
                merged.places.push(self.count);
            }
            None => {
                self.at.insert(key, self.merged.len());
                self.merged.push(Merged {
                    first: field,
                    all: vec![(condition, field)],
                    places: vec![self.count],
                });
            }
        }
        self.count += 1;
    }
}

impl<'d> Compiler<'d> {
    /// Merges what is selected on the object type `object` (CollectFields, §6.3.2).
    pub fn collect(&self, object: &str, occurrences: &[Occurrence<'d>]) -> Collected<'d> {
        let mut fields = Fields::default();
        for occurrence in occurrences {
            self.collect_set(object, &occurrence.condition, occurrence.set, &mut fields);
        }
        Collected { merged: fields.merged, usages: fields.usages }
    }

    fn collect_set(&self, object: &str, around: &Condition, set: &'d SelectionSet, fields: &mut Fields<'d>) {
        for selection in &set.items {
            let Some(condition) = self.narrowed(around, selection.node.directives()) else { continue };
            let (on, below) = match &selection.node {
                Selection::Field(field) => {
                    fields.add(condition, field);
                    continue;
                }
                Selection::InlineFragment(fragment) => (
                    fragment.node.type_condition.as_ref().map(|on| &on.node.on.node),
                    &fragment.node.selection_set.node,
                ),
                Selection::FragmentSpread(spread) => {
                    let Some((name, fragment)) =
                        self.fragments.get_key_value(&spread.node.fragment_name.node)
                    else {
                        continue;
                    };
                    if let Some(cutting) = self.cutting
                        && !fields.spreads(name, cutting.of_spread(around, &spread.node.directives))
                    {
                        continue;
                    }
                    (Some(&fragment.node.type_condition.node.on.node), &fragment.node.selection_set.node)
                }
            };
            if on.is_none_or(|on| self.applies(object, on)) {
                let condition = match self.cutting {
                    Some(cutting) => {
                        cutting.deferred(condition, selection.node.directives(), &mut fields.usages)
                    }
                    None => condition,
                };
                self.collect_set(object, &condition, below, fields);
            }
        }
    }

    fn narrowed(&self, around: &Condition, directives: &[Positioned<Directive>]) -> Option<Condition> {
        match self.cutting {
            Some(cutting) => cutting.selects(directives).then(|| around.clone()),
            None => condition::narrowed(around, directives),
        }
    }

    /// DoesFragmentTypeApply (§6.3.2).
    fn applies(&self, object: &str, on: &str) -> bool {
        object == on
            || match self.registry.types.get(on) {
                Some(MetaType::Interface { possible_types, .. } | MetaType::Union { possible_types, .. }) => {
                    possible_types.contains(object)
                }
                _ => false,
            }
    }
}

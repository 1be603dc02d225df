//! Which versions an operation tells apart.

use super::Gates;
use crate::{
    fanout::{View, named},
    graphql::clients::Version,
};
use async_graphql::{
    Name, Positioned,
    parser::types::{FragmentDefinition, Selection, SelectionSet},
    registry::{MetaType, Registry},
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// The versions since which anything is there that is selected on this root type, ascending, each with what older ones see.
pub fn touched<'g>(
    gates: &'g Gates,
    registry: &Registry,
    fragments: &Fragments,
    root: &str,
    set: &SelectionSet,
) -> Vec<(Version, &'g Arc<View>)> {
    let mut touched =
        Touched { gates, registry, fragments, spread: HashSet::new(), versions: BTreeSet::new() };
    touched.look(root, set);
    let Touched { versions, .. } = touched;
    gates
        .views
        .iter()
        .filter(|(version, _)| versions.contains(version))
        .map(|(at, view)| (*at, view))
        .collect()
}

/// One walk, each fragment looked at once.
struct Touched<'a> {
    gates: &'a Gates,
    registry: &'a Registry,
    fragments: &'a Fragments,
    spread: HashSet<&'a Name>,
    versions: BTreeSet<Version>,
}

impl<'a> Touched<'a> {
    fn look(&mut self, ty: &str, set: &SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let name = field.node.name.node.as_str();
                    let Some(of) = self.field(ty, name) else { continue };
                    self.look(&of, &field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                    self.look(on.unwrap_or(ty), &fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let found = self.fragments.get_key_value(&spread.node.fragment_name.node);
                    let Some((name, fragment)) = found else { continue };
                    if self.spread.insert(name) {
                        let on = &fragment.node.type_condition.node.on.node;
                        self.look(on, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    /// Notes what is gated of a field, and tells the type of its values.
    fn field(&mut self, ty: &str, field: &str) -> Option<String> {
        let declared = self.registry.types.get(ty)?;
        if let MetaType::Interface { possible_types, .. } = declared {
            // Of all members the same, or there is no start.
            let gate = possible_types.first().and_then(|member| self.gates.field(member, field));
            self.versions.extend(gate.map(|gate| gate.since));
        }
        self.versions.extend(self.gates.field(ty, field).map(|gate| gate.since));
        let of = named(&declared.field_by_name(field)?.ty).to_owned();
        let values = self.gates.values.get(&of).into_iter().flatten();
        self.versions.extend(values.map(|(_, gate)| gate.since));
        Some(of)
    }
}

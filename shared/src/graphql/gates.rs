//! What of the schema an application has to be new enough for: fields and enums' values that are there since a version
//! ([`Since`]), so that an old one never meets what it cannot decode.
//!
//! They are collected once, at the start, into one view of the schema for each version that something is there since. An
//! operation that selects anything of it is prepared once more for each such version: who is older runs that one, which is
//! an operation of its own wherever answers are shared or kept. Any other operation knows nothing of this.

mod fitting;
mod since;
mod touched;

pub use self::since::Since;
pub(super) use self::touched::touched;
use self::{
    fitting::{unfit, unfit_value},
    since::Gate,
};
use super::clients::Version;
use crate::fanout::{Renaming, View, named};
use async_graphql::{
    Value,
    registry::{MetaType, Registry},
};
use bytes::Bytes;
use rustc_hash::FxHashMap;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// All gates of a schema.
#[derive(Default)]
pub(super) struct Gates {
    /// By object type and field.
    fields: BTreeMap<String, BTreeMap<String, Gate>>,
    /// By enum and value.
    values: BTreeMap<String, BTreeMap<String, Gate>>,
    /// What versions below each see.
    views: BTreeMap<Version, Arc<View>>,
}

impl Gates {
    /// Of a schema; None, if it has none.
    ///
    /// # Errors
    /// Each gate that cannot hold, and what to do.
    pub fn of(registry: &Registry) -> Result<Option<Arc<Self>>, String> {
        let mut gates = Self::default();
        let mut problems = Vec::new();
        for ty in registry.types.values() {
            gates.collect(registry, ty, &mut problems);
        }
        if gates.fields.is_empty() && gates.values.is_empty() && problems.is_empty() {
            return Ok(None);
        }
        problems.extend(gates.problems(registry));
        if !problems.is_empty() {
            return Err(problems.join("\n"));
        }
        let all = gates.fields.values().chain(gates.values.values());
        let versions: BTreeSet<_> = all.flat_map(BTreeMap::values).map(|gate| gate.since).collect();
        let view = |version| (version, Arc::new(gates.view(registry, version)));
        let views = versions.into_iter().map(view).collect();
        Ok(Some(Arc::new(Self { views, ..gates })))
    }

    fn collect(&mut self, registry: &Registry, ty: &MetaType, problems: &mut Vec<String>) {
        let root = |name: &str| {
            [&registry.mutation_type, &registry.subscription_type]
                .into_iter()
                .flatten()
                .any(|root| root == name)
        };
        match ty {
            MetaType::Object { name, fields, .. } => {
                for field in fields.values() {
                    let place = format!("{name}.{}", field.name);
                    let Some(gate) = Gate::read(&place, &field.directive_invocations, problems) else {
                        continue;
                    };
                    if root(name) {
                        problems.push(format!(
                            "`{place}` cannot be @since a version: nothing stands for a change that is not made, or for \
                             events; gate fields of what it answers"
                        ));
                        continue;
                    }
                    self.fields.entry(name.clone()).or_default().insert(field.name.clone(), gate);
                }
            }
            MetaType::Enum { name, enum_values, .. } => {
                for value in enum_values.values() {
                    let place = format!("{name}.{}", value.name);
                    if let Some(gate) = Gate::read(&place, &value.directive_invocations, problems) {
                        self.values.entry(name.clone()).or_default().insert(value.name.clone(), gate);
                    }
                }
            }
            _ => {}
        }
    }

    fn problems(&self, registry: &Registry) -> Vec<String> {
        let mut problems = Vec::new();
        for (ty, values) in &self.values {
            for (value, gate) in values {
                if let Some(problem) = unfit_value(self, registry, ty, gate) {
                    problems.push(format!(
                        "`{ty}.{value}` is @since(version: \"{}\"), and {problem}",
                        gate.version
                    ));
                }
            }
        }
        for (ty, fields) in &self.fields {
            for (field, gate) in fields {
                let declared = registry.types.get(ty).and_then(|object| object.field_by_name(field));
                let Some(declared) = declared else { continue };
                if let Some(problem) = unfit(self, registry, &declared.ty, gate) {
                    problems.push(format!(
                        "`{ty}.{field}: {}` is @since(version: \"{}\"), and {problem}",
                        declared.ty, gate.version
                    ));
                }
            }
        }
        for interface in registry.types.values() {
            let MetaType::Interface { name, fields, possible_types, .. } = interface else { continue };
            for field in fields.keys() {
                let mut gates = possible_types.iter().map(|member| self.field(member, field));
                let first = gates.next().flatten();
                if gates.any(|gate| gate != first) {
                    problems.push(format!(
                        "`{name}.{field}` is not @since the same version, with the same fallback, in all of {}; say the same \
                         of each, since who asks for `{name}` cannot tell which it is",
                        possible_types.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
                    ));
                }
            }
        }
        problems
    }

    /// Of a field, if there is one.
    fn field(&self, object: &str, field: &str) -> Option<&Gate> {
        self.fields.get(object)?.get(field)
    }

    /// Of a value, if there is one.
    fn value(&self, ty: &str, value: &str) -> Option<&Gate> {
        self.values.get(ty)?.get(value)
    }

    /// What versions below this one see.
    fn view(&self, registry: &Registry, version: Version) -> View {
        let renaming = |ty: &String| {
            let values = self.values.get(ty)?;
            let newer = values.iter().filter(|(_, gate)| gate.since >= version);
            let names = newer.map(|(value, _)| (value.clone(), self.seen(ty, value, version).to_owned()));
            Some(Arc::new(Renaming(names.collect())))
        };
        let renamed: FxHashMap<_, _> =
            self.values.keys().filter_map(|ty| Some((ty.clone(), renaming(ty)?))).collect();
        let hidden = |(ty, fields): (&String, &BTreeMap<String, Gate>)| {
            let newer = fields.iter().filter(|(_, gate)| gate.since >= version);
            let texts = newer.map(|(field, gate)| {
                let declared = registry.types.get(ty).and_then(|object| object.field_by_name(field));
                let of = declared.map_or("", |declared| named(&declared.ty));
                (field.clone(), text(&gate.fallback, renamed.get(of).map(|renaming| &**renaming)))
            });
            (ty.clone(), texts.collect())
        };
        View { hidden: self.fields.iter().map(hidden).collect(), renamed }
    }

    /// The value that stands for this one below a version. Fallbacks are older than what they stand for, so this ends.
    fn seen<'g>(&'g self, ty: &str, value: &'g str, version: Version) -> &'g str {
        match self.value(ty, value) {
            Some(Gate { since, fallback: Value::Enum(fallback), .. }) if *since >= version => {
                self.seen(ty, fallback, version)
            }
            _ => value,
        }
    }
}

/// A fallback as JSON.
fn text(fallback: &Value, renaming: Option<&Renaming>) -> Bytes {
    let mut text = serde_json::to_vec(fallback).unwrap_or_else(|_| b"null".to_vec());
    if let Some(renaming) = renaming {
        renaming.rename(&mut text, 0);
    }
    text.into()
}

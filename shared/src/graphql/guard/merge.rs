//! Which fields meet under one key of an object, and whether they are the same (FieldsInSetCanMerge, §5.3.2).
//!
//! Validation does this again, and better; but where it is applied to fields of interfaces it may look at more groups of
//! fields than the document has selections, by orders. Here the same groups are formed within a budget. And lists of
//! different lengths are different arguments, which validation overlooks.

use super::{Fragments, exceeded, fragments, refused, steps};
use crate::{
    fanout::{Code, Fault},
    graphql::document::{Place, Refusal},
};
use apollo_compiler::{Name, Node, Schema, ast, schema::ExtendedType, validation::Valid};
use std::collections::{HashMap, HashSet, VecDeque};

/// # Errors
/// The budget is spent.
pub fn conflict<'d>(
    schema: &'d Valid<Schema>,
    document: &'d ast::Document,
    budget: u64,
    place: &mut Place<'d>,
) -> Result<Option<Refusal>, Refusal> {
    let mut merge =
        Merge { schema, fragments: fragments(document), seen: HashSet::new(), left: budget, conflict: None };
    for definition in &document.definitions {
        let ast::Definition::OperationDefinition(operation) = definition else { continue };
        let root = schema.root_operation(operation.operation_type).map(|name| name.as_str());
        let merged = merge.spread_out([(root, operation.selection_set.as_slice())].into());
        merged.and_then(|fields| merge.check(fields)).map_err(|Spent| {
            refused(exceeded(
                Code::SelectionLimitExceeded,
                "The document selects too many fields under the same keys.".to_owned(),
                "Use fewer fragments on interfaces in each other",
            ))
        })?;
    }
    Ok(merge.conflict.map(|(field, why)| {
        let key = field.response_name();
        let message = format!(
            "Fields \"{key}\" conflict because {why}. Use different aliases on the fields to fetch both if this was \
             intentional."
        );
        let at = place.of(field.alias.as_ref().unwrap_or(&field.name));
        Refusal { fault: Fault::new(Code::GraphqlValidationFailed, message), at }
    }))
}

/// Nothing is left of the budget.
struct Spent;

struct Merge<'d> {
    schema: &'d Valid<Schema>,
    fragments: Fragments<'d>,
    /// Groups by their fields' addresses: each is looked at once.
    seen: HashSet<Vec<*const ast::Field>>,
    left: u64,
    conflict: Option<(&'d ast::Field, String)>,
}

/// A field and the type that it is selected on.
type Selected<'d> = (Option<&'d str>, &'d ast::Field);
type Sets<'d> = VecDeque<(Option<&'d str>, &'d [ast::Selection])>;

impl<'d> Merge<'d> {
    /// All fields of these sets, fragments spread out, each fragment once.
    fn spread_out(&mut self, mut sets: Sets<'d>) -> Result<Vec<Selected<'d>>, Spent> {
        let mut fields = Vec::new();
        let mut spread = HashSet::new();
        while let Some((ty, set)) = sets.pop_front() {
            self.left = self.left.checked_sub(set.len() as u64).ok_or(Spent)?;
            steps::take(1 + set.len());
            for selection in set {
                match selection {
                    ast::Selection::Field(field) => fields.push((ty, field.as_ref())),
                    ast::Selection::InlineFragment(fragment) => {
                        let on = fragment.type_condition.as_ref().map(|on| on.as_str()).or(ty);
                        sets.push_back((on, &fragment.selection_set));
                    }
                    ast::Selection::FragmentSpread(fragment) => {
                        let name = fragment.fragment_name.as_str();
                        if let Some(fragment) = self.fragments.get(name).filter(|_| spread.insert(name)) {
                            sets.push_back((Some(&fragment.type_condition), &fragment.selection_set));
                        }
                    }
                }
            }
        }
        Ok(fields)
    }

    fn check(&mut self, fields: Vec<Selected<'d>>) -> Result<(), Spent> {
        if !self.seen.insert(fields.iter().map(|(_, field)| std::ptr::from_ref(*field)).collect()) {
            return Ok(());
        }
        for group in by_key(fields) {
            for group in self.by_parent(group)? {
                let Some(((_, first), others)) = group.split_first() else { continue };
                for (_, other) in others {
                    if self.conflict.is_none() {
                        self.conflict = difference(first, other).map(|why| (*other, why));
                    }
                }
                let sets: Sets<'d> = group
                    .iter()
                    .filter(|(_, field)| !field.selection_set.is_empty())
                    .map(|(parent, field)| (self.type_below(*parent, field), field.selection_set.as_slice()))
                    .collect();
                if !sets.is_empty() {
                    let fields = self.spread_out(sets)?;
                    self.check(fields)?;
                }
            }
        }
        Ok(())
    }

    fn type_below(&self, parent: Option<&str>, field: &ast::Field) -> Option<&'d str> {
        let definition = self.schema.type_field(parent?, &field.name).ok()?;
        Some(definition.ty.inner_named_type().as_str())
    }

    /// Those that may be of one object: what is selected on an interface may be any object's.
    fn by_parent(&mut self, group: Vec<Selected<'d>>) -> Result<Vec<Vec<Selected<'d>>>, Spent> {
        let (mut objects, mut others) = (Vec::<(&str, Vec<Selected<'d>>)>::new(), Vec::new());
        let mut at = HashMap::new();
        for selected in group {
            match selected.0.and_then(|parent| self.schema.types.get(parent)) {
                Some(ExtendedType::Object(object)) => {
                    let name = object.name.as_str();
                    let at = *at.entry(name).or_insert_with(|| {
                        objects.push((name, Vec::new()));
                        objects.len() - 1
                    });
                    if let Some((_, fields)) = objects.get_mut(at) {
                        fields.push(selected);
                    }
                }
                _ => others.push(selected),
            }
        }
        if objects.is_empty() {
            return Ok(vec![others]);
        }
        steps::take(objects.len() * (1 + others.len()));
        let copies = (objects.len() as u64).saturating_mul(others.len() as u64);
        self.left = self.left.checked_sub(copies).ok_or(Spent)?;
        let groups = objects.into_iter().map(|(_, mut fields)| {
            fields.extend(&others);
            fields
        });
        Ok(groups.collect())
    }
}

fn by_key(fields: Vec<Selected<'_>>) -> Vec<Vec<Selected<'_>>> {
    let mut groups = Vec::<Vec<_>>::new();
    let mut at = HashMap::new();
    for selected in fields {
        let at = *at.entry(selected.1.response_name().as_str()).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            group.push(selected);
        }
    }
    groups
}

fn difference(one: &ast::Field, other: &ast::Field) -> Option<String> {
    if one.name != other.name {
        return Some(format!("\"{}\" and \"{}\" are different fields", one.name, other.name));
    }
    (one.arguments.len() != other.arguments.len() || !same_named(arguments(one), arguments(other)))
        .then(|| "they have differing arguments".to_owned())
}

fn arguments(field: &ast::Field) -> Vec<Named<'_>> {
    field.arguments.iter().map(|argument| (argument.name.as_str(), &argument.value)).collect()
}

fn fields(object: &[(Name, Node<ast::Value>)]) -> Vec<Named<'_>> {
    object.iter().map(|(name, value)| (name.as_str(), value)).collect()
}

type Named<'d> = (&'d str, &'d Node<ast::Value>);

/// Whether the same values stand under the same names, in whatever order; there are as many of these as of those.
fn same_named(mut one: Vec<Named<'_>>, mut other: Vec<Named<'_>>) -> bool {
    steps::take(one.len());
    // Mostly they are written alike.
    if !one.iter().zip(&other).all(|((name, _), (same, _))| name == same) {
        one.sort_by_key(|(name, _)| *name);
        other.sort_by_key(|(name, _)| *name);
    }
    let mut pairs = one.iter().zip(&other);
    pairs.all(|((name, value), (same_name, same))| name == same_name && same_value(value, same))
}

fn same_value(one: &Node<ast::Value>, other: &Node<ast::Value>) -> bool {
    steps::take(1);
    match (one.as_ref(), other.as_ref()) {
        (ast::Value::List(one), ast::Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_value(one, other))
        }
        (ast::Value::Object(one), ast::Value::Object(other)) => {
            one.len() == other.len() && same_named(fields(one), fields(other))
        }
        (one, other) => one == other,
    }
}

//! Rules of validation that apollo-compiler leaves out, judged as graphql-js does.
//!
//! Variables inside of lists and input objects fit where they stand (§5.8.5), exist inside of custom scalars (§5.8.3), and
//! a default of null is none; an input object of `@oneOf` has exactly one field, not null (§5.6.5).

use super::{Refusal, place::Place};
use crate::fanout::{Code, Fault};
use apollo_compiler::{
    Name, Node, Schema,
    ast::{self, Type, Value},
    schema::{ExtendedType, InputObjectType},
    validation::Valid,
};
use std::collections::{HashMap, HashSet};

/// The refusals of a document that passed everything else.
pub fn refusals(schema: &Valid<Schema>, document: &ast::Document, place: &mut Place<'_>) -> Vec<Refusal> {
    let mut rules = Rules { schema, place, refusals: Vec::new() };
    let fragments: HashMap<&str, Definition<'_>> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            ast::Definition::FragmentDefinition(fragment) => {
                let mut found = Definition::default();
                rules.directives(&fragment.directives, &mut found);
                rules.set(Some(fragment.type_condition.as_str()), &fragment.selection_set, &mut found);
                Some((fragment.name.as_str(), found))
            }
            _ => None,
        })
        .collect();
    for definition in &document.definitions {
        let ast::Definition::OperationDefinition(operation) = definition else { continue };
        let mut found = Definition::default();
        for variable in &operation.variables {
            if let Some(default) = &variable.default_value {
                rules.value(default, Where::of(&variable.ty), &mut Definition::default());
            }
        }
        rules.directives(&operation.directives, &mut found);
        let root = schema.root_operation(operation.operation_type).map(|name| name.as_str());
        rules.set(root, &operation.selection_set, &mut found);
        let mut reached = HashSet::new();
        let mut open = vec![&found];
        while let Some(definition) = open.pop() {
            for usage in &definition.usages {
                rules.usage(operation, usage);
            }
            let spreads = definition.spreads.iter().filter(|name| reached.insert(**name));
            open.extend(spreads.filter_map(|name| fragments.get(name)));
        }
    }
    rules.refusals
}

/// What an operation or a fragment has of its own.
#[derive(Default)]
struct Definition<'d> {
    usages: Vec<Usage<'d>>,
    spreads: Vec<&'d str>,
}

/// A variable where it stands.
struct Usage<'d> {
    variable: &'d Name,
    at: Where<'d>,
}

/// A place for a value.
#[derive(Clone, Copy, Default)]
struct Where<'d> {
    /// None: anything fits.
    ty: Option<&'d Type>,
    /// Something else stands there if nothing is given.
    has_default: bool,
    /// The one field of an input object of which there is just one.
    of_one: Option<&'d Name>,
}

impl<'d> Where<'d> {
    fn of(ty: &'d Type) -> Self {
        Self { ty: Some(ty), ..Self::default() }
    }

    fn defined(definition: &'d ast::InputValueDefinition) -> Self {
        let has_default = definition.default_value.as_ref().is_some_and(|default| !default.is_null());
        Self { has_default, ..Self::of(&definition.ty) }
    }
}

struct Rules<'d, 'p, 't> {
    schema: &'d Valid<Schema>,
    place: &'p mut Place<'t>,
    refusals: Vec<Refusal>,
}

/// An object of which exactly one field is given.
pub fn is_one_of(object: &InputObjectType) -> bool {
    object.directives.has("oneOf")
}

impl<'d> Rules<'d, '_, '_> {
    fn refuse(&mut self, message: String, at: Option<&Name>) {
        // The first alone says enough; twenty are told of all.
        if self.refusals.len() < 20 {
            let at = at.and_then(|name| self.place.of(name));
            self.refusals.push(Refusal { fault: Fault::new(Code::GraphqlValidationFailed, message), at });
        }
    }

    fn set(&mut self, ty: Option<&'d str>, selections: &'d [ast::Selection], found: &mut Definition<'d>) {
        for selection in selections {
            match selection {
                ast::Selection::Field(field) => {
                    let definition = ty.and_then(|ty| self.schema.type_field(ty, &field.name).ok());
                    let known =
                        definition.map(|definition| definition.arguments.as_slice()).unwrap_or_default();
                    self.arguments(&field.arguments, known, found);
                    self.directives(&field.directives, found);
                    let below = definition.map(|definition| definition.ty.inner_named_type().as_str());
                    self.set(below, &field.selection_set, found);
                }
                ast::Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.directives, found);
                    let on = fragment.type_condition.as_ref().map(|on| on.as_str()).or(ty);
                    self.set(on, &fragment.selection_set, found);
                }
                ast::Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives, found);
                    found.spreads.push(&spread.fragment_name);
                }
            }
        }
    }

    fn directives(&mut self, directives: &'d ast::DirectiveList, found: &mut Definition<'d>) {
        let schema = self.schema;
        for directive in directives.iter() {
            let known = schema.directive_definitions.get(&directive.name);
            let known = known.map(|known| known.arguments.as_slice()).unwrap_or_default();
            self.arguments(&directive.arguments, known, found);
        }
    }

    fn arguments(
        &mut self,
        arguments: &'d [Node<ast::Argument>],
        known: &'d [Node<ast::InputValueDefinition>],
        found: &mut Definition<'d>,
    ) {
        for argument in arguments {
            let definition = known.iter().find(|known| known.name == argument.name);
            let at = definition.map(|definition| Where::defined(definition)).unwrap_or_default();
            self.value(&argument.value, at, found);
        }
    }

    fn value(&mut self, value: &'d Value, at: Where<'d>, found: &mut Definition<'d>) {
        match value {
            Value::Variable(variable) => found.usages.push(Usage { variable, at }),
            Value::List(items) => {
                let item = at.ty.filter(|ty| ty.is_list()).map(|ty| Where::of(ty.item_type()));
                items.iter().for_each(|value| self.value(value, item.unwrap_or_default(), found));
            }
            Value::Object(fields) => {
                let named = at.ty.and_then(|ty| self.schema.types.get(ty.inner_named_type()));
                let object = match named {
                    Some(ExtendedType::InputObject(object)) => Some(object.as_ref()),
                    _ => None,
                };
                if let Some(object) = object.filter(|object| is_one_of(object)) {
                    self.one_of(object, fields);
                }
                for (at, (name, value)) in fields.iter().enumerate() {
                    if fields.iter().take(at).any(|(before, _)| before == name) {
                        self.refuse(
                            format!("There can be only one input field named \"{name}\"."),
                            Some(name),
                        );
                    }
                    let definition = object.and_then(|object| object.fields.get(name));
                    let mut at = definition.map(|definition| Where::defined(definition)).unwrap_or_default();
                    at.of_one = object.filter(|object| is_one_of(object)).map(|object| &object.name);
                    self.value(value, at, found);
                }
            }
            _ => {}
        }
    }

    fn one_of(&mut self, object: &InputObjectType, fields: &[(Name, Node<Value>)]) {
        let at = fields.first().map(|(name, _)| name);
        match fields {
            [(name, value)] if value.is_null() => {
                self.refuse(format!("Field \"{}.{name}\" must be non-null.", object.name), at);
            }
            [_] => {}
            _ => {
                let message = format!("OneOf Input Object \"{}\" must specify exactly one key.", object.name);
                self.refuse(message, at);
            }
        }
    }

    fn usage(&mut self, operation: &ast::OperationDefinition, usage: &Usage<'d>) {
        let Usage { variable, at } = usage;
        let Some(definition) = operation.variables.iter().find(|known| known.name == **variable) else {
            let within = operation.name.as_ref().map(|name| format!(" by operation \"{name}\""));
            let message = format!("Variable \"${variable}\" is not defined{}.", within.unwrap_or_default());
            return self.refuse(message, Some(variable));
        };
        if let Some(object) = at.of_one.filter(|_| !definition.ty.is_non_null()) {
            let message = format!(
                "Variable \"${variable}\" must be non-nullable to be used for OneOf Input Object \"{object}\"."
            );
            return self.refuse(message, Some(variable));
        }
        let Some(ty) = at.ty else { return };
        let has_value = definition.default_value.as_ref().is_some_and(|default| !default.is_null());
        let fits = if ty.is_non_null() && !definition.ty.is_non_null() {
            (has_value || at.has_default) && definition.ty.is_assignable_to(&ty.clone().nullable())
        } else {
            definition.ty.is_assignable_to(ty)
        };
        if !fits {
            let message = format!(
                "Variable \"${variable}\" of type \"{}\" used in position expecting type \"{ty}\".",
                definition.ty
            );
            self.refuse(message, Some(variable));
        }
    }
}

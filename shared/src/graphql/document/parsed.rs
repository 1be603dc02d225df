//! A valid document as async-graphql and the plans know it.

use super::place::Place;
use apollo_compiler::{Node, ast};
use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{
        Directive, Field, FragmentDefinition, FragmentSpread, InlineFragment, OperationDefinition,
        OperationType, Selection, SelectionSet, Type, TypeCondition, VariableDefinition,
    },
};
use async_graphql_value::{Number, Value};
use std::collections::HashMap;

/// Operations in the order of the document, and fragments.
#[derive(Default)]
pub struct Parsed {
    pub operations: Vec<(Option<String>, Positioned<OperationDefinition>)>,
    pub fragments: HashMap<Name, Positioned<FragmentDefinition>>,
}

impl Parsed {
    pub fn of(document: &ast::Document, place: &mut Place<'_>) -> Self {
        let mut parsed = Self::default();
        let mut walk = Walk { place };
        for definition in &document.definitions {
            match definition {
                ast::Definition::OperationDefinition(operation) => {
                    let name = operation.name.as_ref().map(ToString::to_string);
                    parsed.operations.push((name, walk.operation(operation)));
                }
                ast::Definition::FragmentDefinition(fragment) => {
                    let (name, fragment) = (Name::new(&fragment.name), walk.fragment(fragment));
                    parsed.fragments.insert(name, fragment);
                }
                // Types were refused.
                _ => {}
            }
        }
        parsed
    }
}

struct Walk<'w, 't> {
    place: &'w mut Place<'t>,
}

impl Walk<'_, '_> {
    fn operation(&mut self, operation: &ast::OperationDefinition) -> Positioned<OperationDefinition> {
        let ty = match operation.operation_type {
            ast::OperationType::Query => OperationType::Query,
            ast::OperationType::Mutation => OperationType::Mutation,
            ast::OperationType::Subscription => OperationType::Subscription,
        };
        let pos = operation.name.as_ref().map_or(Pos { line: 1, column: 1 }, |name| self.place.pos_of(name));
        let variable_definitions =
            operation.variables.iter().filter_map(|variable| self.variable(variable)).collect();
        let directives = self.directives(&operation.directives);
        let selection_set = self.set(&operation.selection_set);
        Positioned::new(OperationDefinition { ty, variable_definitions, directives, selection_set }, pos)
    }

    /// Without its default: values are coerced before anything runs.
    fn variable(&mut self, variable: &ast::VariableDefinition) -> Option<Positioned<VariableDefinition>> {
        let name = self.name(&variable.name);
        let pos = name.pos;
        let var_type = Positioned::new(Type::new(&variable.ty.to_string())?, pos);
        let definition = VariableDefinition { name, var_type, directives: Vec::new(), default_value: None };
        Some(Positioned::new(definition, pos))
    }

    fn fragment(&mut self, fragment: &ast::FragmentDefinition) -> Positioned<FragmentDefinition> {
        let pos = self.place.pos_of(&fragment.name);
        let type_condition = self.condition(&fragment.type_condition);
        let directives = self.directives(&fragment.directives);
        let selection_set = self.set(&fragment.selection_set);
        Positioned::new(FragmentDefinition { type_condition, directives, selection_set }, pos)
    }

    fn condition(&mut self, on: &ast::NamedType) -> Positioned<TypeCondition> {
        let on = self.name(on);
        let pos = on.pos;
        Positioned::new(TypeCondition { on }, pos)
    }

    fn set(&mut self, selections: &[ast::Selection]) -> Positioned<SelectionSet> {
        let items: Vec<_> = selections.iter().map(|selection| self.selection(selection)).collect();
        let pos = items.first().map_or_else(Pos::default, |first| first.pos);
        Positioned::new(SelectionSet { items }, pos)
    }

    fn selection(&mut self, selection: &ast::Selection) -> Positioned<Selection> {
        match selection {
            ast::Selection::Field(field) => {
                let field = self.field(field);
                let pos = field.pos;
                Positioned::new(Selection::Field(field), pos)
            }
            ast::Selection::InlineFragment(fragment) => {
                let type_condition = fragment.type_condition.as_ref().map(|on| self.condition(on));
                let directives = self.directives(&fragment.directives);
                let selection_set = self.set(&fragment.selection_set);
                let pos = type_condition.as_ref().map_or(selection_set.pos, |on| on.pos);
                let fragment = InlineFragment { type_condition, directives, selection_set };
                Positioned::new(Selection::InlineFragment(Positioned::new(fragment, pos)), pos)
            }
            ast::Selection::FragmentSpread(spread) => {
                let fragment_name = self.name(&spread.fragment_name);
                let pos = fragment_name.pos;
                let directives = self.directives(&spread.directives);
                let spread = FragmentSpread { fragment_name, directives };
                Positioned::new(Selection::FragmentSpread(Positioned::new(spread, pos)), pos)
            }
        }
    }

    /// An error of a field is at its alias, if it has one.
    fn field(&mut self, field: &ast::Field) -> Positioned<Field> {
        let alias = field.alias.as_ref().map(|alias| self.name(alias));
        let name = self.name(&field.name);
        let pos = alias.as_ref().unwrap_or(&name).pos;
        let arguments = self.arguments(&field.arguments);
        let directives = self.directives(&field.directives);
        let selection_set = self.set(&field.selection_set);
        Positioned::new(Field { alias, name, arguments, directives, selection_set }, pos)
    }

    fn directives(&mut self, directives: &ast::DirectiveList) -> Vec<Positioned<Directive>> {
        let directive = |directive: &Node<ast::Directive>| {
            let name = self.name(&directive.name);
            let pos = name.pos;
            Positioned::new(Directive { name, arguments: self.arguments(&directive.arguments) }, pos)
        };
        directives.iter().map(directive).collect()
    }

    fn arguments(&mut self, arguments: &[Node<ast::Argument>]) -> Vec<(Positioned<Name>, Positioned<Value>)> {
        let argument = |argument: &Node<ast::Argument>| {
            let name = self.name(&argument.name);
            let value = Positioned::new(value(&argument.value), name.pos);
            (name, value)
        };
        arguments.iter().map(argument).collect()
    }

    fn name(&mut self, name: &apollo_compiler::Name) -> Positioned<Name> {
        Positioned::new(Name::new(name), self.place.pos_of(name))
    }
}

/// A value as async-graphql has it.
fn value(of: &ast::Value) -> Value {
    match of {
        ast::Value::Null => Value::Null,
        ast::Value::Enum(name) => Value::Enum(Name::new(name)),
        ast::Value::Variable(name) => Value::Variable(Name::new(name)),
        ast::Value::String(text) => Value::String(text.clone()),
        ast::Value::Boolean(boolean) => Value::Boolean(*boolean),
        ast::Value::Int(int) => {
            number(int.as_str()).map_or_else(|| Value::String(int.as_str().to_owned()), Value::Number)
        }
        ast::Value::Float(float) => {
            number(float.as_str()).map_or_else(|| Value::String(float.as_str().to_owned()), Value::Number)
        }
        ast::Value::List(items) => Value::List(items.iter().map(|item| value(item)).collect()),
        ast::Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, field)| (Name::new(name), value(field))).collect())
        }
    }
}

/// None: it is beyond all numbers, which only a team's own scalar lets through validation.
fn number(text: &str) -> Option<Number> {
    text.parse().ok()
}

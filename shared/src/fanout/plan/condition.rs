//! What stands around a selection: `@skip` and `@include` as terms over variables, and `@defer`.

use super::super::defer::Usage;
use async_graphql::{Name, Positioned, parser::types::Directive};
use async_graphql_value::Value;
use std::sync::Arc;

/// A boolean variable that must have this value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Term {
    variable: Name,
    wanted: bool,
}

/// What stands around a selection.
#[derive(Clone, Default, Debug)]
pub struct Condition {
    /// `@skip` and `@include`: all must hold. None: always selected.
    terms: Arc<[Term]>,
    /// The innermost `@defer`, where the document is cut.
    pub(in crate::fanout) usage: Option<Arc<Usage>>,
}

impl Condition {
    /// Selected whatever the variables are.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The same under a `@defer`.
    pub(in crate::fanout) fn put_off(self, usage: Arc<Usage>) -> Self {
        Self { usage: Some(usage), ..self }
    }
}

/// The condition with `@skip` and `@include` added; None if the selection is off whatever the variables are.
pub(super) fn narrowed(around: &Condition, directives: &[Positioned<Directive>]) -> Option<Condition> {
    let mut added = Vec::new();
    for directive in directives {
        let wanted = match directive.node.name.node.as_str() {
            "skip" => false,
            "include" => true,
            _ => continue,
        };
        match directive.node.get_argument("if").map(|value| &value.node) {
            Some(Value::Boolean(value)) if *value != wanted => return None,
            Some(Value::Variable(variable)) => added.push(Term { variable: variable.clone(), wanted }),
            _ => {}
        }
    }
    if added.is_empty() {
        return Some(around.clone());
    }
    let terms = around.terms.iter().cloned().chain(added).collect();
    Some(Condition { terms, usage: around.usage.clone() })
}

pub(super) fn met(condition: &Condition, variable: impl Fn(&Name) -> Option<bool>) -> bool {
    condition.terms.iter().all(|term| variable(&term.variable) == Some(term.wanted))
}

/// Whether a selection is active: one of `any` holds with all its terms.
pub fn holds(any: &[Condition], variable: impl Fn(&Name) -> Option<bool>) -> bool {
    any.is_empty() || any.iter().any(|all| met(all, &variable))
}

//! What a document may cost before anybody looks at it closely: every check here is linear in the document.
//!
//! First its text (bytes, tokens, nesting); then, parsed but not validated, its operations and fragments in one walk, each
//! fragment once; then which fields meet under one key, within a budget. Only after that do libraries walk it.

mod cost;
mod merge;
mod steps;
mod text;
mod walk;

pub use self::{
    cost::{OperationCost, Tag},
    text::Tokens,
};
use super::document::{Place, Refusal};
use crate::{
    config::Limits,
    fanout::{Code, Fault},
};
use apollo_compiler::{Name, Schema, ast, schema::ExtendedType, validation::Valid};
use async_graphql::{Variables, registry::Registry};
use std::collections::HashMap;

/// The deepest nesting of a document, in its text as with its fragments spread out: what recursion can bear.
const MAX_NESTING: u64 = 64;
/// The most lists of introspection that may stand in each other: `fields`, `interfaces`, `possibleTypes`, `inputFields`.
/// More are no question about a schema (GraphiQL's and code generators' have two).
const MAX_INTROSPECTION_LISTS: u64 = 2;
/// The most directives that may stand in one place. None but repeatable ones may stand there twice, and there are a few.
const MAX_DIRECTIVES_TOGETHER: u64 = 8;
/// The most objects that introspection may ask for, as it is estimated.
const MAX_INTROSPECTION_COST: u64 = 2_000_000;

/// What documents of one BFF are held to.
pub struct Guard {
    limits: Limits,
    introspection: bool,
    tags: cost::Tags,
    /// How many types an interface or a union may be.
    possible: HashMap<Name, u64>,
}

/// A document that may be looked at closely.
pub struct Weighed {
    /// What each operation costs, in the order of the document.
    pub costs: Vec<OperationCost>,
    /// Two fields under one key that are not the same.
    pub conflict: Option<Refusal>,
}

impl Guard {
    /// # Errors
    /// A field says nonsense of its cost.
    pub fn new(
        limits: Limits,
        introspection: bool,
        schema: &Valid<Schema>,
        registry: &Registry,
    ) -> Result<Self, String> {
        let mut possible = HashMap::<Name, u64>::new();
        for ty in schema.types.values() {
            match ty {
                ExtendedType::Union(union) => {
                    possible.insert(union.name.clone(), union.members.len() as u64);
                }
                ExtendedType::Object(object) => {
                    for interface in &object.implements_interfaces {
                        *possible.entry(interface.name.clone()).or_default() += 1;
                    }
                }
                _ => {}
            }
        }
        Ok(Self { limits, introspection, tags: cost::Tags::of(registry)?, possible })
    }

    /// The bytes of the longest document.
    pub fn document_bytes(&self) -> usize {
        self.limits.document_bytes
    }

    /// Before it is parsed.
    pub fn text(&self, document: &str) -> Result<(), Fault> {
        text::check(document, &self.limits)
    }

    /// Before it is validated.
    pub fn weigh<'d>(
        &'d self,
        schema: &'d Valid<Schema>,
        document: &'d ast::Document,
        place: &mut Place<'d>,
    ) -> Result<Weighed, Refusal> {
        let costs = walk::Walk::new(self, schema, document, place)?.operations()?;
        for cost in OperationCost::at_least(&costs) {
            self.affordable(cost).map_err(refused)?;
        }
        let budget = self.limits.selections.saturating_mul(10);
        let conflict = merge::conflict(schema, document, budget, place)?;
        Ok(Weighed { costs, conflict })
    }

    /// Before it runs: pages and cost, where variables say how long lists are.
    pub fn sized(&self, cost: &OperationCost, variables: &Variables) -> Result<(), Fault> {
        if cost.sizes().is_empty() {
            return Ok(());
        }
        for name in cost.sizes() {
            let size = variables.get(name).and_then(|value| match value {
                async_graphql::Value::Number(number) => number.as_u64(),
                _ => None,
            });
            if let Some(size) = size.filter(|size| *size > self.limits.first) {
                return Err(self.page(&format!("The variable \"${name}\" asks for"), size));
            }
        }
        self.affordable(cost.with(variables))
    }

    fn page(&self, asks: &str, size: u64) -> Fault {
        let message = format!("{asks} {size} items; up to {} are given at once.", self.limits.first);
        exceeded(Code::PageLimitExceeded, message, "Ask for fewer, and page")
    }

    fn affordable(&self, cost: u64) -> Result<(), Fault> {
        if cost <= self.limits.cost {
            return Ok(());
        }
        let message = format!("The operation may ask for {cost} objects; up to {} are.", self.limits.cost);
        Err(exceeded(Code::CostLimitExceeded, message, "Ask for fewer items, or for less of each"))
    }

    fn possible(&self, ty: &str) -> u64 {
        self.possible.get(ty).copied().unwrap_or(1).max(1)
    }
}

fn exceeded(code: Code, message: String, way_out: &str) -> Fault {
    Fault::new(code, format!("{message} {way_out}."))
}

/// Fragments by their names; of several with one name the first, as validation has it.
type Fragments<'d> = HashMap<&'d str, &'d ast::FragmentDefinition>;

fn fragments(document: &ast::Document) -> Fragments<'_> {
    let mut fragments = HashMap::new();
    for definition in &document.definitions {
        if let ast::Definition::FragmentDefinition(fragment) = definition {
            fragments.entry(fragment.name.as_str()).or_insert(fragment.as_ref());
        }
    }
    fragments
}

fn refused(fault: Fault) -> Refusal {
    Refusal { fault, at: None }
}

#[cfg(test)]
mod tests;

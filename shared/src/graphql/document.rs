//! One prepared document per distinct text: guarded, parsed, validated, its roots collected; verdicts are kept.

use super::{
    guard,
    incremental::{DIRECTIVE, Defers, Form, Variant},
};
use crate::fanout::{
    Code, Compiler, Cutting, Fault, Merged, Operation, RootField, SetId, Shown, Type, plan::Occurrence,
};
use apollo_compiler::{ExecutableDocument as ValidDocument, Schema, validation::Valid};
use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{
        DocumentOperations, ExecutableDocument, FragmentDefinition, OperationDefinition, OperationType,
        Selection, SelectionSet,
    },
    registry::Registry,
};
use moka::sync::Cache;
use std::{cell::Cell, collections::HashMap, sync::Arc};

/// The memory that prepared documents may take, by an estimate that follows the length of the text.
const CACHE_BYTES: u64 = 32 << 20;
/// What a prepared document takes for each byte of its text, about.
const BYTES_PER_BYTE: usize = 40;

/// Why a document is refused, as the client reads it.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub fault: Fault,
    /// Line and column, from 1.
    pub at: Option<(usize, usize)>,
}

pub type Refusals = Arc<Vec<Refusal>>;

/// A document that may run.
pub struct Prepared {
    pub operations: Vec<PreparedOperation>,
    /// For the coercion of variables.
    pub valid: Valid<ValidDocument>,
}

/// One operation of it.
pub struct PreparedOperation {
    pub name: Option<String>,
    pub operation: Arc<Operation>,
    /// The document as async-graphql runs it: the roots alone, without what is below them.
    pub stub: ExecutableDocument,
    /// Some root is under a condition: the stub differs from request to request.
    pub conditional: bool,
    pub has_variables: bool,
    /// What it puts off, if it puts something off and clients may.
    pub defers: Option<Defers>,
}

impl Prepared {
    /// How often it may be planned.
    fn plans(&self) -> usize {
        if self.operations.iter().any(|operation| operation.defers.is_some()) {
            1 + Defers::VARIANTS
        } else {
            1
        }
    }

    /// GetOperation (§6.1).
    pub fn operation(&self, name: Option<&str>) -> Result<&PreparedOperation, Fault> {
        match name {
            None => match self.operations.as_slice() {
                [only] => Ok(only),
                _ => Err(Fault::bad_input(
                    "The document has several operations: say which with `operationName`.",
                )),
            },
            Some(name) => {
                self.operations.iter().find(|operation| operation.name.as_deref() == Some(name)).ok_or_else(
                    || Fault::bad_input(format!("The document has no operation named \"{name}\".")),
                )
            }
        }
    }
}

/// All documents that were seen, and what became of them.
pub struct Documents {
    schema: Valid<Schema>,
    registry: Arc<Registry>,
    introspection: bool,
    /// Clients may put fragments off.
    defers: bool,
    known: Cache<Arc<str>, Result<Arc<Prepared>, Refusals>>,
}

impl Documents {
    pub fn new(schema: Valid<Schema>, registry: Arc<Registry>, introspection: bool) -> Self {
        let known = Cache::builder()
            .max_capacity(CACHE_BYTES)
            .weigher(|text: &Arc<str>, verdict: &Result<Arc<Prepared>, Refusals>| {
                let plans = verdict.as_ref().map_or(1, |prepared| prepared.plans());
                u32::try_from(1_024 + text.len() * BYTES_PER_BYTE * plans).unwrap_or(u32::MAX)
            })
            .build();
        let defers = registry.directives.contains_key(DIRECTIVE);
        Self { schema, registry, introspection, defers, known }
    }

    /// Whether clients may put fragments off.
    pub fn defers(&self) -> bool {
        self.defers
    }

    pub fn schema(&self) -> &Valid<Schema> {
        &self.schema
    }

    /// The verdict on a text, made on first sight.
    pub fn get(&self, text: &str) -> Result<Arc<Prepared>, Refusals> {
        if let Some(known) = self.known.get(text) {
            return known;
        }
        let verdict = self.prepare(text).map(Arc::new).map_err(Arc::new);
        // A text beyond the guard's size is refused in no time; keeping it would only fill the cache.
        if guard::text(text).is_ok() {
            self.known.insert(text.into(), verdict.clone());
        }
        verdict
    }

    fn prepare(&self, text: &str) -> Result<Prepared, Vec<Refusal>> {
        let refuse = |fault| vec![Refusal { fault, at: None }];
        guard::text(text).map_err(refuse)?;
        let document = async_graphql::parser::parse_query(text).map_err(|error| {
            let at = error.positions().next().map(|pos| (pos.line, pos.column));
            vec![Refusal { fault: Fault::new(Code::GraphqlParseFailed, error.to_string()), at }]
        })?;
        guard::expansion(&document).map_err(refuse)?;
        let valid =
            ValidDocument::parse_and_validate(&self.schema, text, "document.graphql").map_err(|invalid| {
                // All of them: the first alone often is a consequence.
                let refusals: Vec<_> = invalid
                    .errors
                    .iter()
                    .take(20)
                    .map(|error| {
                        let shown = error.to_json();
                        Refusal {
                            fault: Fault::new(Code::GraphqlValidationFailed, shown.message),
                            at: shown.locations.first().map(|at| (at.line, at.column)),
                        }
                    })
                    .collect();
                refusals
            })?;
        let fragments = Arc::new(document.fragments);
        let operations: Vec<(Option<String>, Positioned<OperationDefinition>)> = match document.operations {
            DocumentOperations::Single(operation) => vec![(None, operation)],
            DocumentOperations::Multiple(operations) => {
                operations.into_iter().map(|(name, operation)| (Some(name.to_string()), operation)).collect()
            }
        };
        let operations = operations
            .into_iter()
            .map(|(name, operation)| self.operation(name, operation, &fragments))
            .collect::<Result<_, Fault>>()
            .map_err(refuse)?;
        Ok(Prepared { operations, valid })
    }

    /// Collects the roots of an operation as one flat list without duplicates, so that what async-graphql runs is that.
    fn operation(
        &self,
        name: Option<String>,
        mut definition: Positioned<OperationDefinition>,
        fragments: &Fragments,
    ) -> Result<PreparedOperation, Fault> {
        let object = self.root(definition.node.ty)?;
        let defers = self.defers.then(|| Defers::of(&definition, fragments)).flatten();
        // Roots are only collected here; each is compiled, and found private or not, when it first runs.
        let private = Cell::new(false);
        let compiler = Compiler::new("", fragments, &self.registry, &private);
        let set = std::mem::take(&mut definition.node.selection_set.node);
        let collected = compiler.collect(object, &[Occurrence { condition: Default::default(), set: &set }]);
        definition.node.directives.clear();
        let operation = self.of_roots(name, &definition, &collected.merged, fragments, None)?;
        Ok(PreparedOperation { defers, ..operation })
    }

    /// The operation cut where these variables have it cut. None: nothing is put off.
    pub fn variant(
        &self,
        operation: &PreparedOperation,
        variables: &Variables,
        form: Form,
    ) -> Result<Option<Arc<Variant>>, Fault> {
        let Some(defers) = &operation.defers else { return Ok(None) };
        let fragments = &operation.operation.fragments;
        defers.variant(variables, form, fragments, |definition, cutting| {
            let object = self.root(definition.node.ty)?;
            let private = Cell::new(false);
            let within = SetId::default();
            let compiler = Compiler::new("", fragments, &self.registry, &private).cut(&cutting, within);
            let set = &definition.node.selection_set.node;
            let collected = compiler.collect(object, &[Occurrence { condition: Default::default(), set }]);
            let split = cutting.split(within, collected.merged);
            let sets = split.parts.iter().map(|(set, _)| *set);
            let shown = Arc::new(Shown::new(&cutting, collected.usages, sets));
            let mut bare = definition.clone();
            bare.node.directives.clear();
            bare.node.selection_set.node = SelectionSet::default();
            let waiting_for = |set: SetId, roots: &[Merged<'_>]| {
                let cut = Some((cutting.clone(), set));
                self.of_roots(operation.name.clone(), &bare, roots, fragments, cut).map(Arc::new)
            };
            let first = waiting_for(within, &split.here)?;
            let later = split.parts.iter().map(|(set, roots)| waiting_for(*set, roots));
            Ok(Variant { first, later: later.collect::<Result<_, _>>()?, shown })
        })
    }

    fn root(&self, ty: OperationType) -> Result<&str, Fault> {
        let object = match ty {
            OperationType::Query => Some(self.registry.query_type.as_str()),
            OperationType::Mutation => self.registry.mutation_type.as_deref(),
            OperationType::Subscription => self.registry.subscription_type.as_deref(),
        };
        object.ok_or_else(|| {
            Fault::new(Code::GraphqlValidationFailed, format!("This schema has no {ty} operations."))
        })
    }

    /// An operation of these roots; `bare` is its definition without what it selects.
    fn of_roots(
        &self,
        name: Option<String>,
        bare: &Positioned<OperationDefinition>,
        merged: &[Merged<'_>],
        fragments: &Fragments,
        cut: Option<(Arc<Cutting>, SetId)>,
    ) -> Result<PreparedOperation, Fault> {
        let ty = bare.node.ty;
        let object = self.root(ty)?;
        let mut definition = bare.clone();
        let mut introspects = false;
        let mut roots = Vec::with_capacity(merged.len());
        let mut items = Vec::with_capacity(merged.len());
        for merged in merged {
            let field_name = merged.first.node.name.node.as_str();
            let introspection = field_name == "__schema" || field_name == "__type";
            if introspection && !self.introspection {
                return Err(Fault::new(
                    Code::IntrospectionDisabled,
                    "Introspection is not available here. Read the published schema instead.",
                ));
            }
            introspects |= introspection;
            let declared =
                match self.registry.types.get(object).and_then(|object| object.field_by_name(field_name)) {
                    Some(field) => Type::of(&field.ty),
                    // `__typename` and `__schema` are not null, `__type` may be.
                    None if field_name == "__type" => Type::of("__Type"),
                    None => Type::of("__Meta!"),
                };
            roots.push(RootField::new(merged, declared));
            let mut field = merged.first.clone();
            field.node.directives.clear();
            if introspection {
                let sets = merged.all.iter().map(|(_, field)| &field.node.selection_set.node);
                field.node.selection_set.node.items = sets.flat_map(|set| set.items.clone()).collect();
            } else {
                field.node.selection_set.node = SelectionSet::default();
            }
            items.push(Positioned::new(Selection::Field(field), merged.first.pos));
        }
        definition.node.selection_set.node.items = items;
        let conditional = roots.iter().any(|root| !root.conditions.is_empty() || root.places.vary());
        let has_variables = !definition.node.variable_definitions.is_empty();
        let stub = ExecutableDocument {
            operations: DocumentOperations::Single(definition),
            // Only introspection still needs them.
            fragments: if introspects { (**fragments).clone() } else { Default::default() },
        };
        let mut operation = Operation::new(ty, roots, fragments.clone(), self.registry.clone());
        if let Some((cutting, within)) = cut {
            operation = operation.cut(cutting, within);
        }
        let operation = Arc::new(operation);
        Ok(PreparedOperation { name, operation, stub, conditional, has_variables, defers: None })
    }
}

type Fragments = Arc<HashMap<Name, Positioned<FragmentDefinition>>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_prepared_is_kept_within_bounds_and_what_is_too_long_not_at_all() {
        let schema = Schema::parse_and_validate("type Query { a: Int }", "schema.graphql").unwrap();
        let mut registry = Registry { query_type: String::from("Query"), ..Registry::default() };
        <i32 as async_graphql::OutputType>::create_type_info(&mut registry);
        let documents = Documents::new(schema, Arc::new(registry), false);
        for n in 0..60 {
            let _ = documents.get(&format!("{{ a }} # {n} {}", "x".repeat(20_000)));
        }
        documents.known.run_pending_tasks();
        assert!((1..=CACHE_BYTES).contains(&documents.known.weighted_size()));
        let before = documents.known.entry_count();
        let long = format!("{{ a }} # {}", "x".repeat(200_000));
        assert!(documents.get(&long).is_err());
        documents.known.run_pending_tasks();
        assert_eq!(
            (documents.known.entry_count(), documents.known.contains_key(long.as_str())),
            (before, false)
        );
    }
}

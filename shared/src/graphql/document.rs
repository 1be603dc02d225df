//! One prepared document per distinct text: guarded, parsed, validated, its roots collected; verdicts are kept.

mod parsed;
mod place;
pub(super) mod rules;
mod unvalued;
mod verdicts;

pub use self::place::Place;
use self::{parsed::Parsed, verdicts::Verdicts};
use super::{
    clients::Version,
    gates::{Gates, touched},
    guard::{Guard, OperationCost, Weighed},
    incremental::{DIRECTIVE, Defers, Form, Variant},
    roots::HIDDEN,
};
use crate::{
    fanout::{
        Code, Compiler, Cutting, Fault, Merged, Operation, RootField, SetId, Shown, Type, View,
        plan::Occurrence,
    },
    telemetry::RequestRecord,
};
use apollo_compiler::{
    Node, Schema, ast,
    validation::{DiagnosticList, Valid},
};
use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{
        DocumentOperations, ExecutableDocument, FragmentDefinition, OperationDefinition, OperationType,
        Selection, SelectionSet,
    },
    registry::Registry,
};
use std::{cell::Cell, collections::HashMap, net::IpAddr, sync::Arc};

/// The most errors that are told of one document: the first alone often is a consequence.
const TOLD: usize = 20;

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
    /// In its order.
    pub operations: Vec<PreparedOperation>,
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
    /// As they are declared.
    pub variables: Vec<Node<ast::VariableDefinition>>,
    pub cost: OperationCost,
    /// It asks for the schema itself.
    pub introspects: bool,
    /// What it puts off, if it puts something off and clients may.
    pub defers: Option<Defers>,
    /// By a version since which something in it is there: the same as older ones see it. Ascending; of most there is none.
    pub below: Vec<(Version, Arc<PreparedOperation>)>,
}

impl PreparedOperation {
    /// As an application of this version sees it, if that is another.
    pub fn seen_by(&self, version: Version) -> Option<&Arc<Self>> {
        self.below.iter().find(|(since, _)| version < *since).map(|(_, older)| older)
    }
}

impl Prepared {
    /// How often it may be planned.
    pub fn plans(&self) -> usize {
        let cut = self.operations.iter().any(|operation| operation.defers.is_some());
        let seen = self.operations.iter().map(|operation| 1 + operation.below.len()).max();
        seen.unwrap_or(1) * if cut { 1 + Defers::VARIANTS } else { 1 }
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
    guard: Guard,
    /// Clients may put fragments off.
    defers: bool,
    gates: Option<Arc<Gates>>,
    known: Verdicts,
}

impl Documents {
    pub fn new(
        schema: Valid<Schema>,
        registry: Arc<Registry>,
        guard: Guard,
        gates: Option<Arc<Gates>>,
    ) -> Self {
        let defers = registry.directives.contains_key(DIRECTIVE);
        Self { schema, registry, guard, defers, gates, known: Verdicts::new() }
    }

    /// Whether clients may put fragments off.
    pub fn defers(&self) -> bool {
        self.defers
    }

    pub fn schema(&self) -> &Valid<Schema> {
        &self.schema
    }

    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// The verdict on a text, made on first sight, for a client at this address.
    pub fn get(&self, text: &str, client: IpAddr) -> Result<Arc<Prepared>, Refusals> {
        if let Some(known) = self.known.get(text, client) {
            return known;
        }
        RequestRecord::with_current(RequestRecord::document_prepared);
        let verdict = self.prepare(text).map(Arc::new).map_err(Arc::new);
        // A text that is too long is refused in no time; keeping it would only fill the cache.
        if text.len() <= self.guard.document_bytes() {
            self.known.keep(text, &verdict, client);
        }
        verdict
    }

    fn prepare(&self, text: &str) -> Result<Prepared, Vec<Refusal>> {
        let refuse = |fault| vec![Refusal { fault, at: None }];
        self.guard.text(text).map_err(refuse)?;
        let document = ast::Document::parse(text, "document.graphql")
            .map_err(|wrong| told(&wrong.errors, Code::GraphqlParseFailed))?;
        if let Some(at) = unvalued::first(text) {
            let pos = Place::new(text).at(at);
            let message = "A name among arguments or in an input object needs a value: `name: value`.";
            let fault = Fault::new(Code::GraphqlParseFailed, message);
            return Err(vec![Refusal { fault, at: Some((pos.line, pos.column)) }]);
        }
        if document.definitions.is_empty() {
            let message = "The document is empty: write an operation, such as `{ __typename }`.";
            return Err(refuse(Fault::new(Code::GraphqlParseFailed, message)));
        }
        let mut place = Place::new(text);
        let Weighed { costs, conflict } =
            self.guard.weigh(&self.schema, &document, &mut place).map_err(|refusal| vec![refusal])?;
        document
            .to_executable_validate(&self.schema)
            .map_err(|invalid| told(&invalid.errors, Code::GraphqlValidationFailed))?;
        let refusals = rules::refusals(&self.schema, &document, &mut place);
        let refusals: Vec<_> = conflict.into_iter().chain(refusals).collect();
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let Parsed { operations, fragments } = Parsed::of(&document, &mut place);
        let fragments = Arc::new(fragments);
        let variables = document.definitions.iter().filter_map(|definition| match definition {
            ast::Definition::OperationDefinition(operation) => Some(operation.variables.clone()),
            _ => None,
        });
        let operations = operations
            .into_iter()
            .zip(variables)
            .zip(costs)
            .map(|(((name, operation), variables), cost)| {
                let ready = |prepared| PreparedOperation {
                    variables: variables.clone(),
                    cost: cost.clone(),
                    ..prepared
                };
                let (operation, below) = self.operation(name, operation, &fragments)?;
                let below = below.into_iter().map(|(since, older)| (since, Arc::new(ready(older)))).collect();
                Ok(PreparedOperation { below, ..ready(operation) })
            })
            .collect::<Result<_, Fault>>()
            .map_err(refuse)?;
        Ok(Prepared { operations })
    }

    /// Collects the roots of an operation as one flat list without duplicates, so that what async-graphql runs is that;
    /// and again for those who see less of the schema than is selected.
    fn operation(
        &self,
        name: Option<String>,
        definition: Positioned<OperationDefinition>,
        fragments: &Fragments,
    ) -> Result<(PreparedOperation, Vec<(Version, PreparedOperation)>), Fault> {
        let object = self.root(definition.node.ty)?;
        // Roots are only collected here; each is compiled, and found private or not, when it first runs.
        let private = Cell::new(false);
        let compiler = Compiler::new("", fragments, &self.registry, &private, false);
        let bare = {
            let mut bare = definition.clone();
            bare.node.directives.clear();
            bare.node.selection_set.node = SelectionSet::default();
            bare
        };
        let set = &definition.node.selection_set.node;
        let collected = compiler.collect(object, &[Occurrence { condition: Default::default(), set }]);
        let seen = |view| {
            let defers = self.defers.then(|| Defers::of(&definition, fragments)).flatten();
            let operation = self.of_roots(name.clone(), &bare, &collected.merged, fragments, view, None)?;
            Ok(PreparedOperation { defers, ..operation })
        };
        let touched = self.gates.as_ref().map(|gates| touched(gates, &self.registry, fragments, object, set));
        let below = touched.into_iter().flatten().map(|(since, view)| Ok((since, seen(Some(view))?)));
        Ok((seen(None)?, below.collect::<Result<_, Fault>>()?))
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
            let compiler =
                Compiler::new("", fragments, &self.registry, &private, false).cut(&cutting, within);
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
                let view = operation.operation.view.as_ref();
                self.of_roots(operation.name.clone(), &bare, roots, fragments, view, cut).map(Arc::new)
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

    /// An operation of these roots, for those who see this of the schema; `bare` is its definition without what it selects.
    fn of_roots(
        &self,
        name: Option<String>,
        bare: &Positioned<OperationDefinition>,
        merged: &[Merged<'_>],
        fragments: &Fragments,
        view: Option<&Arc<View>>,
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
            introspects |= introspection;
            let declared =
                match self.registry.types.get(object).and_then(|object| object.field_by_name(field_name)) {
                    Some(field) => Type::seen(&field.ty, view.map(|view| &**view)),
                    // `__typename` and `__schema` are not null, `__type` may be.
                    None if field_name == "__type" => Type::of("__Type"),
                    None => Type::of("__Meta!"),
                };
            let hidden = view.and_then(|view| view.hidden(object, field_name)).cloned();
            let mut field = merged.first.clone();
            field.node.directives.clear();
            if hidden.is_some() {
                field.node.alias = Some(Positioned::new(merged.key().clone(), merged.first.pos));
                field.node.name.node = Name::new(HIDDEN);
                field.node.arguments.clear();
            }
            roots.push(RootField::new(merged, declared, hidden));
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
        let mut operation =
            Operation::new(ty, roots, fragments.clone(), self.registry.clone()).seen(view.cloned());
        if let Some((cutting, within)) = cut {
            operation = operation.cut(cutting, within);
        }
        let operation = Arc::new(operation);
        Ok(PreparedOperation {
            name,
            operation,
            stub,
            conditional,
            has_variables,
            introspects,
            variables: Vec::new(),
            cost: OperationCost::default(),
            defers: None,
            below: Vec::new(),
        })
    }
}

type Fragments = Arc<HashMap<Name, Positioned<FragmentDefinition>>>;

/// What apollo-compiler says, as the client reads it.
fn told(errors: &DiagnosticList, code: Code) -> Vec<Refusal> {
    let told = errors.iter().take(TOLD).map(|error| {
        let shown = error.to_json();
        let at = shown.locations.first().map(|at| (at.line, at.column));
        Refusal { fault: Fault::new(code, shown.message), at }
    });
    told.collect()
}

#[cfg(test)]
mod tests;

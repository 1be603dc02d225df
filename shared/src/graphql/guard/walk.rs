//! One walk over operations and fragments, each fragment once: what they spread out to is added up, not written out.

use super::{
    Fragments, Guard, MAX_DIRECTIVES_TOGETHER, MAX_INTROSPECTION_COST, MAX_INTROSPECTION_LISTS, MAX_NESTING,
    cost::{Cost, FieldCost, OperationCost, SIZES, SetCost, SetSum, Size, Sums, whole},
    exceeded, fragments, refused, steps,
};
use crate::{
    fanout::{Code, Fault},
    graphql::document::{Place, Refusal},
};
use apollo_compiler::{Schema, ast, validation::Valid};
use async_graphql::Name;
use std::{collections::HashMap, sync::Arc};

pub struct Walk<'d, 'p> {
    guard: &'d Guard,
    schema: &'d Valid<Schema>,
    document: &'d ast::Document,
    place: &'p mut Place<'d>,
    fragments: Fragments<'d>,
    known: HashMap<&'d str, Tally>,
    sums: Sums,
}

/// What a selection set spreads out to.
#[derive(Clone, Copy, Default)]
struct Tally {
    selections: u64,
    /// Fields below each other.
    depth: u64,
    /// Sets in each other, those of fragments among them.
    nesting: u64,
    aliases: u64,
    directives: u64,
    /// Directives in one place.
    together: u64,
    /// Fields right in the set.
    roots: u64,
    /// Lists of introspection in each other.
    lists: u64,
    cost: SetCost,
    /// What stands below `__schema` and `__type`.
    introspection: Introspection,
}

#[derive(Clone, Copy, Default)]
struct Introspection {
    depth: u64,
    lists: u64,
    cost: u64,
}

/// A fragment whose spreads are being followed.
struct Open<'d> {
    name: &'d str,
    spreads: Vec<&'d ast::FragmentSpread>,
    next: usize,
}

impl<'d, 'p> Walk<'d, 'p> {
    /// # Errors
    /// A fragment spreads itself: nothing behind this could be trusted to end.
    pub fn new(
        guard: &'d Guard,
        schema: &'d Valid<Schema>,
        document: &'d ast::Document,
        place: &'p mut Place<'d>,
    ) -> Result<Self, Refusal> {
        let fragments = fragments(document);
        let mut walk =
            Self { guard, schema, document, place, fragments, known: HashMap::new(), sums: Sums::default() };
        for name in walk.innermost_first()? {
            let Some(fragment) = walk.fragments.get(name).copied() else { continue };
            let mut tally = walk.set(Some(fragment.type_condition.as_str()), &fragment.selection_set)?;
            tally.add_directives(&fragment.directives);
            walk.bounded(&tally, &format!("The fragment \"{name}\""))?;
            walk.known.insert(name, tally);
        }
        Ok(walk)
    }

    /// The fragments, each after those that it spreads.
    fn innermost_first(&mut self) -> Result<Vec<&'d str>, Refusal> {
        let mut order = Vec::with_capacity(self.fragments.len());
        // False: its spreads are being followed.
        let mut seen = HashMap::<&str, bool>::new();
        let names = self.document.definitions.iter().filter_map(|definition| match definition {
            ast::Definition::FragmentDefinition(fragment) => Some(fragment.name.as_str()),
            _ => None,
        });
        for name in names {
            let mut open = Vec::new();
            self.open(name, &mut seen, &mut open);
            while let Some(last) = open.last_mut() {
                let Some(spread) = last.spreads.get(last.next) else {
                    seen.insert(last.name, true);
                    order.push(last.name);
                    open.pop();
                    continue;
                };
                last.next += 1;
                steps::take(1);
                let (from, to) = (last.name, spread.fragment_name.as_str());
                if seen.get(to) == Some(&false) {
                    let via = if from == to { String::new() } else { format!(" via \"{from}\"") };
                    let message = format!("Cannot spread fragment \"{to}\" within itself{via}.");
                    let at = self.place.of(&spread.fragment_name);
                    return Err(Refusal { fault: Fault::new(Code::GraphqlValidationFailed, message), at });
                }
                self.open(to, &mut seen, &mut open);
            }
        }
        Ok(order)
    }

    fn open(&self, name: &'d str, seen: &mut HashMap<&'d str, bool>, open: &mut Vec<Open<'d>>) {
        if let Some(fragment) = self.fragments.get(name).filter(|_| !seen.contains_key(name)) {
            seen.insert(name, false);
            let mut spreads = Vec::new();
            spreads_in(&fragment.selection_set, &mut spreads);
            open.push(Open { name, spreads, next: 0 });
        }
    }

    /// What each operation costs, if none is too much.
    pub fn operations(mut self) -> Result<Vec<OperationCost>, Refusal> {
        let mut costs = Vec::new();
        let mut selections = 0u64;
        for definition in &self.document.definitions {
            let ast::Definition::OperationDefinition(operation) = definition else { continue };
            let root = self.schema.root_operation(operation.operation_type).map(|name| name.as_str());
            let mut tally = self.set(root, &operation.selection_set)?;
            tally.add_directives(&operation.directives);
            selections = selections.saturating_add(tally.selections);
            self.bounded(&Tally { selections, ..tally }, "The document")?;
            costs.push(self.operation(tally)?);
        }
        let sums = Arc::new(self.sums);
        Ok(costs.into_iter().map(|cost| OperationCost::new(sums.clone(), cost)).collect())
    }

    fn bounded(&self, tally: &Tally, what: &str) -> Result<(), Refusal> {
        let most = self.guard.limits.selections;
        if tally.selections > most {
            let message = format!(
                "{what} selects {} fields once its fragments are spread out; up to {most} are taken.",
                tally.selections
            );
            let fault = exceeded(Code::SelectionLimitExceeded, message, "Ask for less at once");
            return Err(refused(fault));
        }
        if tally.nesting > MAX_NESTING {
            let message = format!(
                "{what} nests {} levels deep once its fragments are spread out; up to {MAX_NESTING} are taken.",
                tally.nesting
            );
            return Err(refused(exceeded(Code::DepthLimitExceeded, message, "Split it into several")));
        }
        Ok(())
    }

    fn operation(&mut self, tally: Tally) -> Result<Cost, Refusal> {
        let limits = &self.guard.limits;
        let Introspection { depth, lists, cost } = tally.introspection;
        if depth > limits.introspection_depth {
            let message = format!(
                "Introspection goes {depth} fields deep; up to {} are answered.",
                limits.introspection_depth
            );
            let fault = exceeded(Code::DepthLimitExceeded, message, "Follow `ofType` less far");
            return Err(refused(fault));
        }
        if lists > MAX_INTROSPECTION_LISTS {
            let message = format!(
                "Introspection asks for {lists} lists in each other; up to {MAX_INTROSPECTION_LISTS} are answered."
            );
            let fault = exceeded(Code::DepthLimitExceeded, message, "Ask for types by their names instead");
            return Err(refused(fault));
        }
        if cost > MAX_INTROSPECTION_COST {
            let message = format!(
                "Introspection may ask for {cost} objects; up to {MAX_INTROSPECTION_COST} are answered."
            );
            return Err(refused(exceeded(Code::CostLimitExceeded, message, "Ask for the schema once")));
        }
        let counts = [
            (
                Code::DepthLimitExceeded,
                tally.depth,
                limits.depth,
                "levels of fields",
                "Ask for less below each other",
            ),
            (
                Code::AliasLimitExceeded,
                tally.aliases,
                limits.aliases,
                "aliases",
                "Split it into several operations",
            ),
            (
                Code::DirectiveLimitExceeded,
                tally.directives,
                limits.directives,
                "directives",
                "Leave some out",
            ),
            (
                Code::DirectiveLimitExceeded,
                tally.together,
                MAX_DIRECTIVES_TOGETHER,
                "directives in one place",
                "Leave some out",
            ),
            (
                Code::RootFieldLimitExceeded,
                tally.roots,
                limits.root_fields,
                "root fields",
                "Split it into several operations",
            ),
        ];
        for (code, found, most, what, way_out) in counts {
            if found > most {
                let message = format!("The operation has {found} {what}; up to {most} are taken.");
                return Err(refused(exceeded(code, message, way_out)));
            }
        }
        Ok(whole(tally.cost, &mut self.sums))
    }

    fn set(&mut self, ty: Option<&'d str>, selections: &'d [ast::Selection]) -> Result<Tally, Refusal> {
        let mut tally = Tally::default();
        let mut cost = SetSum::default();
        // What is selected here is planned for each type that this may be.
        let types = ty.map_or(1, |ty| self.guard.possible(ty));
        steps::take(1 + selections.len());
        for selection in selections {
            match selection {
                ast::Selection::Field(field) => self.field(ty, types, field, &mut tally, &mut cost)?,
                ast::Selection::InlineFragment(fragment) => {
                    let on = fragment.type_condition.as_ref().map(|on| on.as_str()).or(ty);
                    let below = self.set(on, &fragment.selection_set)?;
                    tally.add_directives(&fragment.directives);
                    tally.spread(&below, &mut cost);
                }
                ast::Selection::FragmentSpread(spread) => {
                    // One that does not exist is validation's to name.
                    let below = self.known.get(spread.fragment_name.as_str()).copied().unwrap_or_default();
                    tally.add_directives(&spread.directives);
                    tally.spread(&below, &mut cost);
                }
            }
        }
        tally.cost = cost.close(&mut self.sums);
        Ok(tally)
    }

    fn field(
        &mut self,
        parent: Option<&'d str>,
        types: u64,
        field: &'d ast::Field,
        tally: &mut Tally,
        cost: &mut SetSum,
    ) -> Result<(), Refusal> {
        let name = field.name.as_str();
        let introspects = name == "__schema" || name == "__type";
        if introspects && !self.guard.introspection {
            let message = "Introspection is not available here. Read the published schema instead.";
            let at = self.place.of(&field.name);
            return Err(Refusal { fault: Fault::new(Code::IntrospectionDisabled, message), at });
        }
        let schema = self.schema;
        let definition = parent.and_then(|parent| schema.type_field(parent, name).ok());
        let ty = definition.map(|definition| definition.ty.inner_named_type().as_str());
        let mut below = self.set(ty, &field.selection_set)?;
        tally.selections =
            tally.selections.saturating_add(types.saturating_mul(below.selections.saturating_add(1)));
        tally.roots = tally.roots.saturating_add(1);
        tally.add_directives(&field.directives);
        tally.aliases =
            tally.aliases.saturating_add(below.aliases).saturating_add(u64::from(field.alias.is_some()));
        tally.directives = tally.directives.saturating_add(below.directives);
        tally.together = tally.together.max(below.together);
        tally.nesting = tally.nesting.max(below.nesting + 1);
        if introspects {
            let total = match whole(below.cost, &mut self.sums) {
                Cost::Known(cost) => cost,
                Cost::Sum(_) => u64::MAX,
            };
            let found = &mut tally.introspection;
            found.depth = found.depth.max(below.depth + 1);
            found.lists = found.lists.max(below.lists);
            found.cost = found.cost.saturating_add(total);
            return Ok(());
        }
        tally.introspection.add(&below.introspection);
        tally.depth = tally.depth.max(below.depth + 1);
        let list = matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields");
        tally.lists = tally.lists.max(below.lists + u64::from(list));
        let field_cost = match (parent, definition) {
            (Some(parent), Some(definition)) => self.cost_of(parent, field, definition)?,
            _ => FieldCost {
                composite: !field.selection_set.is_empty(),
                list: false,
                tag: Default::default(),
                size: None,
            },
        };
        cost.field(field_cost, std::mem::take(&mut below.cost), &mut self.sums);
        Ok(())
    }

    fn cost_of(
        &mut self,
        parent: &str,
        field: &'d ast::Field,
        definition: &ast::FieldDefinition,
    ) -> Result<FieldCost, Refusal> {
        let ty = self.schema.types.get(definition.ty.inner_named_type());
        let composite = ty.is_some_and(|ty| ty.is_object() || ty.is_interface() || ty.is_union());
        let mut size = None;
        steps::take(definition.arguments.len() + SIZES.len() * field.arguments.len());
        for argument in definition.arguments.iter().filter(|argument| SIZES.contains(&argument.name.as_str()))
        {
            let by_default = match argument.default_value.as_deref() {
                Some(ast::Value::Int(default)) => default.as_str().parse().ok(),
                _ => None,
            };
            let given = field.arguments.iter().find(|given| given.name == argument.name);
            let said = match given.map(|given| given.value.as_ref()) {
                Some(ast::Value::Int(int)) => {
                    // What does not fit is too many, but for what is below zero, which its resolver refuses.
                    let below_zero = int.as_str().starts_with('-');
                    let asked = int.as_str().parse().unwrap_or(if below_zero { 0 } else { u64::MAX });
                    if asked > self.guard.limits.first {
                        let asks = format!("`{}` of \"{}\" asks for", argument.name, field.name);
                        let at = given.and_then(|given| self.place.of(&given.name));
                        return Err(Refusal { fault: self.guard.page(&asks, asked), at });
                    }
                    Some(Size::Known(asked))
                }
                Some(ast::Value::Variable(variable)) => Some(Size::Variable {
                    name: Name::new(variable.as_str()),
                    otherwise: by_default.unwrap_or(self.guard.limits.first),
                }),
                Some(_) => None,
                None => by_default.map(Size::Known),
            };
            // Who gives both is asking wrongly; the first said counts.
            size = size.or(said);
        }
        if size.is_none() && parent == "__Schema" && field.name == "types" {
            size = Some(Size::Known(self.schema.types.len() as u64));
        }
        Ok(FieldCost {
            composite,
            list: definition.ty.is_list(),
            tag: self.guard.tags.get(parent, &field.name),
            size,
        })
    }
}

impl Tally {
    fn add_directives(&mut self, directives: &ast::DirectiveList) {
        self.directives = self.directives.saturating_add(directives.len() as u64);
        self.together = self.together.max(directives.len() as u64);
    }

    fn spread(&mut self, below: &Tally, cost: &mut SetSum) {
        self.selections = self.selections.saturating_add(below.selections).saturating_add(1);
        self.depth = self.depth.max(below.depth);
        self.nesting = self.nesting.max(below.nesting + 1);
        self.aliases = self.aliases.saturating_add(below.aliases);
        self.directives = self.directives.saturating_add(below.directives);
        self.together = self.together.max(below.together);
        self.roots = self.roots.saturating_add(below.roots);
        self.lists = self.lists.max(below.lists);
        self.introspection.add(&below.introspection);
        cost.spread(below.cost);
    }
}

impl Introspection {
    fn add(&mut self, other: &Self) {
        self.depth = self.depth.max(other.depth);
        self.lists = self.lists.max(other.lists);
        self.cost = self.cost.saturating_add(other.cost);
    }
}

fn spreads_in<'d>(selections: &'d [ast::Selection], spreads: &mut Vec<&'d ast::FragmentSpread>) {
    steps::take(selections.len());
    for selection in selections {
        match selection {
            ast::Selection::Field(field) => spreads_in(&field.selection_set, spreads),
            ast::Selection::InlineFragment(fragment) => spreads_in(&fragment.selection_set, spreads),
            ast::Selection::FragmentSpread(spread) => spreads.push(spread),
        }
    }
}

//! Phase zero, once per document: what is selected below a root, with fragments merged and names looked up.

use super::{
    Bubble, Code, Fault, Node, Out, Path, Place, Scope,
    defer::{Cut, Cutting, SetId, Usage, compile_cut},
    row::Entity,
    view::{Renamed, Renaming, View},
};
use crate::{graphql::Tag, request::RequestContext};
use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{Directive, Field as DocumentField, FragmentDefinition, Selection, SelectionSet},
    registry::{MetaType, Registry},
};
use async_graphql_value::Value;
use std::{cell::Cell, collections::HashMap, sync::Arc};

/// Writes a row's own value.
pub type LeafFn<R> = fn(&R, &mut Out, &Path<'_>) -> Result<(), Bubble>;
/// Compiles a field that has something below it or before it.
pub type NodeFn<R> = Box<dyn FnOnce(&Compiler<'_>, &Merged<'_>) -> Result<Box<dyn Node<R>>, Fault>>;
/// Lets a caller see a field, or says why not. Asked once per field of a plan and request, not per row.
pub type GuardFn = fn(&RequestContext) -> Result<(), Fault>;

/// Whoever decides who may see a field: a function, or [`HasScope`](crate::auth::HasScope).
pub trait FieldGuard: Send + Sync {
    /// Lets a caller see it, or says why not. Asked once per field of a plan and request, not per row.
    fn check(&self, request: &RequestContext) -> Result<(), Fault>;

    /// The scope that it wants, for the schema.
    fn scope(&self) -> Option<&'static str> {
        None
    }
}

impl<F: Fn(&RequestContext) -> Result<(), Fault> + Send + Sync> FieldGuard for F {
    fn check(&self, request: &RequestContext) -> Result<(), Fault> {
        self(request)
    }
}

/// How a field of an entity is answered.
pub struct Field<R> {
    /// A leaf or a node.
    pub how: How<R>,
    /// Who may see it: everybody, if there is none.
    pub guard: Option<&'static dyn FieldGuard>,
    /// What stands there when the guard refuses: null, or the parent goes.
    pub nullable: bool,
}

/// The two kinds of field.
pub enum How<R> {
    /// The row's own value.
    Leaf(LeafFn<R>),
    /// Anything gathered first.
    Node(NodeFn<R>),
}

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
    pub(super) usage: Option<Arc<Usage>>,
}

impl Condition {
    /// Selected whatever the variables are.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The same under a `@defer`.
    pub(super) fn put_off(self, usage: Arc<Usage>) -> Self {
        Self { usage: Some(usage), ..self }
    }
}

/// A selection set as it occurs in the document, under what is around it.
pub struct Occurrence<'d> {
    /// All that must hold for it to be selected.
    pub condition: Condition,
    /// The set.
    pub set: &'d SelectionSet,
}

/// All occurrences of one response key, merged (§6.3.2).
pub struct Merged<'d> {
    /// The first occurrence: name, arguments and place are its.
    pub first: &'d Positioned<DocumentField>,
    /// Each with its condition.
    pub all: Vec<(Condition, &'d Positioned<DocumentField>)>,
    /// Where each of them stands among the object's.
    places: Vec<usize>,
}

impl<'d> Merged<'d> {
    /// The occurrences of one key, alone.
    pub(super) fn alone(
        first: &'d Positioned<DocumentField>,
        all: Vec<(Condition, &'d Positioned<DocumentField>)>,
    ) -> Self {
        Self { first, all, places: Vec::new() }
    }

    /// Its occurrences in this fragment alone; outside of all, if it is none.
    pub(super) fn under(&self, usage: Option<&Arc<Usage>>) -> Self {
        let of = |condition: &Condition| match (&condition.usage, usage) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        let all: Vec<_> = self.all.iter().filter(|(condition, _)| of(condition)).cloned().collect();
        Self { first: all.first().map_or(self.first, |(_, field)| field), places: vec![0; all.len()], all }
    }

    /// Where it may stand in the answer.
    pub fn places(&self) -> Places {
        let occurrences = self.places.iter().zip(&self.all);
        Places(
            occurrences.map(|(place, (condition, field))| (*place, field.pos, condition.clone())).collect(),
        )
    }

    /// The selection sets that merge below.
    pub fn occurrences(&self) -> Vec<Occurrence<'d>> {
        self.all
            .iter()
            .map(|(condition, field)| Occurrence {
                condition: condition.clone(),
                set: &field.node.selection_set.node,
            })
            .collect()
    }

    /// The key in the response.
    pub fn key(&self) -> &'d Name {
        &self.first.node.response_key().node
    }

    /// Any of these must hold; none: always selected.
    pub fn conditions(&self) -> Vec<Condition> {
        if self.all.iter().any(|(condition, _)| condition.is_empty()) {
            return Vec::new();
        }
        self.all.iter().map(|(condition, _)| condition.clone()).collect()
    }
}

/// The places of a key among its object's fields, each under its condition. The first that holds counts (§6.3.2).
#[derive(Clone)]
pub struct Places(Vec<(usize, Pos, Condition)>);

impl Places {
    /// Not always the first one counts: the order of the answer's keys hangs on variables.
    pub fn vary(&self) -> bool {
        self.0.len() > 1 && self.0.first().is_some_and(|(.., condition)| !condition.is_empty())
    }

    /// The one that counts, and where that stands in the document. None: not selected.
    pub fn first(&self, variable: impl Fn(&Name) -> Option<bool>) -> Option<(usize, Pos)> {
        let mut places = self.0.iter();
        places.find(|(.., condition)| met(condition, &variable)).map(|(place, pos, _)| (*place, *pos))
    }
}

fn met(condition: &Condition, variable: impl Fn(&Name) -> Option<bool>) -> bool {
    condition.terms.iter().all(|term| variable(&term.variable) == Some(term.wanted))
}

/// Whether a selection is active: one of `any` holds with all its terms.
pub fn holds(any: &[Condition], variable: impl Fn(&Name) -> Option<bool>) -> bool {
    any.is_empty() || any.iter().any(|all| met(all, &variable))
}

/// The document and the schema, while plans are made.
#[derive(Clone)]
pub struct Compiler<'d> {
    /// By name.
    pub fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    /// For unions and interfaces.
    pub registry: &'d Registry,
    /// How many questions stand between the root and what is compiled: a call's wave.
    pub depth: u32,
    /// Something was compiled whose answer may differ from caller to caller.
    private: &'d Cell<bool>,
    /// The response keys from the root to what is compiled: an edge's name in the account of a fan-out.
    pub edge: Arc<str>,
    /// The edge whose answer is compiled here: what is asked below it is asked in the moment when it is there.
    pub origin: Arc<str>,
    /// Where the document is cut; None: nothing is put off.
    cutting: Option<&'d Cutting>,
    /// What all that is compiled here waits for.
    within: SetId,
    /// Nothing else of the operation is gathered beside what is compiled.
    alone: bool,
    /// What each object costs that the field leads to.
    weight: u64,
    /// What of the schema is there; None: all of it.
    view: Option<&'d View>,
}

impl<'d> Compiler<'d> {
    /// At the root with this key, `alone` if there is no other. `private` is set by what is compiled, if it is the
    /// caller's own.
    pub fn new(
        root: &str,
        fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
        registry: &'d Registry,
        private: &'d Cell<bool>,
        alone: bool,
    ) -> Self {
        Self {
            fragments,
            registry,
            depth: 0,
            private,
            edge: root.into(),
            origin: "".into(),
            cutting: None,
            within: SetId::default(),
            alone,
            weight: 1,
            view: None,
        }
    }

    /// The same for a root that stands in this type.
    #[must_use]
    pub(super) fn at_root(self, object: &str, field: &Name) -> Self {
        let weight = tag(self.registry, object, field).0.of_object();
        Self { weight, ..self }
    }

    /// The same for whoever sees this of the schema.
    #[must_use]
    pub(crate) fn seen(self, view: Option<&'d View>) -> Self {
        Self { view, ..self }
    }

    /// The same where the document is cut, for what waits for `within`.
    #[must_use]
    pub(crate) fn cut(self, cutting: &'d Cutting, within: SetId) -> Self {
        Self { cutting: Some(cutting), within, ..self }
    }

    pub(super) fn within(&self) -> SetId {
        self.within
    }

    /// The same for a part.
    pub(super) fn waiting_for(&self, set: SetId) -> Self {
        Self { within: set, ..self.clone() }
    }

    /// A question of this scope is asked here: whatever asks one says so, or its answers are taken for public.
    pub fn asks(&self, scope: Scope) {
        if scope == Scope::Caller {
            self.private.set(true);
        }
    }

    /// What is compiled behind a question's answer.
    #[must_use]
    pub fn deeper(&self) -> Self {
        Compiler { depth: self.depth + 1, edge: self.edge.clone(), origin: self.edge.clone(), ..*self }
    }

    /// What is compiled beside something else: both may ask at the same time.
    #[must_use]
    pub fn beside(&self) -> Self {
        Compiler { edge: self.edge.clone(), origin: self.origin.clone(), alone: false, ..*self }
    }

    /// What is compiled of a field below, each of whose objects costs so much.
    fn below(&self, key: &Name, weight: u64) -> Compiler<'_> {
        let edge = format!("{}.{key}", self.edge).into();
        Compiler { edge, origin: self.origin.clone(), weight, ..*self }
    }

    /// Where a question of this edge is asked; [`deeper`](Self::deeper) compiles its answer.
    pub(super) fn place(&self) -> Place {
        Place {
            wave: self.depth + 1,
            edge: self.edge.clone(),
            origin: self.origin.clone(),
            alone: self.alone,
        }
    }

    /// Merges what is selected on the object type `object` (CollectFields, §6.3.2).
    pub fn collect(&self, object: &str, occurrences: &[Occurrence<'d>]) -> Collected<'d> {
        let mut fields = Fields::default();
        for occurrence in occurrences {
            self.collect_set(object, &occurrence.condition, occurrence.set, &mut fields);
        }
        Collected { merged: fields.merged, usages: fields.usages }
    }

    fn collect_set(&self, object: &str, around: &Condition, set: &'d SelectionSet, fields: &mut Fields<'d>) {
        for selection in &set.items {
            let Some(condition) = self.narrowed(around, selection.node.directives()) else { continue };
            let (on, below) = match &selection.node {
                Selection::Field(field) => {
                    fields.add(condition, field);
                    continue;
                }
                Selection::InlineFragment(fragment) => (
                    fragment.node.type_condition.as_ref().map(|on| &on.node.on.node),
                    &fragment.node.selection_set.node,
                ),
                Selection::FragmentSpread(spread) => {
                    let Some((name, fragment)) =
                        self.fragments.get_key_value(&spread.node.fragment_name.node)
                    else {
                        continue;
                    };
                    if let Some(cutting) = self.cutting
                        && !fields.spreads(name, cutting.of_spread(around, &spread.node.directives))
                    {
                        continue;
                    }
                    (Some(&fragment.node.type_condition.node.on.node), &fragment.node.selection_set.node)
                }
            };
            if on.is_none_or(|on| self.applies(object, on)) {
                let condition = match self.cutting {
                    Some(cutting) => {
                        cutting.deferred(condition, selection.node.directives(), &mut fields.usages)
                    }
                    None => condition,
                };
                self.collect_set(object, &condition, below, fields);
            }
        }
    }

    fn narrowed(&self, around: &Condition, directives: &[Positioned<Directive>]) -> Option<Condition> {
        match self.cutting {
            Some(cutting) => cutting.selects(directives).then(|| around.clone()),
            None => narrowed(around, directives),
        }
    }

    /// The JSON text in the place of a field that is not there yet.
    fn hidden(&self, object: &str, field: &str) -> Option<&'d [u8]> {
        Some(self.view?.hidden(object, field)?)
    }

    /// What is done to the values of a field, if they are an enum's some of which are not there yet.
    fn renaming(&self, object: &str, field: &str) -> Option<&'d Arc<Renaming>> {
        let view = self.view?;
        view.renaming(&self.registry.types.get(object)?.field_by_name(field)?.ty)
    }

    /// DoesFragmentTypeApply (§6.3.2).
    fn applies(&self, object: &str, on: &str) -> bool {
        object == on
            || match self.registry.types.get(on) {
                Some(MetaType::Interface { possible_types, .. } | MetaType::Union { possible_types, .. }) => {
                    possible_types.contains(object)
                }
                _ => false,
            }
    }
}

/// What is selected on an object type.
pub struct Collected<'d> {
    /// By response key, in the order of their first occurrence.
    pub merged: Vec<Merged<'d>>,
    /// The `@defer`s that were met, outer ones first.
    pub(crate) usages: Vec<Arc<Usage>>,
}

/// Fields by response key, in the order of their first occurrence.
#[derive(Default)]
struct Fields<'d> {
    merged: Vec<Merged<'d>>,
    usages: Vec<Arc<Usage>>,
    /// The fragments that were spread, and under which `@defer`, where the document is cut.
    spread: Vec<(&'d Name, Option<Pos>)>,
    at: HashMap<&'d str, usize>,
    count: usize,
}

impl<'d> Fields<'d> {
    /// Whether a fragment brings anything here that it did not bring before.
    fn spreads(&mut self, name: &'d Name, defer: Option<Pos>) -> bool {
        let known = |(known, at): &(&Name, Option<Pos>)| *known == name && (at.is_none() || *at == defer);
        if self.spread.iter().any(known) {
            return false;
        }
        self.spread.push((name, defer));
        true
    }

    fn add(&mut self, condition: Condition, field: &'d Positioned<DocumentField>) {
        let key = field.node.response_key().node.as_str();
        match self.at.get(key).and_then(|at| self.merged.get_mut(*at)) {
            Some(merged) => {
                merged.all.push((condition, field));
                merged.places.push(self.count);
            }
            None => {
                self.at.insert(key, self.merged.len());
                self.merged.push(Merged {
                    first: field,
                    all: vec![(condition, field)],
                    places: vec![self.count],
                });
            }
        }
        self.count += 1;
    }
}

/// The condition with `@skip` and `@include` added; None if the selection is off whatever the variables are.
fn narrowed(around: &Condition, directives: &[Positioned<Directive>]) -> Option<Condition> {
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

/// What is selected on an object type, in document order.
pub struct ObjectPlan<R> {
    pub(super) fields: Vec<Selected<R>>,
    /// What each row costs, its fields aside.
    pub(super) weight: u64,
    /// All fields are unconditional leaves: nothing is to be gathered.
    pub(super) flat: bool,
    /// Where each field may stand, if their order hangs on variables.
    places: Option<Vec<Places>>,
    /// What comes later, where the document is cut.
    pub(super) cut: Option<Box<Cut<R>>>,
}

impl<R> ObjectPlan<R> {
    /// The selected fields in the order of the answer, each with its place in the document, where these are not the
    /// plan's.
    pub(super) fn order(&self, variable: impl Fn(&Name) -> Option<bool>) -> Option<Vec<(usize, Pos)>> {
        let places = self.places.as_ref()?.iter().enumerate();
        let mut order: Vec<_> = places
            .filter_map(|(at, places)| places.first(&variable).map(|(place, pos)| (place, at, pos)))
            .collect();
        order.sort_unstable_by_key(|(place, ..)| *place);
        Some(order.into_iter().map(|(_, at, pos)| (at, pos)).collect())
    }
}

/// One selected field.
pub(super) struct Selected<R> {
    pub key: Name,
    /// `,"key":`, as it is written.
    pub lead: Box<[u8]>,
    pub pos: Pos,
    pub conditions: Vec<Condition>,
    pub guard: Option<&'static dyn FieldGuard>,
    pub nullable: bool,
    /// What it costs in each row, if it says so itself; objects below it count for themselves. Edges alone can say so.
    pub weight: u64,
    pub kind: Kind<R>,
}

pub(super) enum Kind<R> {
    /// Of every row, as it is written: `__typename`, or what stands in the place of a field.
    Constant(Box<[u8]>),
    Leaf(LeafFn<R>),
    /// A leaf whose values are renamed.
    Renamed(LeafFn<R>, Arc<Renaming>),
    Node(Box<dyn Node<R>>),
}

impl<R: 'static> Kind<R> {
    fn renamed(self, renaming: Arc<Renaming>) -> Self {
        match self {
            Self::Leaf(put) => Self::Renamed(put, renaming),
            Self::Node(node) => Self::Node(Box::new(Renamed { node, renaming })),
            other => other,
        }
    }
}

/// Compiles an object's selection.
///
/// # Errors
/// A field that the type does not have. Validation comes first, so this says that SDL and tables disagree.
pub fn compile_object<R: Entity>(
    compiler: &Compiler<'_>,
    occurrences: &[Occurrence<'_>],
) -> Result<ObjectPlan<R>, Fault> {
    // The compiler's borrow outlives the occurrences': shorten it to theirs.
    let compiler: Compiler<'_> =
        Compiler { edge: compiler.edge.clone(), origin: compiler.origin.clone(), ..*compiler };
    let collected = compiler.collect(&R::name(), occurrences);
    match compiler.cutting {
        None => compile_fields(&compiler, collected.merged),
        Some(cutting) => compile_cut(&compiler, cutting, collected),
    }
}

/// Compiles these fields of an object, that were collected of its selection.
pub(super) fn compile_fields<R: Entity>(
    compiler: &Compiler<'_>,
    merged: Vec<Merged<'_>>,
) -> Result<ObjectPlan<R>, Fault> {
    let object = R::name();
    let is_node = |merged: &&Merged<'_>| {
        let name = &merged.first.node.name.node;
        R::field(name).is_some_and(|field| matches!(field.how, How::Node(_)))
            && compiler.hidden(&object, name).is_none()
    };
    let beside = (merged.iter().filter(is_node).count() > 1).then(|| compiler.beside());
    let compiler = beside.as_ref().unwrap_or(compiler);
    let mut fields = Vec::new();
    let mut places = Vec::new();
    for merged in merged {
        places.push(merged.places());
        let field = &merged.first.node;
        let (kind, guard, nullable, weight) = if field.name.node == "__typename" {
            (Kind::Constant(format!("\"{object}\"").into_bytes().into()), None, false, 0)
        } else if let Some(text) = compiler.hidden(&object, &field.name.node) {
            // Neither asked nor guarded: it is not there.
            (Kind::Constant(text.into()), None, false, 0)
        } else {
            let Some(known) = R::field(&field.name.node) else {
                return Err(Fault::new(
                    Code::GraphqlValidationFailed,
                    format!("Cannot query field \"{}\" on type \"{object}\".", field.name.node),
                ));
            };
            if known.guard.is_some() {
                compiler.private.set(true);
            }
            let (tag, composite, list) = tag(compiler.registry, &object, &field.name.node);
            let weight = if composite { 0 } else { tag.of_leaf(list) };
            let kind = match known.how {
                How::Leaf(put) => Kind::Leaf(put),
                How::Node(compile) => {
                    Kind::Node(compile(&compiler.below(merged.key(), tag.of_object()), &merged)?)
                }
            };
            let kind = match compiler.renaming(&object, &field.name.node) {
                Some(renaming) => kind.renamed(renaming.clone()),
                None => kind,
            };
            (kind, known.guard, known.nullable, weight)
        };
        fields.push(Selected {
            key: merged.key().clone(),
            lead: format!(",\"{}\":", merged.key()).into_bytes().into(),
            pos: merged.first.pos,
            conditions: merged.conditions(),
            guard,
            nullable,
            weight,
            kind,
        });
    }
    let places = places.iter().any(Places::vary).then_some(places);
    let flat = places.is_none()
        && fields.iter().all(|field| {
            field.conditions.is_empty() && field.guard.is_none() && !matches!(field.kind, Kind::Node(_))
        });
    Ok(ObjectPlan { fields, weight: compiler.weight, flat, places, cut: None })
}

/// What a field says of its cost, whether objects stand below it, and whether it is a list.
pub(super) fn tag(registry: &Registry, object: &str, field: &str) -> (Tag, bool, bool) {
    let Some(meta) = registry.types.get(object).and_then(|ty| ty.field_by_name(field)) else {
        return (Tag::default(), false, false);
    };
    // A tag that is no number has kept the server from starting.
    let tag = Tag::of(meta).unwrap_or_default();
    let composite = registry.concrete_type_by_name(&meta.ty).is_some_and(MetaType::is_composite);
    (tag, composite, meta.ty.contains('['))
}

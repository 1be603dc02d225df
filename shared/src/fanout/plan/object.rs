//! What is selected on an object type, compiled: its fields in the order of the document, each with how it is answered.

use super::{
    super::{
        Code, Fault, Node,
        defer::{Cut, compile_cut},
        row::Entity,
        view::{Renamed, Renaming},
    },
    Compiler, Condition, FieldGuard, How, LeafFn, Merged, Occurrence, Places,
};
use crate::graphql::Tag;
use async_graphql::{
    Name, Pos,
    registry::{MetaType, Registry},
};
use std::sync::Arc;

/// What is selected on an object type, in document order.
pub struct ObjectPlan<R> {
    pub(in crate::fanout) fields: Vec<Selected<R>>,
    /// What each row costs, its fields aside.
    pub(in crate::fanout) weight: u64,
    /// All fields are unconditional leaves: nothing is to be gathered.
    pub(in crate::fanout) flat: bool,
    /// Where each field may stand, if their order hangs on variables.
    places: Option<Vec<Places>>,
    /// What comes later, where the document is cut.
    pub(in crate::fanout) cut: Option<Box<Cut<R>>>,
}

impl<R> ObjectPlan<R> {
    /// The selected fields in the order of the answer, each with its place in the document, where these are not the
    /// plan's.
    pub(in crate::fanout) fn order(
        &self,
        variable: impl Fn(&Name) -> Option<bool>,
    ) -> Option<Vec<(usize, Pos)>> {
        let places = self.places.as_ref()?.iter().enumerate();
        let mut order: Vec<_> = places
            .filter_map(|(at, places)| places.first(&variable).map(|(place, pos)| (place, at, pos)))
            .collect();
        order.sort_unstable_by_key(|(place, ..)| *place);
        Some(order.into_iter().map(|(_, at, pos)| (at, pos)).collect())
    }
}

/// One selected field.
pub(in crate::fanout) struct Selected<R> {
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

pub(in crate::fanout) enum Kind<R> {
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
pub(in crate::fanout) fn compile_fields<R: Entity>(
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
pub(in crate::fanout) fn tag(registry: &Registry, object: &str, field: &str) -> (Tag, bool, bool) {
    let Some(meta) = registry.types.get(object).and_then(|ty| ty.field_by_name(field)) else {
        return (Tag::default(), false, false);
    };
    // A tag that is no number has kept the server from starting.
    let tag = Tag::of(meta).unwrap_or_default();
    let composite = registry.concrete_type_by_name(&meta.ty).is_some_and(MetaType::is_composite);
    (tag, composite, meta.ty.contains('['))
}

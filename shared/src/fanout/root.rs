//! From a root of async-graphql into the executor and back: the whole subtree, as one raw value.

use super::{
    Arena, Ask, AskEach, Asking, Bubble, Code, Compiler, Cx, Fault, Have, Merged, Out, Path, Question, Row,
    Shape, Step, Then, Type,
    defer::{self, Begun, Cutting, SetId},
    loader::Loader,
    plan::{self, Condition, Places, holds},
    view::View,
};
use async_graphql::{
    ContextSelectionSet, Name, OutputType, PathSegment, Pos, Positioned, QueryPathSegment, ServerError,
    ServerResult, Value, Variables,
    parser::types::{Field, FragmentDefinition, OperationType},
    registry::Registry,
};
use bytes::Bytes;
use parking_lot::Mutex;
use std::{
    any::Any,
    borrow::Cow,
    cell::Cell,
    collections::HashMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

/// The key of an object that stands for a raw JSON text: serde_json's own, which async-graphql's values know too.
///
/// Below a root the text is bytes, so that async-graphql carries it through as it is: neither checked nor copied. No
/// value that a resolver returns looks so, as no JSON has bytes.
pub(crate) const RAW: &str = "$serde_json::private::RawValue";
/// The raw text of a value that failed where null is not allowed.
pub(crate) const FAILED_ROOT: Bytes = Bytes::new();

/// One operation of a prepared document: what is known of its roots, once for all requests.
pub(crate) struct Operation {
    pub ty: OperationType,
    pub roots: Vec<RootField>,
    pub fragments: Arc<HashMap<Name, Positioned<FragmentDefinition>>>,
    pub registry: Arc<Registry>,
    /// Unlike any other operation's that this process has seen.
    pub id: u64,
    /// Its answer was found to be the caller's own.
    private: AtomicBool,
    /// Where the document is cut, and what these roots wait for.
    cutting: Option<(Arc<Cutting>, SetId)>,
    /// What of the schema is there for whom it is; None: all of it.
    pub view: Option<Arc<View>>,
}

/// A root field, with all its occurrences merged.
pub(crate) struct RootField {
    pub key: Name,
    /// `"key":`, as it is written.
    pub lead: Box<[u8]>,
    pub pos: Pos,
    pub ty: Type,
    pub conditions: Vec<Condition>,
    pub occurrences: Vec<(Condition, Positioned<Field>)>,
    pub places: Places,
    /// The JSON text that stands there for those who see less than the whole schema.
    pub hidden: Option<Bytes>,
    plan: OnceLock<Result<Planned, Fault>>,
}

#[derive(Clone)]
struct Planned {
    plan: Arc<dyn Any + Send + Sync>,
    /// The longest answer so far: the next buffer's size.
    size: Arc<AtomicUsize>,
    /// Something in it is the caller's own.
    private: bool,
}

impl RootField {
    pub fn new(merged: &Merged<'_>, ty: Type, hidden: Option<Bytes>) -> Self {
        Self {
            key: merged.key().clone(),
            lead: serde_json::to_vec(merged.key().as_str())
                .map(|mut lead| {
                    lead.push(b':');
                    lead
                })
                .unwrap_or_default()
                .into(),
            pos: merged.first.pos,
            ty,
            conditions: merged.conditions(),
            places: merged.places(),
            hidden,
            occurrences: merged
                .all
                .iter()
                .map(|(condition, field)| (condition.clone(), (*field).clone()))
                .collect(),
            plan: OnceLock::new(),
        }
    }

    /// In the schema.
    fn name(&self) -> &str {
        self.occurrences.first().map_or("", |(_, field)| field.node.name.node.as_str())
    }

    fn planned<P: Send + Sync + 'static>(
        &self,
        compile: impl FnOnce(&Merged<'_>, &Cell<bool>) -> Result<P, Fault>,
    ) -> Result<(Arc<P>, Arc<AtomicUsize>), Fault> {
        let planned = self.plan.get_or_init(|| {
            let first = &self.occurrences.first().ok_or_else(Fault::internal)?.1;
            let all = self.occurrences.iter().map(|(condition, field)| (condition.clone(), field)).collect();
            let private = Cell::new(false);
            let plan = compile(&Merged::alone(first, all), &private)?;
            Ok(Planned {
                plan: Arc::new(plan),
                size: Arc::new(AtomicUsize::new(256)),
                private: private.get(),
            })
        });
        let Planned { plan, size, .. } = planned.clone()?;
        // A root has one type, so its plan has one too.
        let plan = plan.downcast::<P>().map_err(|_| Fault::internal())?;
        Ok((plan, size))
    }

    /// Known to be the same for every caller. What has no plan never is: it did not run yet, or a resolver written by
    /// hand answers it.
    fn is_public(&self) -> bool {
        let planned = self.plan.get().is_some_and(|plan| plan.as_ref().is_ok_and(|plan| !plan.private));
        planned
            || self.hidden.is_some()
            || self.occurrences.first().is_some_and(|(_, field)| field.node.name.node == "__typename")
    }
}

/// A running operation: what every root of it finds in its context.
pub(crate) struct Execution {
    pub loader: Arc<Loader>,
    pub operation: Arc<Operation>,
    /// Where it is noted what is put off.
    pub begun: Option<Arc<Begun>>,
    /// What the next event's questions are asked over, if whoever heard of it has made that already.
    next: Mutex<Option<Arc<Loader>>>,
    /// Why there will be no more events.
    end: Mutex<Option<Fault>>,
    /// How many bytes longer the answer may become. Roots answer each for itself, but all of them in one answer.
    room: AtomicUsize,
}

impl Operation {
    pub fn new(
        ty: OperationType,
        roots: Vec<RootField>,
        fragments: Arc<HashMap<Name, Positioned<FragmentDefinition>>>,
        registry: Arc<Registry>,
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Relaxed);
        Self {
            ty,
            roots,
            fragments,
            registry,
            id,
            private: AtomicBool::new(false),
            cutting: None,
            view: None,
        }
    }

    /// The same for those who see this of the schema.
    pub fn seen(self, view: Option<Arc<View>>) -> Self {
        Self { view, ..self }
    }

    /// The same where the document is cut, of the roots that wait for `within`.
    pub fn cut(self, cutting: Arc<Cutting>, within: SetId) -> Self {
        Self { cutting: Some((cutting, within)), ..self }
    }

    /// Known to be answered with the same bytes whoever asks: a query whose selected roots are all plans of public
    /// questions without a guard, that nobody was seen to look at the caller for.
    pub fn is_public(&self, variables: &Variables) -> bool {
        self.ty == OperationType::Query
            && !self.private.load(Relaxed)
            && self.selected(variables).iter().all(|root| root.is_public())
    }

    /// Its answer was made with a look at the caller: from now on nobody shares it.
    pub fn found_private(&self) {
        self.private.store(true, Relaxed);
    }

    /// The roots that a request selects, in the order of its answer.
    pub fn selected(&self, variables: &Variables) -> Vec<&RootField> {
        let selected =
            self.roots.iter().filter(|root| holds(&root.conditions, |name| boolean(variables, name)));
        let mut selected: Vec<_> = selected.collect();
        if self.roots.iter().any(|root| root.places.vary()) {
            selected.sort_by_key(|root| root.places.first(|name| boolean(variables, name)));
        }
        selected
    }

    /// The type that its roots are fields of.
    fn root_type(&self) -> &str {
        match self.ty {
            OperationType::Query => Some(self.registry.query_type.as_str()),
            OperationType::Mutation => self.registry.mutation_type.as_deref(),
            OperationType::Subscription => self.registry.subscription_type.as_deref(),
        }
        .unwrap_or_default()
    }

    /// What those of the selected roots cost that have no objects below them, if they say so.
    pub fn leaves_cost(&self, variables: &Variables) -> u64 {
        let cost = |root: &&RootField| {
            let (tag, composite, list) = plan::tag(&self.registry, self.root_type(), root.name());
            if composite || root.hidden.is_some() { 0 } else { tag.of_leaf(list) }
        };
        self.selected(variables).iter().map(cost).fold(0, u64::saturating_add)
    }

    /// Where a root stands in the document, for this request.
    pub fn place(&self, key: &str, variables: &Variables) -> Option<Pos> {
        let root = self.roots.iter().find(|root| root.key.as_str() == key)?;
        root.places.first(|name| boolean(variables, name)).map(|(_, pos)| pos)
    }

    /// Which of the roots a path of the response begins with, counted in the order of the document.
    pub fn root_of(&self, path: &[PathSegment]) -> Option<usize> {
        match path.first() {
            Some(PathSegment::Field(key)) => self.roots.iter().position(|root| root.key.as_str() == key),
            _ => None,
        }
    }

    /// Whether a root returns a list of lists.
    pub fn nests(&self) -> bool {
        self.roots.iter().any(|root| root.ty.nests())
    }

    pub fn root_at(&self, pos: Pos) -> Option<&RootField> {
        self.roots.iter().find(|root| root.pos == pos)
    }
}

fn boolean(variables: &Variables, name: &Name) -> Option<bool> {
    match variables.get(name) {
        Some(Value::Boolean(value)) => Some(*value),
        _ => None,
    }
}

impl Execution {
    pub fn new(loader: Arc<Loader>, operation: Arc<Operation>, begun: Option<Arc<Begun>>) -> Self {
        let room = begun.as_ref().map_or(loader.request().answer_bytes, |begun| begun.delivery.room());
        Self {
            loader,
            operation,
            begun,
            next: Mutex::default(),
            end: Mutex::default(),
            room: AtomicUsize::new(room),
        }
    }

    /// A root has become so long. Each event of a subscription is an answer by itself, of one root.
    fn writes(&self, bytes: usize) {
        if self.operation.ty != OperationType::Subscription {
            let _ = self.room.fetch_update(Relaxed, Relaxed, |room| Some(room.saturating_sub(bytes)));
        }
    }

    /// The loader for a value of this operation. Each event of a subscription is a request of its own: it has its own
    /// deadline, and must not be answered from what was known at the last one.
    fn loader(&self) -> Arc<Loader> {
        match self.operation.ty {
            OperationType::Subscription => {
                self.next.lock().take().unwrap_or_else(|| self.loader.for_next_event())
            }
            _ => self.loader.clone(),
        }
    }

    /// The next event is answered over this loader.
    pub fn answers_next(&self, loader: Arc<Loader>) {
        *self.next.lock() = Some(loader);
    }

    /// The subscription is about to end, for this reason.
    pub fn ends_with(&self, fault: Fault) {
        *self.end.lock() = Some(fault);
    }

    /// Why it ended, if there is a reason to tell.
    pub fn end(&self) -> Option<Fault> {
        self.end.lock().take()
    }
}

/// Answers `ask` and all that is selected below, and wraps the text so that async-graphql carries it through.
pub(super) async fn resolve<A: Asking>(
    ask: A,
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
) -> ServerResult<Value> {
    let execution = execution(ctx, field)?;
    let (plan, size) = execution.plan(ctx, field, A::compile)?;
    let loader = execution.loader();
    if let Some(begun) = &execution.begun {
        let root = defer::Root {
            ask,
            plan,
            loader: loader.clone(),
            variables: ctx.query_env.variables.clone(),
            pos: field.pos,
            path: here(ctx),
            size: size.load(Relaxed),
            room: execution.room.load(Relaxed),
        };
        let resolved = defer::resolve(root, begun).await;
        let (written, out) = resolved.ok_or_else(|| Fault::internal().at(field.pos, here(ctx)))?;
        return Ok(finish(written, out, execution, &loader, &size, ctx));
    }
    let arena = Arena::default();
    let cx =
        Cx { request: loader.request(), loader: &loader, arena: &arena, variables: &ctx.query_env.variables };
    let gathered = A::gather(vec![ask], &plan, &cx).wait().await;
    let mut out = Out::new(size.load(Relaxed), execution.room.load(Relaxed), here(ctx));
    let written = gathered.write(0, &mut out, &Path::root(field.pos));
    Ok(finish(written, out, execution, &loader, &size, ctx))
}

/// The same for a row that a root returned as it is.
#[doc(hidden)]
pub async fn resolve_row<R: Row + Clone>(
    row: &R,
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
) -> ServerResult<Value> {
    let execution = execution(ctx, field)?;
    if execution.begun.is_some() {
        // It is lent for no longer than this, and what is put off needs it later.
        return resolve(Have::one(row.clone()), ctx, field).await;
    }
    let (plan, size) =
        execution.plan(ctx, field, |compiler, merged| R::compile(compiler, &merged.occurrences()))?;
    let loader = execution.loader();
    let arena = Arena::default();
    let cx =
        Cx { request: loader.request(), loader: &loader, arena: &arena, variables: &ctx.query_env.variables };
    let level = R::gather(&plan, vec![row], &cx).wait().await;
    let mut out = Out::new(size.load(Relaxed), execution.room.load(Relaxed), here(ctx));
    let written = R::write(&plan, &level, 0, &mut out, &Path::root(field.pos));
    Ok(finish(written, out, execution, &loader, &size, ctx))
}

fn execution<'a>(
    ctx: &'a ContextSelectionSet<'_>,
    field: &Positioned<Field>,
) -> ServerResult<&'a Arc<Execution>> {
    ctx.data_opt::<Arc<Execution>>().ok_or_else(|| {
        tracing::error!("an operation runs outside of the engine: execute it through bff::graphql::Engine");
        Fault::internal().at(field.pos, here(ctx))
    })
}

impl Execution {
    fn plan<P: Send + Sync + 'static>(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
        compile: impl FnOnce(&Compiler<'_>, &Merged<'_>) -> Result<P, Fault>,
    ) -> ServerResult<(Arc<P>, Arc<AtomicUsize>)> {
        let root = self.operation.root_at(field.pos).ok_or_else(Fault::internal);
        root.and_then(|root| {
            root.planned(|merged, private| {
                let operation = &self.operation;
                // What is put off may be asked beside anything.
                let alone = operation.roots.len() == 1 && operation.cutting.is_none();
                let compiler =
                    Compiler::new(merged.key(), &operation.fragments, &operation.registry, private, alone)
                        .at_root(operation.root_type(), &merged.first.node.name.node)
                        .seen(operation.view.as_deref());
                match &operation.cutting {
                    Some((cutting, within)) => compile(&compiler.cut(cutting, *within), merged),
                    None => compile(&compiler, merged),
                }
            })
        })
        .map_err(|fault| fault.at(field.pos, here(ctx)))
    }
}

/// The text as a value, and the errors where async-graphql collects them.
fn finish(
    written: Result<(), Bubble>,
    mut out: Out,
    execution: &Execution,
    loader: &Loader,
    size: &AtomicUsize,
    ctx: &ContextSelectionSet<'_>,
) -> Value {
    size.fetch_max(out.buf.len() + 64, Relaxed);
    if out.is_full() {
        out.errors = vec![too_long(ctx.item.pos, here(ctx))];
    }
    for error in out.errors.drain(..) {
        ctx.add_error(error);
    }
    if written.is_ok() && !out.is_full() {
        execution.writes(out.buf.len());
        loader.stats().degraded(out.degraded);
    }
    let text = match written {
        Ok(()) => Bytes::from(out.buf),
        Err(Bubble) => FAILED_ROOT,
    };
    raw_value(text)
}

/// A JSON text, as async-graphql carries it through.
pub(crate) fn raw_value(text: Bytes) -> Value {
    Value::Object([(Name::new(RAW), Value::Binary(text))].into_iter().collect())
}

pub(super) fn too_long(pos: Pos, path: Vec<PathSegment>) -> ServerError {
    let message =
        "The answer would be longer than this server writes. Ask for fewer items, or for less of each.";
    Fault::new(Code::DocumentTooComplex, message).at(pos, path)
}

/// The path of the value that is being resolved.
fn here(ctx: &ContextSelectionSet<'_>) -> Vec<PathSegment> {
    let segment = |segment: &QueryPathSegment<'_>| match segment {
        QueryPathSegment::Index(index) => PathSegment::Index(*index),
        QueryPathSegment::Name(name) => PathSegment::Field((*name).to_owned()),
    };
    let Some(node) = &ctx.path_node else { return Vec::new() };
    let mut path: Vec<_> = node.parents().map(|parent| segment(&parent.segment)).collect();
    path.insert(0, segment(&node.segment));
    path.reverse();
    path
}

macro_rules! output_type {
    ([$($generics:tt)*] $type:ty, $row:ty, $shape:ty) => {
        impl<$($generics)*> OutputType for $type {
            fn type_name() -> Cow<'static, str> {
                <$shape>::named(&<$row as OutputType>::type_name()).into()
            }

            fn qualified_type_name() -> String {
                <$shape>::qualified(&<$row as OutputType>::type_name())
            }

            fn create_type_info(registry: &mut Registry) -> String {
                <$row as OutputType>::create_type_info(registry);
                Self::qualified_type_name()
            }

            async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
                resolve(self.clone(), ctx, field).await
            }
        }
    };
}

output_type!([Q: Question, S: Shape] Ask<Q, S>, Q::Row, S);
output_type!([Q: Question] AskEach<Q>, Q::Row, super::OptionalMany);
output_type!([R: Row, S: Shape] Have<R, S>, R, S);

impl<P: Step, A: Asking + OutputType> OutputType for Then<P, A> {
    fn type_name() -> Cow<'static, str> {
        A::type_name()
    }

    fn qualified_type_name() -> String {
        A::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        A::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        resolve(self.clone(), ctx, field).await
    }
}

impl<V: super::Leaf + Clone + 'static> OutputType for super::Just<V> {
    fn type_name() -> Cow<'static, str> {
        V::type_name()
    }

    fn qualified_type_name() -> String {
        V::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        V::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        resolve(self.clone(), ctx, field).await
    }
}

/// Makes a [`Row`] and an output type of an [`Entity`](super::Entity): what `#[entity]` adds to the tables.
#[doc(hidden)]
#[macro_export]
macro_rules! __entity {
    ([$($generics:tt)*] $type:ty, |$registry:ident| $describe:block) => {
        $crate::__entity!([$($generics)*] $type, fields [], |$registry| $describe);
    };
    ([$($generics:tt)*] $type:ty, fields [$($field:literal),*], |$registry:ident| $describe:block) => {
        impl<$($generics)*> $crate::fanout::Row for $type {
            type Plan = $crate::fanout::ObjectPlan<Self>;
            type Level<'p> = $crate::fanout::Level<'p, Self>;
            const FIELDS: &'static [&'static str] = &[$($field),*];

            fn compile(
                compiler: &$crate::fanout::Compiler<'_>,
                occurrences: &[$crate::fanout::plan::Occurrence<'_>],
            ) -> ::std::result::Result<Self::Plan, $crate::Fault> {
                $crate::fanout::compile_object(compiler, occurrences)
            }
            fn gather<'p>(
                plan: &'p Self::Plan,
                rows: ::std::vec::Vec<&'p Self>,
                cx: &'p $crate::fanout::Cx<'p>,
            ) -> $crate::fanout::Gathering<'p, Self::Level<'p>> {
                $crate::fanout::gather_object(plan, rows, cx)
            }
            fn write(
                plan: &Self::Plan,
                level: &Self::Level<'_>,
                i: usize,
                out: &mut $crate::fanout::Out,
                path: &$crate::fanout::Path<'_>,
            ) -> ::std::result::Result<(), $crate::fanout::Bubble> {
                $crate::fanout::write_object(plan, level, i, out, path)
            }
            fn deferred<'s, 'p: 's>(
                plan: &'s Self::Plan,
                level: &'s Self::Level<'p>,
                found: &mut $crate::fanout::Deferred<'s>,
            ) {
                $crate::fanout::deferred_object(plan, level, found);
            }
        }

        impl<$($generics)*> $crate::async_graphql::OutputType for $type {
            fn type_name() -> ::std::borrow::Cow<'static, str> {
                <Self as $crate::fanout::Entity>::name()
            }
            fn create_type_info($registry: &mut $crate::async_graphql::registry::Registry) -> ::std::string::String $describe
            async fn resolve(
                &self,
                ctx: &$crate::async_graphql::ContextSelectionSet<'_>,
                field: &$crate::async_graphql::Positioned<$crate::async_graphql::parser::types::Field>,
            ) -> $crate::async_graphql::ServerResult<$crate::async_graphql::Value> {
                $crate::fanout::resolve_row(self, ctx, field).await
            }
        }
    };
}

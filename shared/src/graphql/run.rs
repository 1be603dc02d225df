//! Runs the roots of an operation.
//!
//! They are a flat list without duplicates, guarded, validated and with values for variables: what async-graphql would do
//! before it calls them (clone the document, walk it with its own rules, box a future for each field, hash their names) is
//! not done again for every request. So they are called here, in a context like the one it makes. Introspection it runs
//! itself.

use super::{
    document::PreparedOperation,
    nested,
    roots::{Fenced, Heard, Over, Serial},
};
use crate::fanout::{Execution, RootField, valued};
use async_graphql::{
    Context, ContextBase, Data, Name, ObjectType, PathSegment, Pos, Positioned, QueryEnv, QueryEnvInner,
    QueryPathNode, QueryPathSegment, Request, Response, Schema, SchemaEnv, ServerError, SubscriptionType,
    Value, Variables,
    extensions::Extensions,
    indexmap::IndexMap,
    parser::types::{DocumentOperations, OperationDefinition, OperationType, Selection, SelectionSet},
};
use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{BoxStream, FuturesUnordered},
};
use std::{borrow::Cow, collections::HashMap, sync::Arc};

/// What came of the roots.
#[derive(Default)]
pub(super) struct Ran {
    /// In the order of the answer; none where a root failed.
    pub values: Vec<Option<Value>>,
    pub errors: Vec<ServerError>,
}

impl Ran {
    /// As async-graphql tells it.
    pub fn of(selected: &[&RootField], response: Response) -> Self {
        let mut values: IndexMap<Name, Value> = match response.data {
            Value::Object(values) => values,
            _ => IndexMap::new(),
        };
        let values = selected.iter().map(|root| values.get_mut(&root.key).map(std::mem::take)).collect();
        Self { values, errors: response.errors }
    }

    /// Nothing but this.
    pub fn failed(error: ServerError) -> Self {
        Self { values: Vec::new(), errors: vec![error] }
    }
}

/// What a subscription tells.
pub(super) enum Told {
    Event(Response),
    /// There is no stream (CreateSourceEventStream, §6.2.3.1), and that is why.
    NoStream(Response),
}

impl Told {
    fn of(mut response: Response) -> Self {
        let mut refused = false;
        response.errors = response.errors.into_iter().map(nested::placed).collect();
        for error in &mut response.errors {
            if matches!(error.path.first(), Some(PathSegment::Field(name)) if name == SEEN) {
                error.path.remove(0);
                refused = true;
            }
        }
        if refused { Self::NoStream(response) } else { Self::Event(response) }
    }
}

/// What is run.
pub(super) struct Asking<'a> {
    pub operation: &'a PreparedOperation,
    pub variables: &'a Variables,
    pub execution: Arc<Execution>,
}

impl Asking<'_> {
    /// For async-graphql.
    pub fn request(self) -> Request {
        let mut document = self.operation.stub.clone();
        if let DocumentOperations::Single(definition) = &mut document.operations {
            definition.node.selection_set.node.items = selected(self.operation, self.variables).into_owned();
        }
        let mut request = Request::new("").variables(self.variables.clone()).data(self.execution);
        if self.operation.operation.ty == OperationType::Mutation {
            request = request.data(Over::default());
        }
        request.set_parsed_query(document);
        request
    }
}

/// The roots that a request selects, in the order of its answer, with the values of variables in place of their names:
/// async-graphql takes a variable without a value for null.
fn selected<'a>(operation: &'a PreparedOperation, variables: &Variables) -> Cow<'a, [Positioned<Selection>]> {
    let items = match &operation.stub.operations {
        DocumentOperations::Single(definition) => &definition.node.selection_set.node.items[..],
        DocumentOperations::Multiple(_) => &[],
    };
    if !operation.conditional && !operation.has_variables {
        return Cow::Borrowed(items);
    }
    let mut items = items.to_vec();
    if operation.conditional {
        let selected = operation.operation.selected(variables);
        let place = |item: &Positioned<Selection>| selected.iter().position(|root| root.pos == item.pos);
        items.retain(|item| place(item).is_some());
        items.sort_by_key(place);
    }
    if operation.has_variables {
        for item in &mut items {
            let Selection::Field(field) = &mut item.node else { continue };
            field.node.arguments.retain_mut(|(_, argument)| {
                let value = valued(&argument.node, &|name| variables.get(name));
                value.map(|value| argument.node = value.into_value()).is_some()
            });
        }
    }
    Cow::Owned(items)
}

/// A schema that runs, whatever its roots are.
pub(super) trait Run: Send + Sync {
    /// A query or a mutation.
    fn run<'a>(&'a self, asking: Asking<'a>) -> BoxFuture<'a, Ran>;
    /// A subscription's events.
    fn stream(&self, asking: Asking<'_>) -> BoxStream<'static, Box<Told>>;
}

pub(super) struct Runner<Q, M, S> {
    pub schema: Schema<Fenced<Q>, Serial<M>, Heard<S>>,
    pub query: Fenced<Q>,
    pub mutation: Serial<M>,
    subscription: Heard<S>,
    around: Around,
}

/// What async-graphql puts around every field, and makes itself alone.
struct Around {
    schema: SchemaEnv,
    extensions: Extensions,
    /// The same, and errors are placed in lists of lists.
    placing: Extensions,
    nothing: Arc<Data>,
}

/// No GraphQL name, so no field of anybody's.
const SEEN: &str = "?";

/// Where a field's surroundings are seen.
pub(super) type Seen = std::sync::OnceLock<(SchemaEnv, Extensions)>;

/// Whether a field is there only to see what is around it.
pub(super) fn sees(seen: &Seen, ctx: &Context<'_>) -> bool {
    let sees = ctx.item.node.name.node == SEEN;
    if sees {
        seen.get_or_init(|| (ctx.schema_env.clone(), ctx.query_env.extensions.clone()));
    }
    sees
}

impl<Q: ObjectType + 'static, M: ObjectType + 'static, S: SubscriptionType + 'static> Runner<Q, M, S> {
    /// None, if async-graphql does not call its fields any more as it did.
    pub fn new(
        schema: Schema<Fenced<Q>, Serial<M>, Heard<S>>,
        query: Fenced<Q>,
        mutation: Serial<M>,
        subscription: Heard<S>,
    ) -> Option<Self> {
        let mut document = async_graphql::parser::parse_query("{ seen }").ok()?;
        if let DocumentOperations::Single(definition) = &mut document.operations
            && let Some(item) = definition.node.selection_set.node.items.first_mut()
            && let Selection::Field(field) = &mut item.node
        {
            field.node.name.node = Name::new(SEEN);
        }
        let mut request = Request::new("");
        request.set_parsed_query(document);
        // Nothing in it waits.
        schema.execute(request).now_or_never()?;
        let (env, extensions) = query.seen.get()?.clone();
        let around = Around { schema: env, extensions, placing: nested::placing()?, nothing: Arc::default() };
        Some(Self { schema, query, mutation, subscription, around })
    }
}

impl<Q: ObjectType + 'static, M: ObjectType + 'static, S: SubscriptionType + 'static> Run
    for Runner<Q, M, S>
{
    fn run<'a>(&'a self, asking: Asking<'a>) -> BoxFuture<'a, Ran> {
        if asking.operation.introspects {
            return Box::pin(async move {
                let operation = asking.operation.operation.clone();
                let variables = asking.variables;
                let response = self.schema.execute(asking.request()).await;
                Ran::of(&operation.selected(variables), response)
            });
        }
        Box::pin(async move {
            let Asking { operation, variables, execution } = asking;
            let mut data = Data::default();
            data.insert(execution);
            if operation.operation.ty == OperationType::Mutation {
                data.insert(Over::default());
            }
            let nests = operation.operation.nests();
            let env = self.around.of_request(variables.clone(), self.around.nothing.clone(), nests);
            let ctx = env.create_context(&self.around.schema, None, (), Some(&data));
            let items = selected(operation, variables);
            let values = match operation.operation.ty {
                OperationType::Mutation => one_by_one(&self.mutation, &ctx, &items).await,
                _ => at_once(&self.query, &ctx, &items).await,
            };
            let errors =
                std::mem::take(&mut *env.errors.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
            let errors = if nests { errors.into_iter().map(nested::placed).collect() } else { errors };
            Ran { values, errors }
        })
    }

    fn stream(&self, asking: Asking<'_>) -> BoxStream<'static, Box<Told>> {
        let Asking { operation, variables, execution } = asking;
        // There is one root (§5.2.4.1).
        let root = selected(operation, variables).iter().find_map(|item| match &item.node {
            Selection::Field(field) => Some(field.clone()),
            _ => None,
        });
        let Some(root) = root else { return futures::stream::empty().boxed() };
        let mut data = Data::default();
        data.insert(execution);
        let env = self.around.of_request(variables.clone(), Arc::new(data), operation.operation.nests());
        let (schema, subscription) = (self.around.schema.clone(), self.subscription.clone());
        // What async-graphql makes of it would hold three times as much for as long as anybody listens.
        asynk_strim::stream_fn(|mut yielder| async move {
            // async-graphql tells with the path of this context why there is no stream, and of an event with its own.
            let outside = QueryPathNode { parent: None, segment: QueryPathSegment::Name(SEEN) };
            let segment = QueryPathSegment::Name(&root.node.response_key().node);
            let path = QueryPathNode { parent: Some(&outside), segment };
            let ctx = env.create_context(&schema, Some(path), &root, None);
            let Some(mut events) = subscription.create_field_stream(&ctx) else { return };
            while let Some(event) = events.next().await {
                // Boxed: it would have its place, twice, for as long as anybody listens.
                yielder.yield_item(Box::new(Told::of(event))).await;
            }
        })
        .boxed()
    }
}

impl Around {
    /// `nests`: with lists of lists among what roots return.
    fn of_request(&self, variables: Variables, data: Arc<Data>, nests: bool) -> QueryEnv {
        // Variables have their values already: what declares them is not asked any more.
        let operation = OperationDefinition {
            ty: OperationType::Query,
            variable_definitions: Vec::new(),
            directives: Vec::new(),
            selection_set: Positioned::new(SelectionSet::default(), Pos::default()),
        };
        QueryEnv::new(QueryEnvInner {
            extensions: if nests { self.placing.clone() } else { self.extensions.clone() },
            variables,
            operation_name: None,
            operation: Positioned::new(operation, Pos::default()),
            fragments: HashMap::new(),
            uploads: Vec::new(),
            session_data: self.nothing.clone(),
            query_data: data,
            http_headers: Default::default(),
            introspection_mode: Default::default(),
            errors: Default::default(),
        })
    }
}

async fn one_by_one<T: ObjectType>(
    object: &T,
    ctx: &ContextBase<'_, ()>,
    items: &[Positioned<Selection>],
) -> Vec<Option<Value>> {
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        values.push(value(object, ctx, item).await);
    }
    values
}

async fn at_once<T: ObjectType>(
    object: &T,
    ctx: &ContextBase<'_, ()>,
    items: &[Positioned<Selection>],
) -> Vec<Option<Value>> {
    if let [item] = items {
        return vec![value(object, ctx, item).await];
    }
    let mut values: Vec<Option<Value>> = items.iter().map(|_| None).collect();
    let running =
        items.iter().enumerate().map(|(at, item)| async move { (at, value(object, ctx, item).await) });
    let mut running: FuturesUnordered<_> = running.collect();
    while let Some((at, value)) = running.next().await {
        values[at] = value;
    }
    values
}

/// The value of one root. None: it failed, and its error is in the context.
async fn value<T: ObjectType>(
    object: &T,
    ctx: &ContextBase<'_, ()>,
    item: &Positioned<Selection>,
) -> Option<Value> {
    // Roots were collected: there is nothing else.
    let Selection::Field(field) = &item.node else { return None };
    if field.node.name.node == "__typename" {
        return Some(Value::String(T::type_name().into_owned()));
    }
    let ctx = ctx.with_field(field);
    match object.resolve_field(&ctx).await {
        Ok(value) => Some(value.unwrap_or_default()),
        Err(error) => {
            ctx.add_error(error);
            None
        }
    }
}

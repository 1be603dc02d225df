//! A schema as its roots declare it, before it is known where its upstreams are: checked, and its SDL written.

use super::{
    document::Documents,
    engine::Engine,
    gates::Gates,
    guard::Guard,
    roots::{Fenced, Heard, Serial},
    run::{Run, Runner},
    trusted::Trusted,
};
use crate::{
    config::{Profile, Settings},
    fanout::type_info::MARK,
    redis::Redis,
    upstream::Upstreams,
};
use async_graphql::{
    ObjectType, SDLExportOptions, Schema, SubscriptionType, ValidationMode,
    registry::{MetaType, Registry},
};
use std::{fmt, sync::Arc};

/// A schema that cannot be served; the text says why and what to do.
#[derive(Debug)]
pub struct SchemaError(String);

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for SchemaError {}

/// How a schema is served: what the configuration says, and what the BFF's code does. Whatever else a part of the
/// engine has to be told at the start is a field here.
pub(crate) struct Serving<'s> {
    pub settings: &'s Settings,
    /// Introspection is answered in production, too.
    pub public_schema: bool,
    /// What replicas share.
    pub redis: Option<&'s Redis>,
}

impl Serving<'_> {
    fn introspection(&self) -> bool {
        self.public_schema || self.settings.profile == Profile::Development
    }
}

/// A schema before it is known where its upstreams are.
pub(crate) struct Declared {
    runner: Arc<dyn Run>,
    registry: Arc<Registry>,
    gates: Option<Arc<Gates>>,
    sdl: String,
}

impl Declared {
    pub fn new<Q, M, S>(query: Q, mutation: M, subscription: S) -> Result<Self, SchemaError>
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let mut registry = Registry::default();
        Q::create_type_info(&mut registry);
        registry.query_type = Q::type_name().into_owned();
        if !M::is_empty() {
            M::create_type_info(&mut registry);
            registry.mutation_type = Some(M::type_name().into_owned());
        }
        if !S::is_empty() {
            S::create_type_info(&mut registry);
            registry.subscription_type = Some(S::type_name().into_owned());
        }
        // A root that is merged of others leaves their types behind.
        registry.remove_unused_types();
        only_entities_below_roots(&registry)?;
        let gates = Gates::of(&registry).map_err(SchemaError)?;
        // apollo-compiler validates in front of this, and the roots that arrive here were collected by us.
        let (query, mutation) = (Fenced::new(query), Serial::new(mutation));
        let subscription = Heard::new(subscription);
        let schema = Schema::build(query.clone(), mutation.clone(), subscription.clone())
            .validation_mode(ValidationMode::Fast)
            .disable_suggestions()
            .finish();
        let sdl = schema.sdl_with_options(SDLExportOptions::new().include_specified_by());
        let runner = Runner::new(schema, query, mutation, subscription).ok_or_else(|| {
            SchemaError(
                "this version of async-graphql runs fields in another way: pin the one before".to_owned(),
            )
        })?;
        Ok(Self { sdl, runner: Arc::new(runner), registry: Arc::new(registry), gates })
    }

    pub fn sdl(&self) -> &str {
        &self.sdl
    }

    /// The schema at its upstreams, served as it is said there.
    pub fn engine(self, upstreams: Arc<Upstreams>, serving: &Serving<'_>) -> Result<Engine, SchemaError> {
        let schema =
            apollo_compiler::Schema::parse_and_validate(&self.sdl, "schema.graphql").map_err(|invalid| {
                SchemaError(format!("the schema is not valid GraphQL:\n{}", invalid.errors))
            })?;
        let limits = serving.settings.limits.clone();
        let guard =
            Guard::new(limits, serving.introspection(), &schema, &self.registry).map_err(SchemaError)?;
        let documents = Documents::new(schema, self.registry, guard, self.gates);
        let trusted = Trusted::new(serving.settings, &documents).map_err(SchemaError)?;
        Ok(Engine::over(self.runner, documents, trusted, upstreams, serving.settings, serving.redis))
    }
}

/// Objects are always entities: so that everything below a root is written by the executor.
fn only_entities_below_roots(registry: &Registry) -> Result<(), SchemaError> {
    let roots =
        [Some(&registry.query_type), registry.mutation_type.as_ref(), registry.subscription_type.as_ref()];
    let strangers: Vec<_> = registry
        .types
        .values()
        .filter_map(|ty| match ty {
            MetaType::Object { name, tags, .. } => {
                let ours = tags.iter().any(|tag| tag == MARK) || name.starts_with("__");
                (!ours && !roots.contains(&Some(name))).then_some(name.as_str())
            }
            _ => None,
        })
        .collect();
    if strangers.is_empty() {
        return Ok(());
    }
    Err(SchemaError(format!(
        "{} {} an object below a root that is no #[entity]: declare it with #[entity] (its functions with #[edges]), and \
         return it as `Ask`, `Have` or as it is",
        strangers.join(", "),
        if strangers.len() == 1 { "is" } else { "are each" },
    )))
}

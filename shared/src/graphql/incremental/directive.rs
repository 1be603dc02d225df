//! `@defer` in the schema.

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value,
    parser::types::Field,
    registry::{__DirectiveLocation, Deprecation, MetaDirective, MetaInputValue, Registry},
};
use std::borrow::Cow;

/// Its name.
pub const DIRECTIVE: &str = "defer";

/// Roots of which clients may put fragments off with `@defer`:
/// `.schema(Deferrable(Query::default()), Mutation::default(), …)`.
///
/// The directive is then in the schema. Answers come in parts to clients that accept `multipart/mixed` or
/// `text/event-stream`, and over sockets; others get all in one, as the specification allows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deferrable<Q>(pub Q);

impl<Q: ObjectType> OutputType for Deferrable<Q> {
    fn type_name() -> Cow<'static, str> {
        Q::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.add_directive(directive());
        Q::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        self.0.resolve(ctx, field).await
    }
}

impl<Q: ObjectType> ContainerType for Deferrable<Q> {
    fn is_empty() -> bool {
        Q::is_empty()
    }

    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        self.0.resolve_field(ctx).await
    }
}

impl<Q: ObjectType> ObjectType for Deferrable<Q> {}

fn directive() -> MetaDirective {
    let mut directive = MetaDirective {
        name: DIRECTIVE.to_owned(),
        description: Some(String::from(
            "The rest of the answer need not wait for this fragment: it may be delivered later, to clients that take \
             answers in parts.",
        )),
        locations: vec![__DirectiveLocation::FRAGMENT_SPREAD, __DirectiveLocation::INLINE_FRAGMENT],
        args: Default::default(),
        is_repeatable: false,
        visible: None,
        composable: None,
    };
    for argument in [
        argument("if", "Delivered with the rest, if false.", "Boolean!", Some("true")),
        argument("label", "Tells it from others: no two of a document may have the same.", "String", None),
    ] {
        directive.args.insert(argument.name.clone(), argument);
    }
    directive
}

fn argument(name: &str, description: &str, ty: &str, default: Option<&str>) -> MetaInputValue {
    MetaInputValue {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        ty: ty.to_owned(),
        deprecation: Deprecation::NoDeprecated,
        default_value: default.map(str::to_owned),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        is_secret: false,
        directive_invocations: Vec::new(),
    }
}

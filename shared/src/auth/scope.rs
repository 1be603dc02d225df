//! Who may see a field: whoever's credential has a scope, and the schema says which.

use async_graphql::{
    Context, Guard, TypeDirective,
    registry::{MetaDirectiveInvocation, Registry, location_traits},
};

use crate::{
    Fault,
    fanout::FieldGuard,
    request::{ContextExt, RequestContext},
};

/// Lets those pass whose credential has this scope. On an edge or a field of an entity it shows in the schema by itself;
/// a root says it beside, because async-graphql tells nobody of its guards:
///
/// ```
/// # use bff::auth::{HasScope, RequiresScope};
/// # struct Query;
/// #[async_graphql::Object]
/// impl Query {
///     #[graphql(guard = "HasScope(\"charts:read\")", directive = RequiresScope::apply("charts:read"))]
///     async fn charts(&self) -> i32 { 100 }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HasScope(pub &'static str);

impl FieldGuard for HasScope {
    fn check(&self, request: &RequestContext) -> Result<(), Fault> {
        if request.caller().has_scope(self.0) {
            return Ok(());
        }
        let who =
            if request.caller().is_signed_in() { "this credential has not" } else { "nobody is signed in" };
        Err(Fault::forbidden(format!("This needs the scope `{}`, and {who}.", self.0)))
    }

    fn scope(&self) -> Option<&'static str> {
        Some(self.0)
    }
}

impl Guard for HasScope {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        Ok(FieldGuard::check(self, ctx.request()?)?)
    }
}

/// Answered only to a caller whose credential has all scopes of one of these lists.
#[async_graphql::TypeDirective(name = "requiresScopes", location = "FieldDefinition")]
fn requires_scopes(scopes: Vec<Vec<String>>) {}

/// `@requiresScopes(scopes: [["…"]])` in the schema, as federated graphs have it.
pub struct RequiresScope;

impl RequiresScope {
    /// At a field.
    pub fn apply(scope: &str) -> MetaDirectiveInvocation {
        requires_scopes::apply(vec![vec![scope.to_owned()]])
    }
}

impl TypeDirective for RequiresScope {
    fn name(&self) -> std::borrow::Cow<'static, str> {
        requires_scopes.name()
    }

    fn register(&self, registry: &mut Registry) {
        requires_scopes.register(registry);
    }
}

impl location_traits::Directive_At_FIELD_DEFINITION for RequiresScope {}

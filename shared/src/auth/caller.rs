//! The caller of a request, as resolvers, guards and upstream calls see it.

use std::{convert::Infallible, fmt, sync::Arc};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{HeaderValue, request::Parts};

/// Somebody signed in, or nobody. Cheap to clone.
#[derive(Clone, Default)]
pub struct Caller(Option<Arc<Identity>>);

struct Identity {
    subject: String,
    scope: String,
    plan: Option<String>,
    bearer: HeaderValue,
}

impl Caller {
    /// Nobody in particular.
    pub fn anonymous() -> Self {
        Self(None)
    }

    /// A caller whose credential has been checked. `scope` is space-separated (RFC 8693); `bearer` is the whole
    /// `Authorization` value, to be passed on to upstreams.
    pub fn signed_in(subject: &str, scope: &str, plan: Option<&str>, mut bearer: HeaderValue) -> Self {
        bearer.set_sensitive(true);
        let (subject, scope) = (subject.to_owned(), scope.to_owned());
        Self(Some(Arc::new(Identity { subject, scope, plan: plan.map(str::to_owned), bearer })))
    }

    pub fn is_signed_in(&self) -> bool {
        self.0.is_some()
    }

    /// The token's `sub`.
    pub fn subject(&self) -> Option<&str> {
        self.0.as_deref().map(|identity| identity.subject.as_str())
    }

    pub fn has_scope(&self, scope: &str) -> bool {
        self.0.as_deref().is_some_and(|identity| identity.scope.split(' ').any(|has| has == scope))
    }

    /// The token's `plan`.
    pub fn plan(&self) -> Option<&str> {
        self.0.as_deref().and_then(|identity| identity.plan.as_deref())
    }

    /// The `Authorization` value as the caller sent it; marked sensitive, so that it is never logged.
    pub fn bearer(&self) -> Option<&HeaderValue> {
        self.0.as_deref().map(|identity| &identity.bearer)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("Caller(anonymous)"),
            Some(identity) => f
                .debug_struct("Caller")
                .field("subject", &identity.subject)
                .field("scope", &identity.scope)
                .field("plan", &identity.plan)
                .finish_non_exhaustive(),
        }
    }
}

/// Anonymous where no layer has put a caller.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// `Option<Caller>` is the caller if signed in.
impl<S: Sync> OptionalFromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().filter(|caller| caller.is_signed_in()).cloned())
    }
}

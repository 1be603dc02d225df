//! The caller of a request, as resolvers, guards and upstream calls see it.

use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{HeaderValue, request::Parts};

/// Somebody signed in, or nobody. Cheap to clone.
#[derive(Clone, Default)]
pub struct Caller(Option<Arc<Identity>>);

#[derive(Clone)]
struct Identity {
    subject: String,
    scope: String,
    plan: Option<String>,
    bearer: HeaderValue,
    expires: Option<SystemTime>,
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
        let plan = plan.map(str::to_owned);
        Self(Some(Arc::new(Identity { subject, scope, plan, bearer, expires: None })))
    }

    /// The same, whose credential is not accepted any more from then on.
    #[must_use]
    pub fn until(self, expires: SystemTime) -> Self {
        Self(self.0.map(|identity| {
            let mut identity = Arc::unwrap_or_clone(identity);
            identity.expires = Some(expires);
            Arc::new(identity)
        }))
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

    /// From when on the credential is not accepted any more: whatever is open then, ends.
    pub fn expires(&self) -> Option<SystemTime> {
        self.0.as_deref().and_then(|identity| identity.expires)
    }

    /// How long the credential is still accepted; None, if it does not end.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.expires().map(|expires| expires.duration_since(SystemTime::now()).unwrap_or_default())
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

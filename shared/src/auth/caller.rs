//! The caller of a request, as resolvers, guards and upstream calls see it.

use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use futures::{FutureExt, future::BoxFuture};
use http::request::Parts;

use super::AuthError;

/// Somebody signed in, a service on its own behalf, or nobody. Cheap to clone. It has no credential: what upstreams are
/// told of it is signed by us.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Caller(Option<Arc<Identity>>);

#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Identity {
    subject: String,
    /// The subject is no user but a service.
    service: bool,
    scope: String,
    plan: Option<String>,
    client_id: Option<String>,
    session: Option<String>,
    expires: Option<SystemTime>,
    standing: Vouched,
}

/// Somebody who knows when a credential is taken back before its time.
pub(crate) trait Standing: Send + Sync {
    /// Completes when the credential is not good any more, and says why.
    fn lost(&self) -> BoxFuture<'static, AuthError>;
}

/// Who vouches is no part of who somebody is.
#[derive(Clone, Default)]
struct Vouched(Option<Arc<dyn Standing>>);

impl PartialEq for Vouched {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Vouched {}

impl std::hash::Hash for Vouched {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

impl Caller {
    /// Nobody in particular.
    pub fn anonymous() -> Self {
        Self(None)
    }

    /// Whose credential has been checked: its subject. The rest is said by what follows.
    pub fn signed_in(subject: &str) -> Self {
        Self(Some(Arc::new(Identity { subject: subject.to_owned(), ..Identity::default() })))
    }

    /// A service of that name, which asks for nobody but itself.
    pub fn service(name: &str) -> Self {
        Self::signed_in(name).with(|identity| identity.service = true)
    }

    /// With these scopes, separated by spaces (RFC 6749 §3.3).
    #[must_use]
    pub fn scope(self, scope: &str) -> Self {
        self.with(|identity| scope.clone_into(&mut identity.scope))
    }

    /// On this plan.
    #[must_use]
    pub fn on_plan(self, plan: &str) -> Self {
        self.with(|identity| identity.plan = Some(plan.to_owned()))
    }

    /// By a credential that was given to this client (RFC 9068's `client_id`, the owner of a key).
    #[must_use]
    pub fn of_client(self, client_id: &str) -> Self {
        self.with(|identity| identity.client_id = Some(client_id.to_owned()))
    }

    /// In this session. Its id is a credential: it is never shown.
    #[must_use]
    pub fn in_session(self, id: &str) -> Self {
        self.with(|identity| identity.session = Some(id.to_owned()))
    }

    /// Whose credential is not accepted any more from then on.
    #[must_use]
    pub fn until(self, expires: SystemTime) -> Self {
        self.with(|identity| identity.expires = Some(expires))
    }

    /// Whose credential may be taken back before its time: whatever is open under it ends then.
    #[must_use]
    pub(crate) fn standing(self, standing: Arc<dyn Standing>) -> Self {
        self.with(|identity| identity.standing = Vouched(Some(standing)))
    }

    fn with(self, change: impl FnOnce(&mut Identity)) -> Self {
        Self(self.0.map(|identity| {
            let mut identity = Arc::unwrap_or_clone(identity);
            change(&mut identity);
            Arc::new(identity)
        }))
    }

    /// Not of a service: that is nobody whose data there could be.
    pub fn is_signed_in(&self) -> bool {
        self.subject().is_some()
    }

    /// The token's `sub`, if it is not a service's own.
    pub fn subject(&self) -> Option<&str> {
        self.0.as_deref().filter(|identity| !identity.service).map(|identity| identity.subject.as_str())
    }

    /// The service that asks for nobody but itself.
    pub fn as_service(&self) -> Option<&str> {
        self.0.as_deref().filter(|identity| identity.service).map(|identity| identity.subject.as_str())
    }

    /// All scopes, separated by spaces.
    pub fn scopes(&self) -> &str {
        self.0.as_deref().map_or("", |identity| identity.scope.as_str())
    }

    pub fn has_scope(&self, scope: &str) -> bool {
        self.0.as_deref().is_some_and(|identity| identity.scope.split(' ').any(|has| has == scope))
    }

    /// The token's `plan`.
    pub fn plan(&self) -> Option<&str> {
        self.0.as_deref().and_then(|identity| identity.plan.as_deref())
    }

    /// The client that the credential was given to.
    pub fn client_id(&self) -> Option<&str> {
        self.0.as_deref().and_then(|identity| identity.client_id.as_deref())
    }

    /// The session's id, if there is one.
    pub fn session(&self) -> Option<&str> {
        self.0.as_deref().and_then(|identity| identity.session.as_deref())
    }

    /// From when on the credential is not accepted any more: whatever is open then, ends.
    pub fn expires(&self) -> Option<SystemTime> {
        self.0.as_deref().and_then(|identity| identity.expires)
    }

    /// How long the credential is still accepted; None, if it does not end.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.expires().map(|expires| expires.duration_since(SystemTime::now()).unwrap_or_default())
    }

    /// Completes when the credential is taken back before its time; never, if it cannot be.
    pub(crate) fn lost(&self) -> BoxFuture<'static, AuthError> {
        match self.0.as_deref().and_then(|identity| identity.standing.0.as_ref()) {
            Some(standing) => standing.lost(),
            None => std::future::pending().boxed(),
        }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("Caller(anonymous)"),
            Some(identity) => f
                .debug_struct("Caller")
                .field("subject", &identity.subject)
                .field("service", &identity.service)
                .field("scope", &identity.scope)
                .field("plan", &identity.plan)
                .field("client_id", &identity.client_id)
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

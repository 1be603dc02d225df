//! Who asks: the verified caller of a request, and the refusal when there is none.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::Problem;

/// Stand-in with the surface of the shared crate's caller, until that is there to be re-exported.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    pub subject: Option<Arc<str>>,
    pub scopes: Arc<[String]>,
    pub plan: Option<Arc<str>>,
}

impl Caller {
    pub fn anonymous() -> Self {
        Self::default()
    }

    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }

    pub fn plan(&self) -> Option<&str> {
        self.plan.as_deref()
    }

    pub fn is_signed_in(&self) -> bool {
        self.subject.is_some()
    }
}

/// Extractor: whoever asks, anonymous included.
#[derive(Clone, Debug)]
pub struct Asking(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Asking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(parts.extensions.get::<Caller>().cloned().unwrap_or_else(Caller::anonymous)))
    }
}

/// Extractor: the signed-in user's id (`sub`); 401 for everybody else.
#[derive(Clone, Debug)]
pub struct UserId(pub String);

impl<S: Send + Sync> FromRequestParts<S> for UserId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>();
        match caller.and_then(Caller::subject) {
            Some(subject) => Ok(Self(subject.to_owned())),
            None => Err(Problem::unauthenticated(
                "this is a user's own data: send `Authorization: Bearer <token>`",
            )),
        }
    }
}

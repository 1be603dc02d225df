//! On whose behalf a service is asked, as whoever asks vouches for: the caller of a request, and the refusal when there
//! is none.

use axum::extract::FromRequestParts;
pub use bff::auth::Caller;
use http::request::Parts;

use crate::Problem;

/// Extractor: whoever asks, anonymous included.
#[derive(Clone, Debug)]
pub struct Asking(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Asking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(parts.extensions.get::<Caller>().cloned().unwrap_or_default()))
    }
}

/// Extractor: somebody whom a token vouches for, a user or a service that asks for itself; 401 for nobody.
#[derive(Clone, Debug)]
pub struct Known(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Known {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Asking(caller) = Asking::from_request_parts(parts, state).await?;
        if caller.is_signed_in() || caller.as_service().is_some() {
            return Ok(Self(caller));
        }
        Err(Problem::unauthenticated(
            "this is not for everybody: send `Authorization: Bearer` and an internal token",
        ))
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
                "this is a user's own data: send `Authorization: Bearer` and an internal token, which speaks for that user",
            )),
        }
    }
}

//! Whose doing it is.

use axum::extract::FromRequestParts;
use http::request::Parts;
use rest::{Asking, Problem, UserId};

/// Extractor: the user whose token this is; 401 without one, 403 without the scope `activity`.
pub struct Actor(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let UserId(user) = UserId::from_request_parts(parts, state).await?;
        let Asking(caller) = Asking::from_request_parts(parts, state).await?;
        if caller.has_scope("activity") {
            Ok(Self(user))
        } else {
            Err(Problem::forbidden("the token lacks the scope `activity`"))
        }
    }
}

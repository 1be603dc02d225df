//! Whose library a request is about.

use axum::extract::FromRequestParts;
use http::request::Parts;
use rest::{Asking, Problem, UserId};

/// Extractor: the user whose token this is; 401 without one, 403 without the scope `library`.
pub struct Owner(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Owner {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let UserId(user) = UserId::from_request_parts(parts, state).await?;
        let Asking(caller) = Asking::from_request_parts(parts, state).await?;
        if caller.has_scope("library") {
            Ok(Self(user))
        } else {
            Err(Problem::forbidden("the token lacks the scope `library`"))
        }
    }
}

/// Extractor: a reader of playlists, who may be nobody in particular and then sees the public ones.
pub struct Reader(Option<String>);

impl Reader {
    /// For SQL: equals no owner when nobody is signed in.
    pub fn id(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl From<Owner> for Reader {
    fn from(Owner(user): Owner) -> Self {
        Self(Some(user))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Asking(caller) = Asking::from_request_parts(parts, state).await?;
        Ok(Self(caller.subject().filter(|_| caller.has_scope("library")).map(str::to_owned)))
    }
}

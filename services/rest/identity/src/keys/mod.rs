//! Partners' API keys: issued, listed, rotated and revoked by an administrator, looked up by backends.
//!
//! An administrator is whoever has the scope `keys:manage`: an operator's client asks for it with its credentials at
//! `POST /token`. A partner's own credentials open nothing here. No backend stands in between: these routes check the
//! provider's own tokens themselves.

mod demo;
mod directory;
mod manage;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::routing::{get, post};
use bff::auth::key;
use http::request::Parts;
use rest::{BoxError, Caching, Db, Problem, cached};

use crate::Identity;

pub use demo::{__path_dev_key, dev_key};
pub use directory::{__path_directory, directory};
pub use manage::{__path_issue, __path_list, __path_revoke, __path_rotate, issue, list, revoke, rotate};

/// The scope of who may issue keys and take them back.
const MANAGE: &str = "keys:manage";

pub fn routes(development: bool) -> Router<Identity> {
    let routes = Router::new()
        .route("/partners/{partner}/keys", get(list).post(issue))
        .route("/keys/{id}", axum::routing::delete(revoke))
        .route("/keys/{id}/rotate", post(rotate));
    let routes = if development { routes.route("/dev/key", get(dev_key)) } else { routes };
    // A backend is no user, and its secret no token: that route has a check of its own.
    cached(routes, Caching::Private).route("/keys", get(directory))
}

/// Extractor: somebody who may manage keys.
pub struct Administrator;

impl FromRequestParts<Identity> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, identity: &Identity) -> Result<Self, Problem> {
        let caller = identity.own_tokens.verify(&parts.headers).await;
        let caller = caller.map_err(|error| Problem::unauthenticated(error.to_string()))?;
        if caller.has_scope(MANAGE) {
            Ok(Self)
        } else if caller.is_signed_in() {
            Err(Problem::forbidden(
                "keys are managed with the scope `keys:manage`, and this token has it not",
            ))
        } else {
            Err(Problem::unauthenticated(
                "keys are managed by an administrator: send `Authorization: Bearer <token>` with the scope `keys:manage`",
            ))
        }
    }
}

/// The demo's keys are published: a service that is not for development must not know any.
pub async fn refuse_demo_keys(db: &Db) -> Result<(), BoxError> {
    let ids = sqlx::query_scalar::<_, String>("SELECT id FROM partner_keys WHERE revoked_at IS NULL")
        .fetch_all(db.reads())
        .await?;
    let demo: Vec<_> = ids.into_iter().filter(|id| key::is_of_the_demo(id)).collect();
    if demo.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the database has keys of the demo, which everybody knows: {}. Start with another `database`, or revoke them in \
         the development profile first",
        demo.join(", ")
    )
    .into())
}

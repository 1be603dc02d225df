//! The paths of signing in and out. They look at cookies by themselves: a session that is over is no reason not to begin one.

use axum::{Router, routing};

use super::Sessions;

impl Sessions {
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/auth/login", routing::get(super::login::login))
            .route("/auth/callback", routing::get(super::callback::callback))
            .route("/auth/logout", routing::post(super::logout::logout).fallback(super::logout::only_post))
            .route("/auth/session", routing::get(super::status::session))
            .route("/auth/backchannel-logout", routing::post(super::logout::by_provider))
            .with_state(self.clone())
    }
}

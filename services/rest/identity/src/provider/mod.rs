//! The OpenID provider: discovery and keys, a sign-in page for development, where tokens are given and given back.

mod authorize;
mod client;
mod form;
mod logout;
mod revoke;
mod signer;
mod token;

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use rest::{Caching, Problem, cached, json};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::Identity;

pub use authorize::{__path_page, __path_sign_in, narrowed, page, sign_in};
pub use logout::{
    __path_dev_sign_out, __path_end_session, __path_end_session_by_form, dev_sign_out, end_session,
    end_session_by_form,
};
pub use revoke::{__path_revoke, revoke};
pub use signer::Signer;
pub use token::{__path_dev_token, __path_token, dev_token, token};

/// What a signed-in user's token may be used for.
const USER_SCOPE: &str = "openid profile library activity";

/// How clients say who they are (RFC 8414).
const AUTH_METHODS: [&str; 3] = ["none", "client_secret_basic", "client_secret_post"];

pub fn routes(development: bool) -> Router<Identity> {
    let documents = Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks.json", get(keys));
    let routes = cached(documents, Caching::Public(Duration::from_secs(300)));
    if development {
        routes
            .route("/authorize", get(page).post(sign_in))
            .route("/end-session", get(end_session).post(end_session_by_form))
            .route("/dev/token", get(dev_token))
            .route("/dev/sign-out", post(dev_sign_out))
    } else {
        routes
    }
}

/// What reads `Authorization` itself: a client's credentials are no token.
pub fn open_routes() -> Router<Identity> {
    Router::new().route("/token", post(token)).route("/revoke", post(revoke))
}

/// Where everything is (OpenID Connect Discovery 1.0).
#[utoipa::path(get, path = "/.well-known/openid-configuration", responses((status = 200, body = Object)))]
pub async fn discovery(State(identity): State<Identity>) -> Result<Response, Problem> {
    let issuer = identity.signer.issuer();
    let at = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
    json(
        StatusCode::OK,
        &json!({
            "issuer": issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "revocation_endpoint": at("/revoke"),
            "end_session_endpoint": at("/end-session"),
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
            "jwks_uri": at("/jwks.json"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": AUTH_METHODS,
            "revocation_endpoint_auth_methods_supported": AUTH_METHODS,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
            "scopes_supported": USER_SCOPE.split(' ').collect::<Vec<_>>(),
            "claims_supported": ["iss", "aud", "sub", "exp", "iat", "nonce", "sid", "name", "plan", "scope"],
        }),
    )
}

/// The public half of the key that signs (RFC 7517).
#[utoipa::path(get, path = "/jwks.json", responses((status = 200, body = Object)))]
pub async fn keys(State(identity): State<Identity>) -> Result<Response, Problem> {
    json(StatusCode::OK, &json!({ "keys": [identity.signer.public()] }))
}

/// Secrets are kept as their hashes only: whoever reads the database cannot use them.
fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

/// 256 bits that nobody can guess, in letters that fit a URL.
fn unguessable() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// How a sign-in is called outside: the name of the family of its refresh tokens, in letters.
fn sid(family: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(family)
}

//! Who people are: public profiles, a user's own account, and a small OpenID provider that signs everybody's tokens.
//!
//! The sign-in page asks for no password, so it and `/dev/token` exist in the development profile only; in production
//! the provider answers discovery, keys, refreshes and client credentials, and a company puts its own in its place.

mod import;
mod me;
mod provider;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use rest::{Context, Db, Service};
use serde::Deserialize;
use sqlx::migrate::Migrator;
use utoipa::OpenApi;

use provider::Signer;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The service's declaration; `main` and the tests start here.
pub fn service() -> Service<Config> {
    Service::new("identity", 7102, &MIGRATIONS, Document::openapi, routes).import::<import::Lines>()
}

/// The service's own settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `iss` of every token and the base of the discovery document; where the service listens unless said otherwise.
    pub issuer: Option<String>,
    /// `aud` of every access token.
    pub audience: String,
    /// How long an access token lives, in seconds.
    pub access_token_s: i64,
    /// How long one may stay signed in without signing in again, in seconds.
    pub refresh_token_s: i64,
    /// Who may ask users to sign in. In development, any client that lives on the loopback may as well.
    pub clients: Vec<Client>,
}

/// A registered public client (RFC 6749, 2.1); it proves itself with PKCE.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    pub id: String,
    /// Compared exactly.
    pub redirect_uris: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            issuer: None,
            audience: "bespoke".to_owned(),
            access_token_s: 3_600,
            refresh_token_s: 30 * 86_400,
            clients: Vec::new(),
        }
    }
}

/// What handlers work with.
#[derive(Clone)]
struct Identity {
    db: Db,
    config: Arc<Config>,
    signer: Arc<Signer>,
    development: bool,
}

impl FromRef<Identity> for Db {
    fn from_ref(identity: &Identity) -> Self {
        identity.db.clone()
    }
}

#[derive(OpenApi)]
#[openapi(
    info(title = "identity", description = "Public profiles, one's own account, and an OpenID provider."),
    paths(
        users::by_ids,
        me::read,
        me::change,
        provider::discovery,
        provider::keys,
        provider::page,
        provider::sign_in,
        provider::token,
        provider::dev_token,
    )
)]
struct Document;

async fn routes(context: Context<Config>) -> Result<Router, Box<dyn std::error::Error + Send + Sync>> {
    let issuer = context.config.issuer.clone().unwrap_or(context.base_url);
    let signer = Arc::new(Signer::load(&context.db, issuer, context.config.audience.clone()).await?);
    let identity =
        Identity { db: context.db, config: context.config, signer, development: context.development };
    let routes = users::routes().merge(me::routes()).merge(provider::routes(identity.development));
    Ok(routes.with_state(identity))
}

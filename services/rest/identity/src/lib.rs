//! Who people are: public profiles, a user's own account, partners' keys, and a small OpenID provider that signs
//! everybody's tokens.
//!
//! The sign-in page asks for no password, so it and `/dev/token` exist in the development profile only; in production
//! the provider answers discovery, keys, refreshes, revocations and client credentials, and a company puts its own in its place.

mod import;
mod keys;
mod me;
mod provider;
mod users;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::FromRef;
use bff::auth::{JwkSet, Verifier};
use bff::config::Secret;
use rest::{BoxError, Context, Db, Routes, Section, Service};
use serde::{Deserialize, Serialize};
use sqlx::migrate::Migrator;
use utoipa::OpenApi;

use provider::Signer;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The service's declaration; `main` and the tests start here.
pub fn service() -> Service<Config> {
    Service::new("identity", include_str!("../identity.toml"), &MIGRATIONS, Document::openapi, routes)
        .import::<import::Lines>()
}

/// The service's own settings. Whose tokens it signs, and for whom, stands in the common section `auth`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// How long an access token lives, in seconds.
    pub access_token_s: i64,
    /// How long one may stay signed in without signing in again, in seconds.
    pub refresh_token_s: i64,
    /// Public clients (RFC 6749, 2.1) that may ask users to sign in: `<client id> <redirect URI>`, the URI compared
    /// exactly; one entry per URI. In development, any client that lives on the loopback may as well.
    pub relying_parties: Vec<String>,
    /// Secrets of those of them that can keep one, by client id. They must present it (`client_secret_basic` or `_post`).
    pub client_secrets: BTreeMap<String, Secret>,
    /// Who is told when somebody signs out: `<client id> <URI>`, where logout tokens are sent to.
    pub backchannel_logout: Vec<String>,
    /// By which backends prove that they may look partners' keys up at `GET /keys`. Without it nobody may, but in
    /// development everybody.
    pub key_directory_secret: Secret,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            access_token_s: 3_600,
            refresh_token_s: 30 * 86_400,
            relying_parties: Vec::new(),
            client_secrets: BTreeMap::new(),
            backchannel_logout: Vec::new(),
            key_directory_secret: Secret::default(),
        }
    }
}

impl Section for Config {
    fn check(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (key, seconds) in
            [("access_token_s", self.access_token_s), ("refresh_token_s", self.refresh_token_s)]
        {
            if !(1..=366 * 86_400).contains(&seconds) {
                problems.push(format!("`{key}` is {seconds}; give it between a second and a year"));
            }
        }
        for (key, entries) in
            [("relying_parties", &self.relying_parties), ("backchannel_logout", &self.backchannel_logout)]
        {
            for client in entries {
                if client.split_once(' ').is_none_or(|(_, uri)| url::Url::parse(uri).is_err()) {
                    problems.push(format!("`{key}`: `{client}` is not a client id, a space and a URI"));
                }
            }
        }
        for (client, secret) in &self.client_secrets {
            if secret.expose().is_empty() {
                problems.push(format!(
                    "`client_secrets.{client}` is empty, and everybody has that; give it one, or leave it out"
                ));
            }
        }
        let secret = self.key_directory_secret.expose();
        if (1..LEAST_SECRET).contains(&secret.len()) {
            problems.push(format!(
                "`key_directory_secret` can be guessed: give it {LEAST_SECRET} characters or more, such as of `openssl rand -hex 32`"
            ));
        }
        problems
    }
}

impl Config {
    /// Where this client is told that somebody has signed out.
    fn to_be_told(&self, client_id: &str) -> Option<url::Url> {
        let mut entries = self.backchannel_logout.iter().filter_map(|entry| entry.split_once(' '));
        let (_, uri) = entries.find(|(known, _)| *known == client_id)?;
        url::Url::parse(uri).ok()
    }
}

/// Characters of a secret that nobody is to guess.
const LEAST_SECRET: usize = 32;

/// What handlers work with.
#[derive(Clone)]
struct Identity {
    db: Db,
    config: Arc<Config>,
    signer: Arc<Signer>,
    /// Checks those that it signed itself, where it is asked as a provider and not as a service behind others.
    own_tokens: Verifier,
    development: bool,
}

impl FromRef<Identity> for Db {
    fn from_ref(identity: &Identity) -> Self {
        identity.db.clone()
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "identity",
        description = "Public profiles, one's own account, partners' keys, and an OpenID provider."
    ),
    paths(
        users::by_ids,
        me::read,
        me::change,
        provider::discovery,
        provider::keys,
        provider::page,
        provider::sign_in,
        provider::token,
        provider::revoke,
        provider::dev_token,
        provider::end_session,
        provider::end_session_by_form,
        provider::dev_sign_out,
        keys::issue,
        keys::list,
        keys::rotate,
        keys::revoke,
        keys::directory,
        keys::dev_key,
    )
)]
struct Document;

async fn routes(context: Context<Config>) -> Result<Routes, BoxError> {
    if !context.development {
        keys::refuse_demo_keys(&context.db).await?;
    }
    let mut auth = context.settings.auth;
    let issuer = match auth.issuer {
        Some(issuer) => issuer,
        None => context.base_url.parse()?,
    };
    auth.issuer = Some(issuer.clone());
    let signer = Signer::load(&context.db, &issuer, auth.audience.clone()).await?;
    // Its own keys are at hand: asking itself for them over HTTP would need it to be up already.
    let own_tokens = Verifier::fixed(&auth, &JwkSet { keys: vec![signer.public().clone()] });
    let identity = Identity {
        db: context.db,
        config: context.config,
        signer: Arc::new(signer),
        own_tokens,
        development: context.development,
    };
    let routes = users::routes().merge(me::routes()).merge(provider::routes(identity.development));
    let open = provider::open_routes().merge(keys::routes(identity.development)).with_state(identity.clone());
    Ok(Routes::from(routes.with_state(identity)).open(open))
}

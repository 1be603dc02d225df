//! The provider's description and keys: fetched when they are first needed, by one for all who wait, kept through an outage.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use openidconnect::{
    AdditionalProviderMetadata, AsyncHttpClient, LogoutProviderMetadata, ProviderMetadata, RevocationUrl,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
        CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
        CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Failure, http::Http};
use crate::config::AuthSettings;

/// Where tokens are given back (RFC 8414, section 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    pub revocation_endpoint: Option<RevocationUrl>,
    /// How clients say there who they are; None: as at the token endpoint.
    pub revocation_endpoint_auth_methods_supported: Option<Vec<CoreClientAuthMethod>>,
}

impl AdditionalProviderMetadata for Places {}

pub type Metadata = ProviderMetadata<
    LogoutProviderMetadata<Places>,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What the provider says of itself, its keys included.
pub struct Discovered {
    pub metadata: Metadata,
    since: Instant,
}

pub struct Discovery {
    issuer: Url,
    max_age: Duration,
    retry: Duration,
    timeout: Duration,
    held: RwLock<Option<Arc<Discovered>>>,
    /// Held across a fetch. Says when the last one ended, and why it failed.
    fetching: tokio::sync::Mutex<Option<(Instant, Option<Failure>)>>,
}

impl Discovery {
    pub fn new(issuer: Url, auth: &AuthSettings, timeout: Duration) -> Self {
        Self {
            issuer,
            max_age: Duration::from_secs(auth.keys_max_age_s),
            retry: Duration::from_secs(auth.keys_retry_s),
            timeout,
            held: RwLock::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    /// Whether this is the provider's name.
    pub fn is(&self, issuer: &str) -> bool {
        self.issuer.as_str().trim_end_matches('/') == issuer.trim_end_matches('/')
    }

    /// What is at hand, fetched first when there is nothing or it is old.
    pub async fn current(&self, http: &Http) -> Result<Arc<Discovered>, Failure> {
        let held = self.held.read().clone();
        match held {
            Some(held) if held.since.elapsed() < self.max_age => Ok(held),
            held => self.refresh(held.as_ref(), http).await,
        }
    }

    /// What is newer than this, if anything is.
    pub async fn newer_than(&self, known: &Discovered, http: &Http) -> Option<Arc<Discovered>> {
        let held = self.held.read().clone()?;
        let newer =
            if held.since == known.since { self.refresh(Some(&held), http).await.ok()? } else { held };
        (newer.since != known.since).then_some(newer)
    }

    /// Fetches, unless somebody else just did, or tried to.
    async fn refresh(&self, seen: Option<&Arc<Discovered>>, http: &Http) -> Result<Arc<Discovered>, Failure> {
        let mut last = self.fetching.lock().await;
        let held = self.held.read().clone();
        if let Some(held) = &held
            && seen.is_none_or(|seen| !Arc::ptr_eq(seen, held))
        {
            return Ok(Arc::clone(held));
        }
        if let Some((at, failure)) = &*last
            && at.elapsed() < self.retry
        {
            let unknown = || Failure::Unavailable("the provider was asked just now".to_owned());
            return held.ok_or_else(|| failure.clone().unwrap_or_else(unknown));
        }
        // Two documents, in the time of one answer.
        let fetched = match tokio::time::timeout(self.timeout, self.fetch(http)).await {
            Ok(fetched) => fetched,
            Err(_) => Err(format!("no answer within {} ms", self.timeout.as_millis())),
        };
        match fetched {
            Ok(metadata) => {
                *last = Some((Instant::now(), None));
                let discovered = Arc::new(Discovered { metadata, since: Instant::now() });
                *self.held.write() = Some(Arc::clone(&discovered));
                Ok(discovered)
            }
            Err(reason) => {
                tracing::warn!(
                    auth.issuer = %self.issuer,
                    error = reason,
                    kept = held.is_some(),
                    "the provider's description could not be fetched"
                );
                let failure = Failure::Unavailable(reason);
                *last = Some((Instant::now(), Some(failure.clone())));
                held.ok_or(failure)
            }
        }
    }

    /// OpenID Connect Discovery 1.0, section 4. By hand, as a URL is the same issuer with and without its final slash.
    async fn fetch(&self, http: &Http) -> Result<Metadata, String> {
        let base = self.issuer.as_str().trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let request = http::Request::get(&url).header(http::header::ACCEPT, "application/json");
        let request = request.body(Vec::new()).map_err(|error| format!("{url}: {error}"))?;
        let response = http.call(request).await.map_err(|error| error.to_string())?;
        if response.status() != http::StatusCode::OK {
            return Err(format!("{url}: {}", response.status()));
        }
        let metadata: Metadata =
            serde_json::from_slice(response.body()).map_err(|error| format!("{url}: {error}"))?;
        if !self.is(metadata.issuer().as_str()) {
            return Err(format!(
                "the provider calls itself `{}`, not `{base}`: check `auth.issuer`",
                metadata.issuer().as_str()
            ));
        }
        let keys = CoreJsonWebKeySet::fetch_async(metadata.jwks_uri(), http).await;
        let keys = keys.map_err(|error| format!("{}: {error}", metadata.jwks_uri().as_str()))?;
        Ok(metadata.set_jwks(keys))
    }
}

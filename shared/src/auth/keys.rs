//! The provider's signing keys: discovered, fetched once for everybody who waits, kept through an outage.

use std::{
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt;
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse},
};
use parking_lot::RwLock;
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

/// How long the provider may take to answer, per document.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes of a discovery document or key set; real ones have a few thousand.
const DOCUMENT_MAX: usize = 256 * 1024;

/// One key and the only algorithm it may be used with: the token's header has no say.
pub(super) struct Key {
    id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

pub(super) struct KeySet(Vec<Key>);

impl KeySet {
    /// Keeps the keys that can verify ES256 or RS256 signatures.
    pub(super) fn from_jwks(jwks: &JwkSet) -> Self {
        Self(jwks.keys.iter().filter_map(Key::from_jwk).collect())
    }

    /// The key a token names; a token that names none is only clear when there is a single key.
    pub(super) fn find(&self, id: Option<&str>) -> Option<&Key> {
        match (id, self.0.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
        }
    }
}

impl Key {
    fn from_jwk(jwk: &Jwk) -> Option<Self> {
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
                Algorithm::ES256
            }
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            _ => return None,
        };
        if jwk.common.public_key_use == Some(PublicKeyUse::Encryption) {
            return None;
        }
        if jwk
            .common
            .key_algorithm
            .is_some_and(|named| Algorithm::from_str(&named.to_string()).ok() != Some(algorithm))
        {
            return None;
        }
        Some(Self { id: jwk.common.key_id.clone(), algorithm, key: DecodingKey::from_jwk(jwk).ok()? })
    }
}

/// Where keys come from.
pub(super) enum Keys {
    Fixed(Arc<KeySet>),
    Discovered(Box<Discovery>),
}

pub(super) struct Discovery {
    place: Place,
    max_age: Duration,
    retry: Duration,
    client: reqwest::Client,
    held: RwLock<Option<Held>>,
    /// Held across a fetch: whoever waits for it finds the fetch already done. Says when the last one began.
    fetching: tokio::sync::Mutex<Option<Instant>>,
}

/// Where a key set is.
enum Place {
    /// Where this OpenID provider says.
    Of(Url),
    /// There.
    At(Url),
}

#[derive(Clone)]
struct Held {
    keys: Arc<KeySet>,
    since: Instant,
}

impl Keys {
    pub(super) fn discovered(
        issuer: Url,
        max_age: Duration,
        retry: Duration,
    ) -> Result<Self, reqwest::Error> {
        Self::fetched(Place::Of(issuer), max_age, retry)
    }

    /// Those at this URL.
    pub(super) fn published(jwks: Url, max_age: Duration, retry: Duration) -> Result<Self, reqwest::Error> {
        Self::fetched(Place::At(jwks), max_age, retry)
    }

    fn fetched(place: Place, max_age: Duration, retry: Duration) -> Result<Self, reqwest::Error> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the provider is no upstream: it has no caller and no deadline"
        )]
        let client = reqwest::Client::builder().timeout(FETCH_TIMEOUT).build()?;
        let (held, fetching) = (RwLock::default(), tokio::sync::Mutex::default());
        Ok(Self::Discovered(Box::new(Discovery { place, max_age, retry, client, held, fetching })))
    }

    /// The keys at hand, fetched first when there are none or they are old. `None`: there never were any.
    pub(super) async fn current(&self) -> Option<Arc<KeySet>> {
        match self {
            Self::Fixed(keys) => Some(Arc::clone(keys)),
            Self::Discovered(discovery) => {
                let held = discovery.held.read().clone();
                match held {
                    Some(held) if held.since.elapsed() < discovery.max_age => Some(held.keys),
                    // Rare, and large: kept out of every request's future.
                    _ => discovery.refresh(held.map(|held| held.since)).boxed().await,
                }
            }
        }
    }

    /// The keys after a token named one that `stale` has not: the provider may have rotated.
    pub(super) async fn newer_than(&self, stale: &Arc<KeySet>) -> Option<Arc<KeySet>> {
        let Self::Discovered(discovery) = self else { return None };
        let held = discovery.held.read().clone()?;
        let keys = if Arc::ptr_eq(&held.keys, stale) {
            discovery.refresh(Some(held.since)).boxed().await?
        } else {
            held.keys
        };
        (!Arc::ptr_eq(&keys, stale)).then_some(keys)
    }
}

impl Place {
    fn url(&self) -> &Url {
        match self {
            Self::Of(url) | Self::At(url) => url,
        }
    }
}

impl Discovery {
    /// Fetches unless somebody else just did, or tried to. `seen` is the age of the keys the caller knows.
    async fn refresh(&self, seen: Option<Instant>) -> Option<Arc<KeySet>> {
        let mut last_attempt = self.fetching.lock().await;
        let held = self.held.read().clone();
        let already_done = held.as_ref().map(|held| held.since) != seen;
        let too_soon = last_attempt.is_some_and(|at| at.elapsed() < self.retry);
        if already_done || too_soon {
            return held.map(|held| held.keys);
        }
        let fetched = self.fetch().await;
        // Only now: whoever is cancelled while fetching has attempted nothing, and the next in line fetches.
        *last_attempt = Some(Instant::now());
        match fetched {
            Ok(keys) => {
                let keys = Arc::new(keys);
                *self.held.write() = Some(Held { keys: Arc::clone(&keys), since: Instant::now() });
                Some(keys)
            }
            Err(reason) => {
                tracing::warn!(
                    auth.issuer = %self.place.url(),
                    error = reason,
                    keys_kept = held.is_some(),
                    "the token provider's keys could not be fetched"
                );
                held.map(|held| held.keys)
            }
        }
    }

    /// Of an issuer: OpenID Connect Discovery 1.0, section 4.
    async fn fetch(&self) -> Result<KeySet, String> {
        #[derive(Deserialize)]
        struct Provider {
            issuer: String,
            jwks_uri: String,
        }
        let issuer = match &self.place {
            Place::Of(issuer) => issuer,
            Place::At(jwks) => return Ok(KeySet::from_jwks(&self.document(jwks.as_str()).await?)),
        };
        let base = issuer.as_str().trim_end_matches('/');
        let provider: Provider = self.document(&format!("{base}/.well-known/openid-configuration")).await?;
        if provider.issuer.trim_end_matches('/') != base {
            return Err(format!(
                "the provider calls itself `{}`, not `{base}`: check `auth.issuer`",
                provider.issuer
            ));
        }
        let jwks: JwkSet = self.document(&provider.jwks_uri).await?;
        Ok(KeySet::from_jwks(&jwks))
    }

    async fn document<T: DeserializeOwned>(&self, url: &str) -> Result<T, String> {
        let wrong = |error: reqwest::Error| format!("{url}: {}", root_cause(&error));
        #[expect(clippy::disallowed_methods, reason = "see `discovered`")]
        let response = self.client.get(url).send().await.and_then(reqwest::Response::error_for_status);
        let mut response = response.map_err(wrong)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(wrong)? {
            body.extend_from_slice(&chunk);
            if body.len() > DOCUMENT_MAX {
                return Err(format!("{url}: the answer is longer than {DOCUMENT_MAX} bytes"));
            }
        }
        serde_json::from_slice(&body).map_err(|error| format!("{url}: {error}"))
    }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

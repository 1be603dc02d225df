//! Who publishes keys, as they answer: an OpenID provider's discovery document names their place; or the place is known.

use std::time::Duration;

use parking_lot::Mutex;
use serde::Deserialize;
use url::Url;

use crate::auth::keys::KeySet;

/// How long the provider may take to answer, per document.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes of a discovery document or key set; real ones have a few thousand.
const DOCUMENT_MAX: usize = 256 * 1024;

pub(super) struct Provider {
    /// None: its keys are where they are.
    issuer: Option<Url>,
    client: reqwest::Client,
    /// Where the keys were last.
    place: Mutex<Option<Url>>,
}

impl Provider {
    /// Whose keys are where it says.
    pub fn discovered(issuer: Url) -> Result<Self, reqwest::Error> {
        Ok(Self { issuer: Some(issuer), client: client()?, place: Mutex::default() })
    }

    /// Whose keys are there.
    pub fn at(place: Url) -> Result<Self, reqwest::Error> {
        Ok(Self { issuer: None, client: client()?, place: Mutex::new(Some(place)) })
    }

    /// For the log.
    pub fn name(&self) -> String {
        let place = || self.place.lock().as_ref().map(Url::to_string);
        self.issuer.as_ref().map(Url::to_string).or_else(place).unwrap_or_default()
    }

    /// The keys, of which there is at least one. The error says what the operator may look at.
    pub async fn keys(&self) -> Result<KeySet, String> {
        let known = match &self.issuer {
            // Taken, so that keys which are not there any more are looked for anew.
            Some(_) => self.place.lock().take(),
            None => self.place.lock().clone(),
        };
        let place = match (known, &self.issuer) {
            (Some(place), _) => place,
            (None, Some(issuer)) => self.discover(issuer).await?,
            (None, None) => return Err("nobody has said where the keys are".to_owned()),
        };
        let keys =
            KeySet::read(&self.document(&place).await?).map_err(|error| format!("{place}: {error}"))?;
        if keys.is_empty() {
            return Err(format!("{place}: none of the keys verifies ES256 or RS256 signatures"));
        }
        *self.place.lock() = Some(place);
        Ok(keys)
    }

    /// The place of the keys is to be discovered again.
    pub fn forget_place(&self) {
        if self.issuer.is_some() {
            *self.place.lock() = None;
        }
    }

    /// OpenID Connect Discovery 1.0, section 4.
    async fn discover(&self, issuer: &Url) -> Result<Url, String> {
        #[derive(Deserialize)]
        struct Metadata {
            issuer: String,
            jwks_uri: String,
        }
        let base = issuer.as_str().trim_end_matches('/');
        let at: Url = format!("{base}/.well-known/openid-configuration")
            .parse()
            .map_err(|error| format!("{base}: {error}"))?;
        let metadata: Metadata =
            serde_json::from_slice(&self.document(&at).await?).map_err(|error| format!("{at}: {error}"))?;
        if metadata.issuer.trim_end_matches('/') != base {
            return Err(format!(
                "the provider calls itself `{}`, not `{base}`: check `auth.issuer`",
                metadata.issuer
            ));
        }
        let place: Url = metadata.jwks_uri.parse().map_err(|error| format!("{at}: jwks_uri: {error}"))?;
        if issuer.scheme() == "https" && place.scheme() != "https" {
            return Err(format!("{at}: the keys would come unprotected, from {place}"));
        }
        Ok(place)
    }

    async fn document(&self, url: &Url) -> Result<Vec<u8>, String> {
        let wrong = |error: reqwest::Error| format!("{url}: {}", root_cause(&error));
        #[expect(clippy::disallowed_methods, reason = "see `client`")]
        let mut response = self.client.get(url.clone()).send().await.map_err(wrong)?;
        if !response.status().is_success() {
            return Err(format!("{url}: the answer is {}", response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(wrong)? {
            body.extend_from_slice(&chunk);
            if body.len() > DOCUMENT_MAX {
                return Err(format!("{url}: the answer is longer than {DOCUMENT_MAX} bytes"));
            }
        }
        Ok(body)
    }
}

fn client() -> Result<reqwest::Client, reqwest::Error> {
    #[expect(
        clippy::disallowed_methods,
        reason = "who publishes keys is no upstream: there is no caller and no deadline"
    )]
    // A redirect would lead to keys at a place that nobody has named.
    let client = reqwest::Client::builder()
        .timeout(FETCH_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    Ok(client)
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

//! Who publishes keys, as they answer: an OpenID provider's discovery document names their place; or the place is known.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use parking_lot::Mutex;
use serde::Deserialize;
use url::Url;

use crate::{
    auth::{fetcher::Fetcher, keys::KeySet},
    config::TlsSettings,
};

/// How long the provider may take to answer, per document.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes of a discovery document or key set; real ones have a few thousand.
const DOCUMENT_MAX: usize = 256 * 1024;

pub(super) struct Provider {
    /// None: its keys are where they are.
    issuer: Option<Url>,
    fetcher: Fetcher,
    /// Where the keys were last.
    place: Mutex<Option<Url>>,
}

impl Provider {
    /// Whose keys are where it says.
    pub fn discovered(issuer: Url, tls: &TlsSettings) -> Result<Self, String> {
        let fetcher = Fetcher::new(&issuer, tls, FETCH_TIMEOUT)?;
        Ok(Self { issuer: Some(issuer), fetcher, place: Mutex::default() })
    }

    /// Whose keys are there.
    pub fn at(place: Url, tls: &TlsSettings) -> Result<Self, String> {
        let fetcher = Fetcher::new(&place, tls, FETCH_TIMEOUT)?;
        Ok(Self { issuer: None, fetcher, place: Mutex::new(Some(place)) })
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

    async fn document(&self, url: &Url) -> Result<Bytes, String> {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = url.as_str().parse().map_err(|error| format!("{url}: {error}"))?;
        let answer = self.fetcher.exchange(request, DOCUMENT_MAX).await;
        let answer = answer.map_err(|error| format!("{url}: {error}"))?;
        if !answer.status().is_success() {
            return Err(format!("{url}: the answer is {}", answer.status()));
        }
        Ok(answer.into_body())
    }
}

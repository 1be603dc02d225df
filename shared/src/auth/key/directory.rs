//! The service that knows which keys there are, as it is asked over HTTP.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header::AUTHORIZATION};
use serde::Deserialize;
use url::Url;

use super::hex;
use crate::{
    auth::fetcher::Fetcher,
    config::{KeySettings, TlsSettings},
};

/// Bytes of an answer about one key; real ones have a few hundred.
const ANSWER_MAX: usize = 16 * 1024;

pub(super) struct Directory {
    url: Url,
    authorization: Option<HeaderValue>,
    fetcher: Fetcher,
}

/// What is known of a key. Times are RFC 3339.
#[derive(Clone, PartialEq, Deserialize)]
pub(super) struct Known {
    id: String,
    digest: String,
    pub(super) owner: String,
    #[serde(default)]
    pub(super) plan: Option<String>,
    #[serde(default)]
    pub(super) scope: String,
    #[serde(default)]
    expires_at: Option<jiff::Timestamp>,
    #[serde(default)]
    pub(super) revoked: bool,
}

impl Known {
    /// Whether it is the key with this digest. How long the comparison takes says nothing of where they differ.
    pub(super) fn is(&self, digest: &[u8; 32]) -> bool {
        use subtle::ConstantTimeEq as _;
        self.digest.as_bytes().ct_eq(hex(digest).as_bytes()).into()
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Whether somebody who has the one has the other.
    pub(super) fn same_key(&self, other: &Self) -> bool {
        self.id == other.id && self.digest == other.digest
    }

    pub(super) fn expires(&self) -> Option<SystemTime> {
        let since = Duration::from_millis(self.expires_at?.as_millisecond().try_into().unwrap_or(0));
        SystemTime::UNIX_EPOCH.checked_add(since)
    }
}

impl Directory {
    /// # Errors
    /// There is no URL, or the secret cannot be sent.
    pub(super) fn new(settings: &KeySettings, tls: &TlsSettings) -> Result<Self, String> {
        let url =
            settings.url.clone().ok_or("`auth.keys.url` is not set: nobody knows which keys there are")?;
        let secret = settings.secret.expose();
        let authorization = if secret.is_empty() {
            None
        } else {
            let value = HeaderValue::try_from(format!("Bearer {secret}"));
            let mut value = value.map_err(|_| "`auth.keys.secret` has letters that a header cannot have")?;
            value.set_sensitive(true);
            Some(value)
        };
        let fetcher = Fetcher::new(&url, tls, Duration::from_millis(settings.timeout_ms))?;
        Ok(Self { url, authorization, fetcher })
    }

    /// What is known of the key with this id; None: there is none.
    ///
    /// # Errors
    /// Why it is not known whether there is one, for the log.
    pub(super) async fn ask(&self, id: &str) -> Result<Option<Known>, String> {
        #[derive(Deserialize)]
        struct Found {
            items: Vec<Known>,
        }
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("ids", id);
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() =
            url.as_str().parse().map_err(|_| "`auth.keys.url` cannot be asked".to_owned())?;
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        let answer = self.fetcher.exchange(request, ANSWER_MAX).await;
        let answer = answer.map_err(|error| format!("the directory: {error}"))?;
        if answer.status() != StatusCode::OK {
            return Err(format!("the directory answers {}", answer.status()));
        }
        // What serde says would quote it.
        let found: Found = serde_json::from_slice(answer.body()).map_err(|error| {
            format!("the directory's answer is not understood, from its column {}", error.column())
        })?;
        Ok(found.items.into_iter().find(|known| known.id == id))
    }
}

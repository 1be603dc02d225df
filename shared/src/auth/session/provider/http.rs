//! Our HTTP client, as the OpenID library wants one: bounded in time and bytes, and going nowhere else.

use std::{fmt, time::Duration};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use url::Url;

use crate::{auth::fetcher::Fetcher, config::TlsSettings};

/// Bytes of an answer; real ones have a few thousand.
const LONGEST: usize = 256 * 1024;

#[derive(Clone)]
pub struct Http(Fetcher);

/// No answer; the text says why, and names no token.
#[derive(Debug)]
pub struct HttpError(String);

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HttpError {}

impl Http {
    pub fn new(issuer: &Url, tls: &TlsSettings, timeout: Duration) -> Result<Self, String> {
        Fetcher::new(issuer, tls, timeout).map(Self)
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let url = request.uri().to_string();
        let answer = self.0.exchange(request.map(Bytes::from), LONGEST).await;
        answer.map(|answer| answer.map(Into::into)).map_err(|error| HttpError(format!("{url}: {error}")))
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = BoxFuture<'c, Result<HttpResponse, HttpError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        self.exchange(request).boxed()
    }
}

//! Our HTTP client, as the OpenID library wants one: bounded in time and bytes, and going nowhere else.

use std::{fmt, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// Bytes of an answer; real ones have a few thousand.
const LONGEST: usize = 256 * 1024;

#[derive(Clone)]
pub struct Http(reqwest::Client);

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
    pub fn new(timeout: Duration) -> Result<Self, reqwest::Error> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the provider is no upstream: it has no caller, and credentials of its own"
        )]
        let client = reqwest::Client::builder()
            .timeout(timeout)
            // A code or a secret is for whom it was sent to.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self(client))
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let url = request.uri().to_string();
        let wrong = |error: reqwest::Error| {
            let mut cause: &dyn std::error::Error = &error;
            while let Some(source) = cause.source() {
                cause = source;
            }
            HttpError(format!("{url}: {cause}"))
        };
        let request = reqwest::Request::try_from(request).map_err(wrong)?;
        let mut response = self.0.execute(request).await.map_err(wrong)?;
        let mut answer = http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            *headers = response.headers().clone();
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(wrong)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST {
                return Err(HttpError(format!("{url}: the answer is longer than {LONGEST} bytes")));
            }
        }
        answer.body(body).map_err(|error| HttpError(format!("{url}: {error}")))
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = BoxFuture<'c, Result<HttpResponse, HttpError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        self.exchange(request).boxed()
    }
}

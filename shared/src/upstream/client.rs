//! Sends one HTTP request to an upstream and tells apart whose fault it is when no answer comes.

use super::Upstream;
use crate::{
    config::{CacheSettings, SharingSettings},
    fanout::{Code, Fault, Scope, Sharing},
    request::{RequestContext, authorization},
    telemetry::{RequestRecord, UpstreamOutcome, inject},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::{HeaderMap, HeaderValue, header};
use reqwest::{Client, Method, Request, Response, Url, redirect};
use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};
use tracing::Instrument;

/// An answer with a status that is not the upstream's failure.
#[derive(Debug)]
pub struct Reply {
    /// 2xx or 4xx; 304 where what was asked was whether something has changed.
    pub status: u16,
    /// As sent.
    pub headers: HeaderMap,
    /// Decompressed.
    pub body: Bytes,
}

/// All upstreams of a BFF: where they are, and connections to them.
pub struct Upstreams {
    http: Client,
    bases: BTreeMap<String, Base>,
    sharing: Sharing,
}

struct Base {
    url: Url,
    /// Without a final slash: paths begin with one.
    text: String,
}

/// The HTTP client could not be made.
#[derive(Debug)]
pub struct ClientError(String);

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for ClientError {}

impl Upstreams {
    /// From `[upstreams]` of the configuration; each of `needed` must be there.
    ///
    /// # Errors
    /// Names what is missing and where to write it.
    pub fn new(bases: &BTreeMap<String, Url>, needed: &[Upstream]) -> Result<Self, ClientError> {
        let missing: Vec<_> =
            needed.iter().map(Upstream::name).filter(|name| !bases.contains_key(*name)).collect();
        if !missing.is_empty() {
            return Err(ClientError(format!(
                "no URL is configured for the upstream{} {}: add `{} = \"http://…\"` under [upstreams]",
                if missing.len() == 1 { "" } else { "s" },
                missing.join(", "),
                missing.first().unwrap_or(&""),
            )));
        }
        #[expect(clippy::disallowed_methods, reason = "this is where calls to upstreams go through")]
        let http = Client::builder()
            // A redirect would carry credentials to a host that nobody configured.
            .redirect(redirect::Policy::none())
            .no_proxy()
            // Inside a network compressing costs more than it saves, on both ends.
            .no_gzip()
            .connect_timeout(Duration::from_secs(1))
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(256)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| ClientError(format!("the HTTP client cannot start: {error}")))?;
        let bases = bases
            .iter()
            .map(|(name, url)| {
                let text = url.as_str().trim_end_matches('/').to_owned();
                (name.clone(), Base { url: url.clone(), text })
            })
            .collect();
        Ok(Self { http, bases, sharing: Sharing::new(0, 0) })
    }

    /// Its requests share what they ask; without this, each asks for itself.
    #[must_use]
    pub fn sharing_by(self, sharing: &SharingSettings, cache: &CacheSettings) -> Self {
        Self { sharing: Sharing::new(sharing.batches_in_flight, cache.rows_bytes), ..self }
    }

    /// What its requests share.
    pub(crate) fn sharing(&self) -> &Sharing {
        &self.sharing
    }

    /// Asks a question. With a condition, the upstream may answer that what we have is right (304).
    #[expect(clippy::too_many_arguments, reason = "what a call is made of, once")]
    pub(crate) async fn get(
        &self,
        upstream: &Upstream,
        scope: Scope,
        path: &str,
        question: &'static str,
        keys: usize,
        condition: Option<&HeaderMap>,
        request: &RequestContext,
    ) -> Result<Reply, Fault> {
        let mut call = Request::new(Method::GET, self.url(upstream, path)?);
        if let Some(condition) = condition {
            call.headers_mut().extend(condition.clone());
        }
        if let Some(authorization) = authorization(request, scope) {
            call.headers_mut().insert(header::AUTHORIZATION, authorization.clone());
        }
        let reply = self.send(upstream, call, request).await?;
        tracing::debug!(
            upstream.name = upstream.name(),
            upstream.question = question,
            upstream.keys = keys,
            "asked"
        );
        match reply.status {
            200..=299 | 400 | 404 => Ok(reply),
            304 if condition.is_some() => Ok(reply),
            401 => Err(Fault::unauthenticated()),
            403 => Err(Fault::forbidden("You may not see this.")),
            status => {
                tracing::error!(
                    upstream.name = upstream.name(),
                    upstream.question = question,
                    http.status = status,
                    "the upstream refuses the question"
                );
                Err(bad_response())
            }
        }
    }

    /// Sends a request within the deadline and reads the answer, up to the upstream's limit.
    pub(crate) async fn send(
        &self,
        upstream: &Upstream,
        call: Request,
        request: &RequestContext,
    ) -> Result<Reply, Fault> {
        let started = Instant::now();
        let patience = upstream.timeout().min(request.remaining());
        let span = tracing::debug_span!("upstream call", upstream.name = upstream.name(), http.method = %call.method());
        let result = if patience.is_zero() {
            Err(CallError::Timeout)
        } else {
            match tokio::time::timeout(patience, self.exchange(upstream, call)).instrument(span).await {
                Ok(result) => result,
                Err(_) => Err(CallError::Timeout),
            }
        };
        let outcome = match &result {
            Ok(reply) if reply.status < 400 => UpstreamOutcome::Ok,
            Ok(_) => UpstreamOutcome::ClientError,
            Err(error) => error.outcome(),
        };
        RequestRecord::with_current(|record| {
            record.upstream_called(upstream.name(), outcome, started.elapsed())
        });
        result.map_err(|error| {
            tracing::warn!(
                upstream.name = upstream.name(),
                upstream.error = %error,
                upstream.patience_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX),
                "an upstream call failed"
            );
            error.fault(request)
        })
    }

    async fn exchange(&self, upstream: &Upstream, mut call: Request) -> Result<Reply, CallError> {
        inject(call.headers_mut());
        let response = self.execute(call).await?;
        let status = response.status().as_u16();
        if !matches!(status, 200..=299 | 304 | 400..=499) {
            return Err(CallError::Status(status));
        }
        let headers = response.headers().clone();
        let body = read(response, upstream.max_body()).await?;
        Ok(Reply { status, headers, body })
    }

    /// The head of an answer that goes on: the caller reads the rest.
    pub(crate) async fn open(&self, upstream: &Upstream, mut call: Request) -> Result<Response, CallError> {
        inject(call.headers_mut());
        match tokio::time::timeout(upstream.timeout(), self.execute(call)).await {
            Ok(response) => response,
            Err(_) => Err(CallError::Timeout),
        }
    }

    async fn execute(&self, call: Request) -> Result<Response, CallError> {
        self.http.execute(call).await.map_err(|error| CallError::Transport(error.without_url()))
    }

    /// A path of ours behind the upstream's base: never another host.
    pub(crate) fn url(&self, upstream: &Upstream, path: &str) -> Result<Url, Fault> {
        let wrong = |cause: &str| {
            tracing::error!(upstream.name = upstream.name(), upstream.cause = cause, "no URL for a call");
            Fault::internal()
        };
        let base = self.bases.get(upstream.name()).ok_or_else(|| wrong("not configured"))?;
        let mut text = String::with_capacity(base.text.len() + path.len());
        text.push_str(&base.text);
        text.push_str(path);
        let url = Url::parse(&text).map_err(|_| wrong("not a URL"))?;
        if url.host() != base.url.host() || url.port_or_known_default() != base.url.port_or_known_default() {
            return Err(wrong("leaves the configured host"));
        }
        Ok(url)
    }
}

/// Reads a body, no further than the limit.
async fn read(response: Response, limit: usize) -> Result<Bytes, CallError> {
    let announced = response.content_length().unwrap_or(0);
    if announced > limit as u64 {
        return Err(CallError::TooLong);
    }
    let mut chunks = response.bytes_stream();
    let Some(first) =
        chunks.next().await.transpose().map_err(|error| CallError::Transport(error.without_url()))?
    else {
        return Ok(Bytes::new());
    };
    if first.len() as u64 == announced {
        // Most answers are one chunk: no copy.
        return Ok(first);
    }
    // One allocation for an announced length; what is not announced grows.
    let mut body = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(limit).max(first.len()));
    body.extend_from_slice(&first);
    drop(first);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| CallError::Transport(error.without_url()))?;
        if body.len() + chunk.len() > limit {
            return Err(CallError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum CallError {
    Timeout,
    Transport(reqwest::Error),
    Status(u16),
    TooLong,
}

impl CallError {
    fn outcome(&self) -> UpstreamOutcome {
        match self {
            CallError::Timeout => UpstreamOutcome::Timeout,
            CallError::Transport(_) => UpstreamOutcome::Unreachable,
            CallError::Status(500..) => UpstreamOutcome::ServerError,
            CallError::Status(_) | CallError::TooLong => UpstreamOutcome::Malformed,
        }
    }

    pub(crate) fn fault(&self, request: &RequestContext) -> Fault {
        match self {
            CallError::Timeout if request.remaining().is_zero() => {
                Fault::new(Code::DeadlineExceeded, "The time for this request is over.")
            }
            CallError::TooLong => bad_response(),
            CallError::Status(status) if *status < 500 => bad_response(),
            _ => Fault::new(Code::UpstreamUnavailable, "A service behind this one is not available."),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Timeout => f.write_str("no answer in time"),
            CallError::Transport(error) => {
                write!(f, "{error}")?;
                let mut source = std::error::Error::source(error);
                while let Some(cause) = source {
                    write!(f, ": {cause}")?;
                    source = cause.source();
                }
                Ok(())
            }
            CallError::Status(status) => write!(f, "status {status}"),
            CallError::TooLong => f.write_str("the answer is longer than allowed"),
        }
    }
}

pub(crate) fn bad_response() -> Fault {
    Fault::new(Code::UpstreamBadResponse, "A service behind this one answered something unexpected.")
}

/// Marks JSON.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

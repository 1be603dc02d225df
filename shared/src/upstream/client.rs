//! Sends HTTP requests to upstreams: within the deadline, as often as their policy allows.

use super::{
    Upstream, body,
    call::Call,
    endpoint::{Endpoint, Patience},
    events::Hub,
    failure::CallError,
    policy::Policy,
    retry, tls,
    writes::Writes,
};
use crate::{
    auth::internal::{Passes, Signer},
    config::Settings,
    fanout::{Fault, Scope, Sharing},
    request::{RequestContext, whom},
    telemetry::{RequestRecord, UpstreamMeters, UpstreamOutcome, under},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, Uri};
use hyper::body::Incoming;
use std::{
    collections::BTreeMap,
    fmt,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};
use url::Url;

pub(crate) use super::failure::bad_response;

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

/// No caller can do anything about it.
pub(super) const MISTRUSTED: &str =
    "the upstream does not take this service's own token: is it in its `auth.trusted`, with the right keys?";

/// All upstreams of a BFF: where they are, connections to them, and how they are.
pub struct Upstreams {
    endpoints: BTreeMap<String, Endpoint>,
    pub(crate) writes: Writes,
    pub(crate) hub: Hub,
    sharing: Sharing,
}

/// The HTTP client could not be made.
#[derive(Debug)]
pub struct ClientError(String);

impl ClientError {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for ClientError {}

impl Upstreams {
    /// From `[upstreams]` and `[resilience]` of the configuration; each of `needed` must be there. All calls are nobody's.
    ///
    /// # Errors
    /// Names what is missing and where to write it.
    pub fn new(settings: &Settings, needed: &[Upstream]) -> Result<Self, ClientError> {
        Self::vouched_for(settings, needed, None)
    }

    /// The same, but each is told by this signer's tokens as whom it is asked, if there is one.
    pub(crate) fn vouched_for(
        settings: &Settings,
        needed: &[Upstream],
        signer: Option<&Signer>,
    ) -> Result<Self, ClientError> {
        let bases = &settings.upstreams;
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
        let service: Arc<str> = settings.service.as_str().into();
        // Where nobody is asked by https, the system's certificates are not even read.
        let secure = bases.values().any(|url| url.scheme() == "https");
        let tls = secure.then(|| tls::config(&settings.tls)).transpose().map_err(ClientError)?;
        let endpoint = |(name, url): (&String, &Url)| {
            let declared = needed.iter().find(|upstream| upstream.name() == name);
            let policy = declared.map_or(Policy::DEFAULT, |upstream| upstream.policy);
            let policy = settings.resilience_of(name).map_or(policy, |operator| policy.with(operator));
            let passes = signer.map(|signer| Passes::new(signer.clone(), name));
            Ok((name.clone(), Endpoint::new(&service, name, url, policy, passes, tls.as_ref())?))
        };
        let endpoints = bases.iter().map(endpoint).collect::<Result<_, _>>()?;
        Ok(Self {
            endpoints,
            writes: Writes::default(),
            hub: Hub::default(),
            sharing: Sharing::new(settings.sharing.batches_in_flight, settings.cache.rows_bytes),
        })
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
        let mut call = Call::new(Method::GET, self.uri(upstream, path)?, whom(request, scope));
        if let Some(condition) = condition {
            call.headers = condition.clone();
        }
        let reply = self.send(upstream, &call, request).await?;
        tracing::debug!(
            upstream.name = upstream.name(),
            upstream.question = question,
            upstream.keys = keys,
            "asked"
        );
        match reply.status {
            200..=299 | 400 | 404 => Ok(reply),
            304 if condition.is_some() => Ok(reply),
            401 if !call.is_a_callers() => {
                tracing::error!(
                    upstream.name = upstream.name(),
                    upstream.question = question,
                    "{MISTRUSTED}"
                );
                Err(bad_response())
            }
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

    /// Sends a request, again if that may help, and reads the answer, up to the upstream's limit.
    pub(crate) async fn send(
        &self,
        upstream: &Upstream,
        call: &Call,
        request: &RequestContext,
    ) -> Result<Reply, Fault> {
        let endpoint = self.endpoint(upstream)?;
        let timeout = endpoint.policy.timeout();
        let given = timeout.min(request.remaining());
        // A call that an earlier one left no time for tells nothing of this upstream.
        let patience = Patience { until: Instant::now() + given, fair: timeout.min(request.patience) / 2 };
        let retries = if retry::idempotent(call) { endpoint.policy.retries } else { 0 };
        endpoint.earn();
        let mut repetition = 0;
        let mut first = None;
        let error = loop {
            let span = tracing::debug_span!("upstream call", upstream.name = upstream.name(), http.method = %call.method);
            let exchange = pin!(exchange(endpoint, call, upstream.max_body()));
            let error = match endpoint
                .attempt(&patience, under(span, exchange), |reply, took| count(endpoint, reply, took))
                .await
            {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            endpoint.heed(&error, call.is_a_callers());
            let pause =
                if repetition < retries { endpoint.pause(&error, repetition, &patience) } else { None };
            // What failed says more than that it was not tried again.
            let error = if error.refused() { first.take().unwrap_or(error) } else { error };
            let Some(pause) = pause else { break error };
            tracing::debug!(upstream.name = upstream.name(), upstream.error = %error, "a call is made again");
            first = Some(error);
            repetition += 1;
            tokio::time::sleep(pause).await;
        };
        if error.refused() {
            // Told when the breaker opened, and counted; not once more for each call.
            tracing::debug!(upstream.name = upstream.name(), upstream.error = %error, "an upstream is not asked");
        } else {
            tracing::warn!(
                upstream.name = upstream.name(),
                upstream.error = %error,
                upstream.attempts = repetition + 1,
                upstream.patience_ms = u64::try_from(given.as_millis()).unwrap_or(u64::MAX),
                "an upstream call failed"
            );
        }
        Err(error.fault(request))
    }

    /// The head of an answer that goes on: the caller reads the rest.
    pub(crate) async fn open(
        &self,
        upstream: &Upstream,
        call: &Call,
    ) -> Result<Response<Incoming>, CallError> {
        let Some(endpoint) = self.endpoints.get(upstream.name()) else {
            return Err(CallError::Open { rest: Duration::ZERO });
        };
        let timeout = endpoint.policy.timeout();
        let patience = Patience { until: Instant::now() + timeout, fair: timeout / 2 };
        let head = async {
            let response = endpoint.execute(call).await?;
            failed(response.status().as_u16(), response.headers()).map_or(Ok(response), Err)
        };
        endpoint
            .attempt(&patience, head, |_, _| {})
            .await
            .inspect_err(|error| endpoint.heed(error, call.is_a_callers()))
    }

    /// The longest a call to it may take, as its operator or its declaration says.
    pub(crate) fn timeout(&self, upstream: &Upstream) -> Duration {
        self.endpoints.get(upstream.name()).map_or(Duration::ZERO, |endpoint| endpoint.policy.timeout())
    }

    /// What is counted of it.
    pub(crate) fn meters(&self, upstream: &Upstream) -> Option<&UpstreamMeters> {
        self.endpoints.get(upstream.name()).map(|endpoint| &endpoint.meters)
    }

    fn endpoint(&self, upstream: &Upstream) -> Result<&Endpoint, Fault> {
        self.endpoints.get(upstream.name()).ok_or_else(|| {
            tracing::error!(upstream.name = upstream.name(), "an upstream is not configured");
            Fault::internal()
        })
    }

    /// A path of ours behind the upstream's base: never another host.
    pub(crate) fn uri(&self, upstream: &Upstream, path: &str) -> Result<Uri, Fault> {
        self.endpoint(upstream)?.address.uri(path)
    }
}

async fn exchange(endpoint: &Endpoint, call: &Call, max_body: usize) -> Result<Reply, CallError> {
    let (head, body) = endpoint.execute(call).await?.into_parts();
    let status = head.status.as_u16();
    if let Some(error) = failed(status, &head.headers) {
        return Err(error);
    }
    let (headers, body) = body::read(body, head.headers, max_body).await?;
    Ok(Reply { status, headers, body })
}

/// What is no answer to the call: redirects, which nobody follows, and what the upstream will do later or cannot.
fn failed(status: u16, headers: &HeaderMap) -> Option<CallError> {
    match status {
        429 | 503 => Some(CallError::Status { status, retry_after: retry::retry_after(headers) }),
        200..=299 | 304 | 400..=499 => None,
        _ => Some(CallError::status(status)),
    }
}

fn count(endpoint: &Endpoint, result: &Result<Reply, CallError>, took: Duration) {
    let outcome = match result {
        Ok(reply) if reply.status < 400 => UpstreamOutcome::Ok,
        Ok(_) => UpstreamOutcome::ClientError,
        Err(error) => error.outcome(),
    };
    RequestRecord::with_current(|record| record.upstream_called(&endpoint.meters, outcome, took));
}

/// Marks JSON.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

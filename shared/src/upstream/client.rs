//! Sends HTTP requests to upstreams: within the deadline, as often as their policy allows.

use super::{
    Upstream, body,
    endpoint::{Endpoint, Patience},
    events::Hub,
    failure::CallError,
    policy::Policy,
    retry,
    writes::Writes,
};
use crate::{
    config::Settings,
    fanout::{Fault, Scope, Sharing},
    request::{RequestContext, authorization},
    telemetry::{RequestRecord, UpstreamMeters, UpstreamOutcome, inject},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use reqwest::{Method, Request, Response, Url};
use std::{
    collections::BTreeMap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};
use tracing::Instrument;

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
    /// From `[upstreams]` and `[resilience]` of the configuration; each of `needed` must be there.
    ///
    /// # Errors
    /// Names what is missing and where to write it.
    pub fn new(settings: &Settings, needed: &[Upstream]) -> Result<Self, ClientError> {
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
        let endpoint = |(name, url): (&String, &Url)| {
            let declared = needed.iter().find(|upstream| upstream.name() == name);
            let policy = declared.map_or(Policy::DEFAULT, |upstream| upstream.policy);
            let policy = settings.resilience_of(name).map_or(policy, |operator| policy.with(operator));
            Ok((name.clone(), Endpoint::new(&service, name, url, policy)?))
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

    /// Sends a request, again if that may help, and reads the answer, up to the upstream's limit.
    pub(crate) async fn send(
        &self,
        upstream: &Upstream,
        mut call: Request,
        request: &RequestContext,
    ) -> Result<Reply, Fault> {
        let endpoint = self.endpoint(upstream)?;
        let timeout = endpoint.policy.timeout();
        let given = timeout.min(request.remaining());
        // A call that an earlier one left no time for tells nothing of this upstream.
        let patience = Patience { until: Instant::now() + given, fair: timeout.min(request.patience) / 2 };
        let retries = if retry::idempotent(&call) { endpoint.policy.retries } else { 0 };
        let as_caller = call.headers().contains_key(header::AUTHORIZATION);
        endpoint.earn();
        let mut repetition = 0;
        let mut first = None;
        let error = loop {
            let again = if repetition < retries { call.try_clone() } else { None };
            let span = tracing::debug_span!("upstream call", upstream.name = upstream.name(), http.method = %call.method());
            let exchange = exchange(endpoint, call, upstream.max_body()).instrument(span);
            let error =
                match endpoint.attempt(&patience, exchange, |reply, took| count(upstream, reply, took)).await
                {
                    Ok(reply) => return Ok(reply),
                    Err(error) => error,
                };
            endpoint.heed(&error, as_caller);
            let pause = again.and_then(|again| Some((again, endpoint.pause(&error, repetition, &patience)?)));
            // What failed says more than that it was not tried again.
            let error = if error.refused() { first.take().unwrap_or(error) } else { error };
            let Some((again, pause)) = pause else { break error };
            tracing::debug!(upstream.name = upstream.name(), upstream.error = %error, "a call is made again");
            first = Some(error);
            call = again;
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
    pub(crate) async fn open(&self, upstream: &Upstream, mut call: Request) -> Result<Response, CallError> {
        let Some(endpoint) = self.endpoints.get(upstream.name()) else { return Err(CallError::Open) };
        let timeout = endpoint.policy.timeout();
        let patience = Patience { until: Instant::now() + timeout, fair: timeout / 2 };
        let as_caller = call.headers().contains_key(header::AUTHORIZATION);
        let head = async {
            inject(call.headers_mut());
            let response = endpoint.execute(call).await?;
            failed(response.status().as_u16(), response.headers()).map_or(Ok(response), Err)
        };
        endpoint
            .attempt(&patience, head, |_, _| {})
            .await
            .inspect_err(|error| endpoint.heed(error, as_caller))
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
    pub(crate) fn url(&self, upstream: &Upstream, path: &str) -> Result<Url, Fault> {
        let wrong = |cause: &str| {
            tracing::error!(upstream.name = upstream.name(), upstream.cause = cause, "no URL for a call");
            Fault::internal()
        };
        let base = self.endpoint(upstream)?;
        if !path.starts_with('/') {
            return Err(wrong("a path begins with a slash"));
        }
        // Such a segment is taken for a step up, however it is spelled: what a caller calls a thing must not lead to another.
        let steps = path.split('?').next().unwrap_or_default().split('/');
        if steps
            .map(|step| step.to_ascii_lowercase().replace("%2e", "."))
            .any(|step| step == "." || step == "..")
        {
            return Err(Fault::bad_input("An id consists of more than dots."));
        }
        // Only path and query are set: whatever is in them, the host is the configured one, and is not parsed again.
        let mut url = base.url.clone();
        match path.split_once('?') {
            Some((path, query)) => {
                url.set_path(&[&base.path, path].concat());
                url.set_query(Some(query));
            }
            None => url.set_path(&[&base.path, path].concat()),
        }
        Ok(url)
    }
}

async fn exchange(endpoint: &Endpoint, mut call: Request, max_body: usize) -> Result<Reply, CallError> {
    inject(call.headers_mut());
    let mut response = endpoint.execute(call).await?;
    let status = response.status().as_u16();
    if let Some(error) = failed(status, response.headers()) {
        return Err(error);
    }
    let headers = std::mem::take(response.headers_mut());
    let (headers, body) = body::read(response, headers, max_body).await?;
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

fn count(upstream: &Upstream, result: &Result<Reply, CallError>, took: Duration) {
    let outcome = match result {
        Ok(reply) if reply.status < 400 => UpstreamOutcome::Ok,
        Ok(_) => UpstreamOutcome::ClientError,
        Err(error) => error.outcome(),
    };
    RequestRecord::with_current(|record| record.upstream_called(upstream.name(), outcome, took));
}

/// Marks JSON.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leaves_the_configured_place() {
        const THERE: Upstream = Upstream::named("there");
        let mut settings = Settings::ephemeral("test");
        settings.upstreams = [("there".to_owned(), "http://there.example:81/api/".parse().unwrap())].into();
        let upstreams = Upstreams::new(&settings, &[THERE]).unwrap();
        let url = |path: &str| upstreams.url(&THERE, path).map(|url| url.to_string()).ok();
        assert_eq!(url("/a?b=c%26d&e=f?g"), Some("http://there.example:81/api/a?b=c%26d&e=f?g".to_owned()));
        assert_eq!(url("/a/%2e%2e%2fb"), Some("http://there.example:81/api/a/%2e%2e%2fb".to_owned()));
        for path in ["//elsewhere/a", "/\\elsewhere", "/@elsewhere", "/:82/", "/#a", "/?a#b@c", "/ /é"] {
            let url = upstreams.url(&THERE, path).unwrap();
            assert_eq!((url.host_str(), url.port()), (Some("there.example"), Some(81)), "{path}");
            assert_eq!(url.username(), "", "{path}");
        }
        for path in
            ["", "a", "@elsewhere/a", ".elsewhere/a", ":82/a", "/a/..", "/a/%2e%2E/b", "/.%2e?c", "/%2E"]
        {
            assert_eq!(url(path), None, "{path}");
        }
    }
}

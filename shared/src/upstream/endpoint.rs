//! One upstream at its place: its connections, and whether and when a call may go out to it.

use super::{
    address::Address,
    breaker::{Breaker, Change, Pass, Sign, Thresholds},
    bulkhead::{Bulkhead, Full, Place},
    call::Call,
    client::ClientError,
    failure::CallError,
    policy::Policy,
    retry::{self, Budget},
};
use crate::{
    auth::internal::Passes,
    telemetry::{BreakerState, UpstreamMeters, inject, metrics},
};
use bytes::Bytes;
use http::{Response, header};
use http_body_util::Full as Whole;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rand::Rng;
use rustls::ClientConfig;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use url::Url;

/// An upstream by http pays nothing for those by https.
enum Http {
    Plain(Client<HttpConnector, Whole<Bytes>>),
    Secure(Client<HttpsConnector<HttpConnector>, Whole<Bytes>>),
}

/// A connection whose other end is gone without a word is noticed after so long a silence.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// One upstream at its place.
pub(super) struct Endpoint {
    pub address: Address,
    pub policy: Policy,
    name: String,
    http: Http,
    /// None: nobody vouches for whom it is asked.
    passes: Option<Passes>,
    budget: Budget,
    bulkhead: Bulkhead,
    breaker: Breaker,
    pub meters: UpstreamMeters,
}

/// How long a call may take.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    pub until: Instant,
    /// Who does not answer for so long is failing; whoever got less time is not to blame.
    pub fair: Duration,
}

impl Patience {
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

impl Endpoint {
    pub fn new(
        service: &Arc<str>,
        name: &str,
        url: &Url,
        policy: Policy,
        passes: Option<Passes>,
        tls: Option<&ClientConfig>,
    ) -> Result<Self, ClientError> {
        let thresholds = Thresholds {
            in_a_row: policy.open_after,
            percent: policy.open_percent,
            pause: Duration::from_millis(policy.open_ms),
        };
        Ok(Self {
            address: Address::new(name, url)?,
            policy,
            name: name.to_owned(),
            http: Http::new(&policy, tls.filter(|_| url.scheme() == "https")),
            passes,
            budget: Budget::new(policy.retry_percent),
            bulkhead: Bulkhead::new(policy.concurrency, policy.queue),
            breaker: Breaker::new(thresholds, Instant::now()),
            meters: metrics().upstream(service, name),
        })
    }

    /// A call begins, and may pay for a share of a repetition.
    pub fn earn(&self) {
        self.budget.earn();
    }

    /// How long to wait before the call is made again; none where it is not to be.
    pub fn pause(&self, error: &CallError, repetition: u32, patience: &Patience) -> Option<Duration> {
        let pause = retry::pause(error, repetition)?;
        // Whoever said when to come back will then be asked again; else a breaker that has opened meanwhile refuses.
        let told_when = matches!(error, CallError::Status { retry_after: Some(_), .. });
        let in_time = pause < patience.left();
        let worth = in_time && (told_when || self.refuses().is_none()) && self.budget.spend();
        worth.then(|| {
            self.meters.retries.inc();
            pause
        })
    }

    /// Makes one attempt: waits for its turn, asks if the breaker lets it, and tells the breaker what came of it.
    pub async fn attempt<T>(
        &self,
        patience: &Patience,
        exchange: impl Future<Output = Result<T, CallError>>,
        done: impl FnOnce(&Result<T, CallError>, Duration),
    ) -> Result<T, CallError> {
        // Not only behind the queue: who will be refused need not wait for it.
        if let Some(rest) = self.refuses() {
            return Err(self.refused(CallError::Open { rest }));
        }
        let place = match self.bulkhead.try_enter() {
            Some(place) => place,
            None => match tokio::time::timeout(patience.left(), self.bulkhead.enter()).await {
                Ok(Ok(place)) => place,
                Ok(Err(Full)) | Err(_) => return Err(self.refused(CallError::Full)),
            },
        };
        let started = Instant::now();
        let left = patience.until.saturating_duration_since(started);
        if left.is_zero() {
            return Err(CallError::Timeout);
        }
        let Some((pass, change)) = self.breaker.pass(started) else {
            let rest = self.refuses().unwrap_or_default();
            return Err(self.refused(CallError::Open { rest }));
        };
        self.tell(change);
        let mut ticket =
            Ticket { endpoint: self, place: Some(place), pass, started, fair: patience.fair, sign: None };
        let result = tokio::time::timeout(left, exchange).await.unwrap_or(Err(CallError::Timeout));
        match &result {
            Err(CallError::Timeout) => {}
            Err(CallError::Transport(_) | CallError::Status { status: 500.., .. }) => {
                ticket.sign = Some(Sign::Failing);
            }
            _ => ticket.sign = Some(Sign::Alive),
        }
        drop(ticket);
        done(&result, started.elapsed());
        result
    }

    /// Sends it, without any of the above.
    pub async fn execute(&self, call: &Call) -> Result<Response<Incoming>, CallError> {
        let mut request = call.request();
        if let Some(passes) = &self.passes
            && let Some(authorization) = passes.authorization(&call.whom).map_err(CallError::transport)?
        {
            request.headers_mut().insert(header::AUTHORIZATION, authorization);
        }
        inject(request.headers_mut());
        let answered = match &self.http {
            Http::Plain(client) => client.request(request).await,
            Http::Secure(client) => client.request(request).await,
        };
        answered.map_err(CallError::transport)
    }

    /// Leaves the upstream alone for as long as it asks to be. Whom it knows by a credential (429 of a caller's call)
    /// it means by that, and nobody else.
    pub fn heed(&self, error: &CallError, as_caller: bool) {
        match error {
            CallError::Status { status: 429, .. } if as_caller => {}
            CallError::Status { retry_after: Some(rest), .. } => {
                self.tell(self.breaker.rest(*rest, Instant::now()));
            }
            _ => {}
        }
    }

    fn refuses(&self) -> Option<Duration> {
        if self.breaker.closed() { None } else { self.breaker.refuses(Instant::now()) }
    }

    fn refused(&self, error: CallError) -> CallError {
        let counter = match error {
            CallError::Open { .. } => &self.meters.rejected_open,
            _ => &self.meters.rejected_full,
        };
        counter.inc();
        error
    }

    /// Whoever is on call reads that it opened and that it closed, each once.
    fn tell(&self, change: Option<Change>) {
        let Some(change) = change else { return };
        let name = self.name.as_str();
        self.meters.breaker(match change {
            Change::Opened(_) | Change::StillOpen => BreakerState::Open,
            Change::Probing => BreakerState::HalfOpen,
            Change::Closed => BreakerState::Closed,
        });
        match change {
            Change::Opened(reason) => {
                tracing::warn!(
                    upstream.name = name,
                    upstream.breaker = "open",
                    upstream.reason = reason,
                    "an upstream is not asked any more but for one call at a time"
                );
            }
            Change::Closed => {
                tracing::info!(upstream.name = name, upstream.breaker = "closed", "an upstream is back");
            }
            Change::Probing => tracing::debug!(upstream.name = name, "a call finds out whether it is back"),
            Change::StillOpen => tracing::debug!(upstream.name = name, "it is not back"),
        }
    }
}

/// A call on its way. Dropped, it tells breaker and bulkhead what came of it, also when the caller leaves.
struct Ticket<'a> {
    endpoint: &'a Endpoint,
    /// Until it is dropped.
    place: Option<Place<'a>>,
    pass: Pass,
    started: Instant,
    fair: Duration,
    /// None while there is no answer.
    sign: Option<Sign>,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        let sign = self.sign.unwrap_or_else(|| {
            let waited = now.saturating_duration_since(self.started);
            if waited >= self.fair { Sign::Failing } else { Sign::Nothing }
        });
        // Only a failure needs chance.
        let jitter = if sign == Sign::Failing { rand::rng().random_range(0.0..1.0) } else { 0.0 };
        self.endpoint.tell(self.endpoint.breaker.settle(self.pass, sign, now, jitter));
        if let Some(place) = self.place.take() {
            place.leave(sign);
        }
    }
}

/// hyper's client and its pool of connections, without a layer around them: who calls upstreams bounds time and size
/// itself, follows no redirect (it would carry credentials to a host that nobody configured), asks for no compression
/// (inside a network it costs more than it saves, on both ends) and knows its addresses in parsed form.
impl Http {
    fn new(policy: &Policy, tls: Option<&ClientConfig>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(Duration::from_millis(policy.connect_timeout_ms)));
        connector.set_nodelay(true);
        connector.set_keepalive(Some(KEEPALIVE));
        #[expect(clippy::disallowed_methods, reason = "this is where calls to upstreams go through")]
        let mut client = Client::builder(TokioExecutor::new());
        client
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            // No more connections are ever in use, so none is opened anew while there is work.
            .pool_max_idle_per_host(policy.concurrency);
        let Some(tls) = tls else { return Self::Plain(client.build(connector)) };
        connector.enforce_http(false);
        let secure = HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_only().enable_http1();
        Self::Secure(client.build(secure.wrap_connector(connector)))
    }
}
